# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run in this very process: arguments in, a result out, as Ansible runs them in one of their own."""

from __future__ import annotations

import gc
import importlib
import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

MODULES = "ansible_collections.jitfleet.azure.plugins.modules"


def run_module(name: str, *, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
    """Run a module and give its result, with `failed` where it failed."""
    said, thresholds = io.StringIO(), gc.get_threshold()
    given = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
    try:
        with patch_module_args(given), redirect_stdout(said), pytest.raises(SystemExit):
            importlib.import_module(f"{MODULES}.{name}").main()
    finally:
        gc.set_threshold(*thresholds)
    result: dict[str, Any] = json.loads(said.getvalue())
    return result
