# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo fleet's desktops as machines to work on, and what is open on them."""

from __future__ import annotations

from typing import Any

from demo_fleet import HOSTS, WORKPLACE
from running_simulator import RunningSimulator

from playbooks import Run

DESKTOPS = [name for name in HOSTS if name.startswith("vdi-")]
LINUX = [name for name in DESKTOPS if "lnx" in name]
WINDOWS = [name for name in DESKTOPS if "win" in name]
LOCAL = {"ansible_connection": "local"}
# Nobody listens there, so that the connection is refused at once.
UNREACHABLE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}

# On any connection, and without Python over there.
WORK: dict[str, Any] = {"name": "Work", "ansible.builtin.raw": "true"}
FAIL_SECOND: dict[str, Any] = {
    "ansible.builtin.fail": {"msg": "broken"},
    "when": "inventory_hostname == 'vdi-win-02'",
}


def worked(run: Run) -> list[str]:
    """Give the hosts that did their work, by name: forks end in any order."""
    return sorted(task.host for task in run.tasks if task.name == "Work" and task.status == "ok")


def open_rules(simulator: RunningSimulator) -> int:
    """Count the allow rules by which desktops' ports are open."""
    state = simulator.control("GET", "state")
    (workplace,) = [item for item in state["subscriptions"] if item["id"] == WORKPLACE]
    groups = [nsg for group in workplace["groups"] for nsg in group["nsgs"]]
    return sum("JITRule-" in rule["name"] for nsg in groups for rule in nsg["rules"])
