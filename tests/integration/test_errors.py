# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes that users make: each is answered by what is wrong and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import HOSTS, PRODUCTION, WORKPLACE, vm_id
from running_simulator import RunningSimulator

from playbooks import BIN, Playbooks, Run, printed

OPEN = "jitfleet.azure.jit_request"
COVER = "jitfleet.azure.jit_policy"


def message(run: Run) -> str:
    assert run.returncode != 0, run.output
    text: str = run.last.result["msg"]
    return text


# Each element is tried by its module alone, tests/unit/test_wrong_options.py; these few come all the way.
WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    (OPEN, {"sources": ["10.0.0.300"]}, ["sources[0]", "'10.0.0.300'", "my_ip, policy, any"]),
    (OPEN, {"state": "closed", "sources": []}, ["sources", "the list is empty"]),
    (OPEN, {"vms": [{"name": "web-01"}]}, ["vms[0]", "resource_group and name"]),
    (COVER, {"ports": [{"port": 22, "sources": []}]}, ["ports[0].sources", "the list is empty"]),
    (COVER, {"state": "absent", "mode": "exact"}, ["mode", "exact", "state: absent"]),
]


def test_wrong_options_are_named_and_nothing_is_sent(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    run = playbooks.play([{module: options, "ignore_errors": True} for module, options, _ in WRONG])

    assert len(run.tasks) == len(WRONG), run.output
    for task, (module, options, expected) in zip(run.tasks, WRONG, strict=True):
        assert task.status == "failed", (module, options)
        for part in expected:
            assert part in task.result["msg"], (module, options)
    assert simulator.journal() == []


def test_all_wrong_options_of_a_task_are_told_at_once(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"vms": ["a", "b", HOSTS["web-01"]["azure_vm_id"]]}}])

    assert len(run.last.result["problems"]) == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jit_host=vdi-win-01", "jit_hosts was meant?"),
        ('{"jit_limit": 3}', "jit_vm_limit was meant?"),
        ("hosts=vdi-win-01", "jit_hosts was meant?"),
    ],
)
def test_a_misspelt_variable_is_refused_before_anything_is_asked_for(
    typed: str, meant: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.run("jitfleet.azure.open_rdp", "-e", typed)

    assert f"this playbook has no such variable; {meant} This task did nothing" in message(run)
    assert simulator.journal() == []


def test_a_variable_that_resembles_none_is_only_warned_of(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.play([{COVER: {}}])

    run = playbooks.run("jitfleet.azure.open_rdp", "-e", "jit_team=blue role=web jit_hosts=vdi-win-01")

    assert run.last.result["summary"]["opened"] == 1, run.output
    assert "jit_team: this playbook has no such variable; the playbook's head lists" in run.output


def test_one_set_of_variables_opens_and_closes_and_a_slip_keeps_nobody_from_closing(
    playbooks: Playbooks, tmp_path: Path
) -> None:
    day = tmp_path / "day.yml"
    plays = [{"import_playbook": f"jitfleet.azure.{name}"} for name in ("open_rdp", "close_access")]
    day.write_text(yaml.safe_dump(plays))
    playbooks.play([{COVER: {}}])
    shared = ("-e", "jit_hosts=vdi-win-01", "-e", "jit_duration=2h", "-e", "hosts=mine", "-e", "duration=9")

    both = playbooks.run(str(day), *shared, "-e", "jit_sources=203.0.113.7")
    closing = playbooks.run("jitfleet.azure.close_access", "-e", "jit_orphan=1")

    assert both.returncode == closing.returncode == 0, both.output + closing.output
    done = [task.result["summary"] for task in both.tasks if "summary" in task.result]
    assert [(each["opened"], each["closed"]) for each in done] == [(1, 0), (0, 1)], both.output
    assert "no such variable" not in both.output
    assert "jit_orphan: this playbook has no such variable; jit_orphans was meant?" in closing.output


def test_a_playbook_around_ours_may_have_names_of_its_own(playbooks: Playbooks, tmp_path: Path) -> None:
    around = tmp_path / "around.yml"
    handed_on = {"jit_duration": "{{ duration }}", "jit_hosts": "{{ jit_host }}", "jit_sources": ["203.0.113.7"]}
    around.write_text(yaml.safe_dump([{"import_playbook": "jitfleet.azure.open_rdp", "vars": handed_on}]))
    playbooks.play([{COVER: {}}])

    run = playbooks.run(str(around), "-e", "duration=1h", "-e", "jit_host=vdi-win-01", "-e", "jit_colour=red")

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["opened"] == 1
    assert "jit_colour: this playbook has no such variable; the playbook's head lists" in run.output


@pytest.mark.traced
def test_in_other_playbooks_a_slip_is_warned_of(playbooks: Playbooks) -> None:
    ask = {COVER: {"ports": "{{ jit_covered | default(['ssh']) }}"}}

    slip = playbooks.play([ask], "--check", "-e", "jit_coverd=rdp")
    own = playbooks.play([ask], "--check", "-e", "jit_stage=2")

    assert slip.returncode == 0, slip.output
    assert "jit_coverd: " in slip.output
    assert "names no such variable; jit_covered was meant?" in slip.output
    assert "was meant?" not in own.output


def test_a_misspelt_variable_of_a_role_is_refused_before_anything_is_asked_for(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    access = {"name": "jitfleet.azure.jit_access", "tasks_from": "open"}

    slip = playbooks.play([{"import_role": access, "vars": {"jit_access_durration": "1h"}}])
    names = {"jit_access_ticket": "CHG-1", "jit_access_timeout": 60, "jit_access_hosts_blue": []}
    settings = {
        "jit_access_justification": "{{ jit_access_ticket }}",
        "jit_access_wait_timeout": "{{ jit_access_timeout }}",
    }
    own = playbooks.play([{"import_role": access, "vars": {**names, **settings}}], "--check")
    enable = {"import_role": {"name": "jitfleet.azure.jit_enable"}}
    typed = playbooks.play([enable], "-e", "jit_subscriptions=*", "-e", "jit_enable_prun=false")

    assert "jit_access_durration: the role jit_access has no such variable; jit_access_duration was" in message(
        slip
    )
    assert "the role jit_enable has no such variable; jit_enable_prune was meant?" in typed.output
    assert typed.returncode != 0
    assert simulator.writes() == []
    assert "no such variable" not in own.output


@pytest.mark.every_core
def test_what_a_message_calls_an_option_is_told_as_the_variable_that_sets_it(playbooks: Playbooks) -> None:
    wide = playbooks.run("jitfleet.azure.open_rdp", "-e", "jit_sources=any")
    role = {"import_role": {"name": "jitfleet.azure.jit_access", "tasks_from": "open"}}
    in_role = playbooks.play([{**role, "vars": {"jit_access_sources": ["any"]}}])
    task = playbooks.play([{OPEN: {"sources": ["any"]}}])

    variables = "As variables of this playbook: sources is jit_sources, allow_any_source is jit_allow_any_source"
    assert message(wide).endswith(variables)
    assert variables in wide.output.partition("fatal:")[0]
    assert message(in_role).endswith("allow_any_source is jit_access_allow_any_source")
    assert "As variables" not in message(task)


@pytest.mark.every_core
@pytest.mark.parametrize(
    "playbook", ["enable_jit", "open_rdp", "open_ssh", "close_access", "maintenance", "report"]
)
@pytest.mark.parametrize("limit", [(), ("-l", "vdi")], ids=["all", "limited"])
def test_a_playbook_over_an_inventory_without_hosts_fails(
    playbook: str, limit: tuple[str, ...], playbooks: Playbooks, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet.jit_vms.yml"
    fleet.write_text("plugin: jitfleet.azure.jit_vms\n")
    playbooks.inventory = fleet

    work = ("-e", "jit_tasks=patch.yml")
    run = playbooks.run(f"jitfleet.azure.{playbook}", *limit, *work, AZURE_SECRET="", AZURE_CLIENT_SECRET="")

    assert run.returncode != 0
    assert "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)" in run.output
    assert "the inventory holds no host" in run.output
    assert "either it found no VM, or it could not be read and a warning above" in run.output


@pytest.mark.every_core
@pytest.mark.parametrize("playbook", ["open_rdp", "close_access", "maintenance"])
def test_hosts_that_nobody_has_fail_a_playbook(
    playbook: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.run(f"jitfleet.azure.{playbook}", "-e", "jit_hosts=vdi-win-1 jit_tasks=patch.yml")

    assert run.returncode != 0
    assert "jit_hosts: no host of the inventory matches vdi-win-1, so nothing is done" in run.output
    assert simulator.journal() == []


@pytest.mark.parametrize("hosts", ["jit_open", "vdi:!vdi"])
def test_a_group_that_is_empty_today_is_no_slip(
    hosts: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.inventory.write_text(
        yaml.safe_dump({"all": {"hosts": HOSTS, "children": {"jit_open": {}, "vdi": {}}}})
    )

    run = playbooks.run("jitfleet.azure.close_access", "-e", f"jit_hosts={hosts}")

    assert run.returncode == 0, run.output
    assert simulator.writes() == []


def test_the_syntax_of_a_playbook_is_checked_without_its_inventory(playbooks: Playbooks, tmp_path: Path) -> None:
    around = tmp_path / "around.yml"
    ours = {
        "import_playbook": "jitfleet.azure.maintenance",
        "vars": {"jit_hosts": "vdi", "jit_tasks": "patch.yml"},
    }
    around.write_text(yaml.safe_dump([ours]))

    playbooks.write_inventory({"localhost": {"ansible_connection": "local"}})

    for flag in ("--syntax-check", "--list-tasks"):
        run = playbooks.run(str(around), flag)
        assert run.returncode == 0, run.output


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "neither jit_tasks nor jit_role says what to do while the ports are open"),
        ({"jit_phase": "after"}, "jit_state_file is not said, so nobody knows what was opened"),
        (
            {"jit_phase": "after", "jit_state_file": "/nowhere/windows.json"},
            "jit_state_file: /nowhere/windows.json is not there, so nobody knows what was opened",
        ),
    ],
)
def test_maintenance_of_which_nobody_said_what_is_refused(
    variables: dict[str, str], said: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.run("jitfleet.azure.maintenance", "-e", json.dumps(variables))

    assert said in message(run)
    assert simulator.journal() == []


def test_plays_beside_the_collections_own_playbooks_are_the_users(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    """They name VMs and need no inventory, also where a user stands in the checkout."""
    playbooks.play([{COVER: {}}])
    named = f"vms={HOSTS['vdi-win-01']['azure_vm_id']} sources=203.0.113.7"
    checkout = Path(__file__).resolve().parents[2]
    told = printed(
        BIN / "ansible", "localhost", "-m", OPEN, "-a", named, folder=checkout, environment=playbooks.environment
    )

    assert '"opened": 1' in told


def test_a_wrong_secret_says_what_entra_said_and_never_the_secret(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{OPEN: {"secret": "not-the-secret-4711"}}], "-vvvv")

    assert "AADSTS7000215" in message(run)
    assert "not-the-secret-4711" not in run.output.split("TASK", 1)[1]


def test_missing_credentials_are_named(playbooks: Playbooks) -> None:
    run = playbooks.run(
        str(_play(playbooks, {OPEN: {}})), AZURE_SECRET="", AZURE_CLIENT_SECRET="", AZURE_TENANT=""
    )

    said = message(run)
    assert "tenant (or AZURE_TENANT, AZURE_TENANT_ID)" in said
    assert "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)" in said


def _play(playbooks: Playbooks, task: dict[str, Any]) -> str:
    path = playbooks.inventory.with_name("given.yml")
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return str(path)


def test_an_unreachable_endpoint_is_named(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"cloud_environment": "https://127.0.0.1:9"}}])

    assert "cloud_environment" in message(run)
    assert "127.0.0.1:9 can't be reached" in message(run)


def test_an_unknown_cloud_is_named(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"cloud_environment": "AzureMoon"}}])

    assert "'AzureMoon' is neither a known cloud (AzureCloud, AzureUSGovernment, AzureChinaCloud)" in message(run)


def test_a_port_outside_the_policy_fails_its_vm_and_the_others_open(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.play([{COVER: {}}])

    run = playbooks.play([{OPEN: {"ports": ["rdp"], "sources": ["203.0.113.7"]}}])

    said = message(run)
    assert "2 of 6 VMs failed" in said
    assert "vdi-lnx-01: port 3389 is not in the VM's just-in-time policy, which has port 22" in said
    assert run.last.result["summary"] == {"opened": 4, "already_open": 0, "closed": 0, "failed": 2, "unknown": 0}


def test_what_the_policy_does_not_allow_is_told_with_what_it_allows(playbooks: Playbooks) -> None:
    rule = {"port": "ssh", "sources": ["198.51.100.0/24"], "max_duration": "1h"}
    playbooks.play([{COVER: {"ports": [rule]}}])

    too_long = playbooks.play([{OPEN: {"ports": ["ssh"], "sources": ["198.51.100.9"], "duration": "2h"}}])
    too_wide = playbooks.play([{OPEN: {"ports": ["ssh"], "sources": ["203.0.113.7"]}}])

    assert "at most 1h by the VM's policy, 2h was asked for" in message(too_long)
    assert "can't be opened for 203.0.113.7: the VM's policy allows only 198.51.100.0/24" in message(too_wide)


def test_an_uncovered_vm_is_told_how_to_be_covered(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {}}])

    assert "no just-in-time policy covers this VM" in message(run)
    assert "jitfleet.azure.jit_policy" in message(run)


def test_on_failure_report_lets_the_play_go_on(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"on_failure": "report"}, "register": "opened"}])

    assert run.returncode == 0
    assert run.last.result["summary"]["failed"] == 6
    assert run.last.result["vms"][0]["error"]


def test_vms_that_do_not_exist_stop_covering_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    ghosts = [vm_id(WORKPLACE, "rg-vdi", "ghost-1"), vm_id(PRODUCTION, "rg-gone", "ghost-2")]

    run = playbooks.play([{COVER: {"vms": [*ghosts, HOSTS["vdi-win-01"]["azure_vm_id"]]}}])

    assert len(run.last.result["problems"]) == 2
    assert "ghost-1 doesn't exist" in message(run)
    assert simulator.writes() == []


def test_a_subscription_that_the_credential_does_not_see_is_named_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    stranger = vm_id("00000000-0000-4000-8000-0000000000ff", "rg-vdi", "vdi-win-01")

    run = playbooks.play([{COVER: {"vms": [stranger, HOSTS["vdi-win-01"]["azure_vm_id"]]}}])

    assert "subscription 00000000-0000-4000-8000-0000000000ff" in message(run)
    assert "the credential may not see it" in message(run)
    assert simulator.writes() == []


def test_too_long_names_are_found_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{COVER: {"policy_name": "p" * 50}}])

    assert "56 characters" in message(run)
    assert simulator.writes() == []


def test_an_own_address_that_nobody_tells_is_named_by_option_and_url_without_secrets(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    unreachable = playbooks.play([{OPEN: {"my_ip_url": "https://ada:hush-4711@127.0.0.1:9/ip?token=hush-4711"}}])
    no_url = playbooks.play([{OPEN: {"my_ip_url": "ip.example"}}])

    said = message(unreachable)
    assert "my_ip_url: https://127.0.0.1:9/ip can't be asked" in said
    assert "in sources" in said
    assert "hush-4711" not in unreachable.output.partition("TASK")[2]
    assert "my_ip_url: it is no URL" in message(no_url)
    assert simulator.writes() == []
