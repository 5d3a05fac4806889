# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pythons of this machine, by version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_interpreter(version: str) -> str | None:
    # pyenv puts a command on PATH for each version it keeps, also for those that it refuses to start.
    return next((python for python in interpreters(version) if version_of(python) == version), None)


def interpreters(version: str) -> Iterator[str]:
    """Name the places where this machine may keep a Python of one version."""
    yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    if pyenv := os.environ.get("PYENV_ROOT") or shutil.which("pyenv"):
        root = Path(os.environ.get("PYENV_ROOT", Path(pyenv).resolve().parents[1]))
        yield from (str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python{version}")))


def version_of(python: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    return result.stdout.strip() or None
