# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commands of README files and guides are run on the simulator, and why others aren't.

All are, but for those that a pattern of FOREIGN describes: a new command that needs something else fails the test
that runs it, until it is described here.
"""

from __future__ import annotations

import functools
import re

from code_blocks import SHELL, CodeBlock, code_blocks

_MAINTENANCE = "tests/integration/test_maintenance.py"
_REPORT = "tests/integration/test_report.py"

# Patterns of commands, with the test that runs what they say, or with what they need that no test has.
FOREIGN = {
    r"^git clone |^cd ": "the checkout that tests run in",
    r"^make demo$": "runs playbooks/demo.yml, as tests/e2e/test_demo.py::test_the_demo_tells_its_story does",
    r"^make test$": "runs this very test",
    r"^source \.venv/bin/activate$": "the environment that tests run in",
    r"azure_simulator exec -- bash$|^exit$": "the session in which tests/e2e/test_guides.py runs the rest",
    r"azure_simulator serve|^source simulator\.env$": "how running_simulator starts every simulator",
    r"azure_simulator exec .*vms=1000,.*open_rdp": "tests/e2e/test_large_fleet.py does it on the same fleet",
    r"demo\.jit_vms\.yml jitfleet\.azure\.": "tests/e2e/test_demo.py runs these playbooks with this inventory",
    r"^curl .*_simulator/state": "keeps and restores a state, as tests/unit/azure_simulator/test_state.py does",
    r"^ansible-galaxy collection install |^pip install ": "installs from registries, or what the tests run on",
    r"^az |\$\(az |^policy=/subscriptions/": "needs az and a tenant",
    r"^sed .* extensions/roles/|^sed .* jit_requester\.json": "makes a file for az",
    r"^export PYTHONPATH=": "an installed collection; tests run the checkout's simulator",
    r"^export AZURE_": "a real credential; the simulator's stands in its place",
    r"^export ANSIBLE_INVENTORY_": "tests/e2e/test_guides.py sets it for every command",
    r"^export CONTROLLER_HOST=|jitfleet\.azure\.awx |^cp playbooks/vars/awx\.yml ": "needs an AWX, of which "
    "tests/integration/test_awx_configuration.py has an imitation",
    r"^export JIT_NOTIFY_URL=|^ansible-rulebook |^echo 'localhost ": "needs Java; tests/e2e/test_rulebooks.py",
    r"^ansible-builder |^cp -r extensions/execution_environment ": "needs a container engine to the end; "
    "tests/integration/test_execution_environment.py::test_ansible_builder_accepts_the_definition",
    r"^jit_open |^jit_close$|^\./patch-the-desktops$|patch_tool\.sh ": "tests/integration/test_hooks.py",
    r"^useradd |^install -|^sudo |^systemctl |^journalctl ": "needs root; tests/integration/test_hooks.py",
    r"maintenance .*jit_tasks=": f"{_MAINTENANCE}::"
    "test_around_a_file_of_tasks_all_that_opened_is_closed_and_the_failed_have_failed",
    r"maintenance .*jit_serial=": f"{_MAINTENANCE}::"
    "test_hosts_that_did_not_open_can_be_left_out_and_the_work_goes_batch_by_batch",
    r"maintenance .*jit_phase=|^\./backup-all-desktops$": f"{_MAINTENANCE}::"
    "test_as_a_hook_before_and_after_something_else",
    r"^ansible-playbook playbooks/maintenance\.yml$": "stands for any playbook between two states",
    r"close_access .*jit_orphans": "tests/integration/test_close_access.py sweeps by the same variables",
    r'report -e .*"jit_subscriptions": \["\*': f"{_REPORT}::test_a_fleet_is_reported_on_one_page",
    r'report -e .*"jit_subscriptions": \["1': f"{_REPORT}::test_one_subscription_and_a_filter_narrow_the_report",
    r"azure\.report$": f"{_REPORT}::test_a_group_of_hosts_is_reported_alone",
    r"report .*jit_report_dest=/var/www": f"{_REPORT}::test_a_group_of_hosts_is_reported_alone",
    r"report .*jit_report_rdp_addresses": f"{_REPORT}::"
    "test_open_windows_desktops_get_connection_files_and_closed_ones_lose_them",
}


@functools.cache
def commands() -> tuple[tuple[CodeBlock, str], ...]:
    """Give every command with the block that it stands in."""
    return tuple(
        (block, command) for block in code_blocks() if block.language in SHELL for command in block.commands()
    )


def reason_not_to_run(command: str) -> str | None:
    """Say why test_guides doesn't run a command; nothing where it does."""
    return next((reason for pattern, reason in FOREIGN.items() if re.search(pattern, command)), None)
