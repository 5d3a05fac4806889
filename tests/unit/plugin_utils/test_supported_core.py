# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases of ansible-core are refused."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible_collections.jitfleet.azure.plugins.plugin_utils._supported_core import require_supported_core


@pytest.mark.parametrize("version", ["2.9.27", "2.18.19", "1.0", "2.18.0rc1"])
def test_an_older_one_is_refused_with_what_to_do(version: str) -> None:
    with pytest.raises(AnsibleError, match=r"needs ansible-core 2\.19 or newer, and this is " + version):
        require_supported_core(version)


@pytest.mark.parametrize("version", ["2.19.0", "2.19.0b1", "2.21.4", "2.30.0.dev0", "3.0.0"])
def test_these_may_go_on(version: str) -> None:
    require_supported_core(version)
