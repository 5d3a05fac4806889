# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest ansible-core that may run this collection.

Ansible itself only warns of meta/runtime.yml. Older ones would go on and template what comes from Azure: a VM's
tag could run commands on the controller.
"""

from __future__ import annotations

import re

from ansible.errors import AnsibleError
from ansible.release import __version__

OLDEST = (2, 19)


def require_supported_core(version: str = __version__) -> None:
    """Refuse to go on with an older ansible-core. Raises AnsibleError."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) >= OLDEST:
        return
    needed = ".".join(str(part) for part in OLDEST)
    raise AnsibleError(
        f"jitfleet.azure needs ansible-core {needed} or newer, and this is {version}: older ones would run"
        f" templates that come from Azure. Upgrade with pip install 'ansible-core>={needed}', or in AWX and"
        " Automation Platform choose an execution environment that has it"
    )
