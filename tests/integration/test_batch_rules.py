# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible makes of a task that runs once for a batch, and what the actions do about it."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_fleet import HOSTS, WORKPLACE, vm_id
from running_simulator import RunningSimulator

from playbooks import BIN, Playbooks

COVER = "jitfleet.azure.jit_policy"
OPEN = "jitfleet.azure.jit_request"
DESKTOPS = [name for name in HOSTS if name.startswith("vdi-")]


def names(result: dict[str, Any]) -> list[str]:
    return [vm["name"] for vm in result["vms"]]


@pytest.mark.traced
def test_a_condition_that_differs_between_hosts_is_refused_by_name(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    system = {name: {**HOSTS[name], "system": "lnx" if "lnx" in name else "win"} for name in DESKTOPS}
    playbooks.write_inventory(system)

    differing = playbooks.play([{COVER: {}, "when": "system == 'win'"}])

    assert differing.returncode != 0
    said = differing.last.result["msg"]
    assert "holds for vdi-win-01, but not for vdi-lnx-01, vdi-lnx-02" in said
    assert "option hosts" in said
    assert simulator.journal() == []


def test_a_condition_that_holds_for_all_hosts_lets_the_task_run(playbooks: Playbooks) -> None:
    wanted = {"wanted": "{{ inventory_hostname is match('vdi-') }}"}
    playbooks.write_inventory({name: {**HOSTS[name], **wanted} for name in DESKTOPS})

    agreeing = playbooks.play([{COVER: {}, "when": ["wanted | bool", "go | default(false)"]}], vars={"go": True})

    assert agreeing.last.result["summary"]["added"] == 6, agreeing.output


def test_a_condition_on_a_variable_of_the_first_host_alone_does_not_leak_to_the_others(
    playbooks: Playbooks,
) -> None:
    only_first = {"chosen": True}
    hosts = {name: HOSTS[name] for name in DESKTOPS}
    playbooks.write_inventory({**hosts, "vdi-win-01": {**HOSTS["vdi-win-01"], **only_first}})

    run = playbooks.play([{COVER: {}, "when": "chosen | default(false)"}])

    assert "holds for vdi-win-01, but not for" in run.last.result["msg"]


def test_a_variable_of_the_play_may_equal_the_first_hosts_own(playbooks: Playbooks) -> None:
    first = {**HOSTS["vdi-win-01"], "wanted": True}
    playbooks.write_inventory({**{name: HOSTS[name] for name in DESKTOPS}, "vdi-win-01": first})

    run = playbooks.play([{COVER: {}, "when": "wanted"}], vars={"wanted": True})

    assert run.last.result["summary"]["added"] == 6, run.output


@pytest.mark.traced
def test_in_a_rescue_the_hosts_have_to_be_named(playbooks: Playbooks) -> None:
    """After a batch task that failed Ansible goes on with the first host only, and says nothing."""
    tasks: list[dict[str, Any]] = [
        {"block": [{OPEN: {}}], "rescue": [{COVER: {}}]},
    ]
    named = [
        {"block": [{OPEN: {}}], "rescue": [{COVER: {"hosts": DESKTOPS}}]},
    ]

    blind = playbooks.play(tasks)
    told = playbooks.play(named)

    assert "stands in a rescue" in blind.last.result["msg"]
    assert "goes on after the rescue with the first host only" in " ".join(blind.output.split())
    assert told.last.result["summary"]["added"] == 6


def test_in_a_conditional_include_the_hosts_have_to_be_named(playbooks: Playbooks, tmp_path: Path) -> None:
    for name, options in (("blind", "{}"), ("told", "{hosts: [vdi-win-01]}")):
        (tmp_path / f"{name}.yml").write_text(f"[{{{COVER}: {options}}}]")

    def included(name: str, **more: Any) -> dict[str, Any]:
        return {"ansible.builtin.include_tasks": str(tmp_path / f"{name}.yml"), **more}

    some = playbooks.play([included("blind", when="inventory_hostname == 'vdi-win-01'")])
    told = playbooks.play([included("told", when="inventory_hostname == 'vdi-win-01'")])
    everybody = playbooks.play([included("blind")])

    assert "in an include that has a condition" in some.last.result["msg"]
    assert names(told.last.result) == ["vdi-win-01"]
    assert everybody.last.result["summary"]["policies"] == 1


def test_hosts_outside_the_limit_are_refused(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    run = playbooks.play([{COVER: {"hosts": "vdi-win-01, vdi-win-02"}}], "-l", "vdi-win-01")

    assert "vdi-win-02 is not among the hosts of the play" in run.last.result["msg"]
    assert simulator.journal() == []


@pytest.mark.traced
def test_hosts_without_a_vm_are_an_error_that_names_them_and_the_ways(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.write_inventory({"vdi-win-01": HOSTS["vdi-win-01"], "localhost": {"ansible_connection": "local"}})

    failed = playbooks.play([{COVER: {}}])
    skipped = playbooks.play([{COVER: {"unknown_hosts": "skip"}}])

    said = failed.last.result["msg"]
    assert "no virtual machine is known for localhost" in said
    for way in ("azure_vm_id", "option hosts", "option vms", "unknown_hosts: skip"):
        assert way in said
    assert names(skipped.last.result) == ["vdi-win-01"]
    assert "left out, since no virtual machine is known: localhost" in skipped.output


def test_the_id_of_azure_collections_inventory_serves_as_well(playbooks: Playbooks) -> None:
    ids = {name: HOSTS[name]["azure_vm_id"] for name in DESKTOPS}
    foreign = {"vdi-win-01": {"id": ids["vdi-win-01"]}, "vdi-win-02": {"azure_vm_id": ids["vdi-win-02"], "id": 7}}
    playbooks.write_inventory(foreign)

    run = playbooks.play([{COVER: {}}])

    assert names(run.last.result) == ["vdi-win-01", "vdi-win-02"]


def test_one_vm_under_two_names_is_worked_on_once_and_reported_under_both(playbooks: Playbooks) -> None:
    upper = {"azure_vm_id": HOSTS["vdi-win-01"]["azure_vm_id"].upper()}
    playbooks.write_inventory({"vdi-win-01": HOSTS["vdi-win-01"], "alias": upper})

    run = playbooks.play([{COVER: {}}])

    assert len(run.last.result["vms"]) == 1
    assert run.last.result["hosts"] == {"vdi-win-01": 0, "alias": 0}


@pytest.mark.traced
def test_host_variables_say_wishes_for_one_host(playbooks: Playbooks) -> None:
    own = {
        "jit_request_ports": ["winrm_https"],
        "jit_request_sources": ["{{ office }}"],
        "jit_request_duration": "30m",
        "office": "198.51.100.7",
    }
    playbooks.write_inventory({"vdi-win-01": HOSTS["vdi-win-01"], "vdi-win-02": {**HOSTS["vdi-win-02"], **own}})
    playbooks.play([{COVER: {"ports": "portal_bulk"}}])

    run = playbooks.play([{OPEN: {"ports": ["rdp"], "sources": ["203.0.113.7"]}}], "--check")

    first, second = run.last.result["vms"]
    assert first["ports"] == [{"port": 3389, "state": "opened", "sources": ["203.0.113.7"], "duration": "3h"}]
    assert second["ports"] == [{"port": 5986, "state": "opened", "sources": ["198.51.100.7"], "duration": "30m"}]


def test_a_wrong_host_variable_is_named_by_host(playbooks: Playbooks) -> None:
    own = {"jit_request_duration": "for ever"}
    playbooks.write_inventory({"vdi-win-01": HOSTS["vdi-win-01"], "vdi-win-02": {**HOSTS["vdi-win-02"], **own}})

    run = playbooks.play([{OPEN: {}}])

    assert "vdi-win-02" in run.last.result["msg"]
    assert "'for ever' is not a duration" in run.last.result["msg"]


@pytest.mark.parametrize(
    "surroundings",
    [
        {"connection": "winrm"},
        {"connection": "psrp", "become": True, "become_user": "nobody"},
        {"vars": {"ansible_python_interpreter": "/no/such/python"}},
    ],
    ids=["winrm", "psrp and become", "foreign interpreter"],
)
def test_hosts_connections_privileges_and_interpreters_do_not_matter(
    surroundings: dict[str, Any], playbooks: Playbooks
) -> None:
    run = playbooks.play([{COVER: {}}], **surroundings)

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["added"] == 6


def test_delegation_is_needless_and_harmless(playbooks: Playbooks) -> None:
    tasks: list[dict[str, Any]] = [
        {COVER: {}, "delegate_to": "localhost"},
        {COVER: {}, "delegate_to": "vdi-win-02", "vars": {"ansible_connection": "winrm"}},
    ]

    run = playbooks.play(tasks)

    assert run.returncode == 0, run.output
    assert [task.result["changed"] for task in run.tasks] == [True, False]


def test_serial_runs_once_for_each_batch_and_group_defaults_reach_the_modules(playbooks: Playbooks) -> None:
    defaults = {"group/jitfleet.azure.azure_jit": {"on_failure": "report"}}

    run = playbooks.play([{OPEN: {}}], serial=4, module_defaults=defaults)

    assert run.returncode == 0, run.output
    assert [len(task.result["vms"]) for task in run.tasks] == [4, 2]


def test_a_loop_runs_once_for_each_item(playbooks: Playbooks) -> None:
    task: dict[str, Any] = {COVER: {"ports": ["{{ item }}"]}, "loop": ["rdp", "ssh"]}

    run = playbooks.play([task])

    assert [result["summary"]["policies_changed"] for result in run.last.result["results"]] == [1, 1]


def test_a_failed_batch_ends_the_play_for_all_hosts(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {}}, {"ansible.builtin.debug": {"msg": "went on"}}])

    assert run.returncode != 0
    assert [task.status for task in run.tasks] == ["failed"]


def test_run_once_gives_a_reported_result_to_all_hosts(playbooks: Playbooks) -> None:
    tasks: list[dict[str, Any]] = [
        {OPEN: {"on_failure": "report"}, "run_once": True, "register": "opened"},
        {"ansible.builtin.debug": {"msg": "{{ opened.vms[opened.hosts[inventory_hostname]].state }}"}},
    ]

    run = playbooks.play(tasks)

    assert [task.result["msg"] for task in run.tasks[1:]] == ["failed"] * 6


@pytest.mark.parametrize(
    ("task", "play", "text"),
    [
        ({}, {"strategy": "free"}, "not supported in the"),
        ({"async": 30}, {}, "async"),
    ],
    ids=["strategy free", "async"],
)
def test_what_core_refuses_is_refused_in_its_own_words(
    task: dict[str, Any], play: dict[str, Any], text: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{COVER: {}, **task}], **play)

    assert run.returncode != 0
    assert text in run.output
    assert simulator.writes() == []


def test_ad_hoc_commands_work(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    command = [str(BIN / "ansible"), "all", "-i", str(playbooks.inventory), "-m", COVER]

    done = subprocess.run(command, env=simulator.environment, capture_output=True, text=True, check=True)

    assert '"added": 6' in done.stdout


def test_no_log_silences_the_summary_line(playbooks: Playbooks) -> None:
    loud = playbooks.play([{COVER: {}}])
    quiet = playbooks.play([{COVER: {}, "no_log": True}])

    assert "jit_policy: 6 added" in loud.output
    assert "jit_policy: 6" not in quiet.output


def test_the_batch_is_not_echoed_with_the_arguments(playbooks: Playbooks) -> None:
    playbooks.environment["ANSIBLE_INJECT_INVOCATION"] = "true"  # newer cores echo nothing unless told
    run = playbooks.play([{COVER: {}}])

    assert run.last.result["invocation"]["module_args"]["vms"] == "6 VMs"


def test_secrets_never_reach_a_file(
    playbooks: Playbooks, simulator: RunningSimulator, tmp_path: Path, short_folder: Path
) -> None:
    """Look into every file below the run's folders again and again while the module waits for its answer."""
    simulator.fault(method="GET", path="jitNetworkAccessPolicies$", delay=2, times=1)
    places = {"HOME": tmp_path / "home", "TMPDIR": short_folder / "tmp", "ANSIBLE_LOCAL_TEMP": tmp_path / "local"}
    places["ANSIBLE_REMOTE_TEMP"] = tmp_path / "remote"
    for place in places.values():
        place.mkdir()
    playbook = tmp_path / "secret.yml"
    options = "{on_failure: report, secret: \"{{ lookup('env', 'AZURE_SECRET') }}\"}"
    playbook.write_text(f"[{{hosts: all, gather_facts: false, tasks: [{{{OPEN}: {options}}}]}}]")
    command = [str(BIN / "ansible-playbook"), "-i", str(playbooks.inventory), str(playbook)]
    environment = {**simulator.environment, **{name: str(place) for name, place in places.items()}}
    secret = simulator.variables["AZURE_SECRET"].encode()

    found: set[Path] = set()
    looked: set[Path] = set()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            for path, content in (*contents(tmp_path), *contents(short_folder)):
                looked.add(path)
                if secret in content:
                    found.add(path)
        output = process.stdout.read() if process.stdout else b""

    assert process.returncode == 0, output
    assert secret not in output
    assert playbook in looked
    assert found == set()


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for parent, _folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in files):
            try:
                yield path, path.read_bytes()
            except OSError:
                continue  # gone meanwhile


def test_a_task_that_timed_out_writes_nothing_more(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    """A task's `timeout` ends the action, but not its module, which here still waits for a list."""
    playbooks.play([{COVER: {}}], "--check")  # packs the module, for which a busy machine takes long
    simulator.fault(method="GET", path="jitNetworkAccessPolicies$", delay=10, times=1)

    run = playbooks.play([{COVER: {}, "timeout": 5}])
    modules = list(running_modules())
    for process in modules:
        wait_for_end(process)

    assert run.returncode != 0
    assert modules, "the module ended with its task, so that this test shows nothing"
    assert simulator.calls()["GET jitNetworkAccessPolicies"] >= 1
    assert simulator.writes() == []


def running_modules() -> Iterator[int]:
    """Find this collection's modules among the processes of this user."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            executable = (entry / "exe").resolve()
        except OSError:
            continue
        if b"JITFLEET_CONTROLLER_PROCESS=" in environment and executable == Path(sys.executable).resolve():
            yield int(entry.name)


def wait_for_end(process: int) -> None:
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(60_000), "the module goes on and on"
    os.close(descriptor)


def test_options_are_templated_once_with_the_first_hosts_variables(playbooks: Playbooks) -> None:
    playbooks.play([{COVER: {}}])
    own = {name: {**HOSTS[name], "own": f"{number}h"} for number, name in enumerate(DESKTOPS, start=1)}
    playbooks.write_inventory(own)

    run = playbooks.play([{OPEN: {"sources": ["203.0.113.7"], "duration": "{{ own }}"}}], "--check")

    assert {vm["ports"][0]["duration"] for vm in run.last.result["vms"]} == {"1h"}


def test_a_condition_that_is_false_for_the_first_host_skips_the_task_for_all(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    """That is Ansible's doing; the documentation says it."""
    run = playbooks.play([{COVER: {}, "when": "inventory_hostname != 'vdi-win-01'"}])

    assert [task.status for task in run.tasks] == ["skipped"]
    assert simulator.journal() == []


def test_a_failed_batch_ends_later_batches_too_unless_it_reports(playbooks: Playbooks) -> None:
    after = {"ansible.builtin.debug": {"msg": "went on"}}

    failed = playbooks.play([{OPEN: {}}, after], serial=2)
    reported = playbooks.play([{OPEN: {"on_failure": "report"}}, after], serial=2)

    assert [task.status for task in failed.tasks] == ["failed"]
    assert len([task for task in reported.tasks if "msg" in task.result]) == len(DESKTOPS)


def test_hosts_that_failed_before_are_not_worked_on(playbooks: Playbooks) -> None:
    fail = {"ansible.builtin.fail": {"msg": "broken"}, "when": "inventory_hostname == 'vdi-win-02'"}

    run = playbooks.play([fail, {COVER: {}}])

    assert names(run.last.result) == [name for name in DESKTOPS if name != "vdi-win-02"]


def test_an_undefined_connection_variable_of_the_first_host_fails_all_in_cores_words(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    hosts = {name: HOSTS[name] for name in DESKTOPS}
    first = {**HOSTS["vdi-win-01"], "ansible_port": "{{ nobody_said }}"}
    playbooks.write_inventory({**hosts, "vdi-win-01": first})

    run = playbooks.play([{COVER: {}}])

    assert run.returncode != 0
    assert "'nobody_said' is undefined" in run.output
    assert simulator.writes() == []


def test_the_recap_credits_the_first_host_and_handlers_run_on_it_alone(playbooks: Playbooks) -> None:
    handler = {"name": "Told", "ansible.builtin.debug": {"msg": "changed"}}

    run = playbooks.play([{COVER: {}, "notify": "Told"}], handlers=[handler])

    assert [task.host for task in run.tasks if task.name == "Told"] == ["vdi-win-01"]
    assert re.search(r"vdi-win-01 .*changed=1 ", run.output)
    assert "vdi-win-02 " not in run.output.partition("PLAY RECAP")[2]
    assert "jit_policy: 6 added" in run.output, "so the action tells of all"


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("jit_policy_info", {}),
        ("jit_request_info", {}),
        ("defender_plan_info", {}),
        ("defender_plan", {"tier": "standard", "sub_plan": "P2"}),
    ],
)
def test_what_takes_no_hosts_runs_once_and_takes_its_scope_from_its_options(
    module: str, options: dict[str, Any], playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.write_inventory({"stranger": {}, "localhost": {"ansible_connection": "local"}})

    run = playbooks.play([{f"jitfleet.azure.{module}": {**options, "subscriptions": [WORKPLACE]}}])

    assert run.returncode == 0, run.output
    assert len(run.tasks) == 1
    assert all(WORKPLACE in call["path"] for call in simulator.journal() if "/subscriptions/" in call["path"])


def test_a_failure_of_many_names_twenty_of_them(playbooks: Playbooks) -> None:
    strangers = {
        f"vm-{number}": {"azure_vm_id": vm_id(WORKPLACE, "rg-vdi", f"vm-{number}")} for number in range(60)
    }
    fine = {name: HOSTS[name] for name in DESKTOPS}
    playbooks.play([{COVER: {}}])
    playbooks.write_inventory({**fine, **strangers})

    run = playbooks.play([{OPEN: {"sources": ["203.0.113.7"]}}])

    result = run.last.result
    assert len(result["vms"]) == 60, "beyond fifty VMs only those that failed"
    assert result["summary"]["opened"] == len(DESKTOPS)
    assert result["msg"].count("vm-") == 20
    assert "and 40 more" in result["msg"]


def test_a_role_that_is_included_under_a_condition_names_its_hosts(playbooks: Playbooks) -> None:
    playbooks.play([{COVER: {}}])
    role = {"name": "jitfleet.azure.jit_access", "tasks_from": "open"}
    settings = {"jit_access_sources": ["203.0.113.7"], "jit_access_wait_for": "initiated"}

    run = playbooks.play([{"ansible.builtin.include_role": role, "when": "go | default(true)"}], vars=settings)

    assert run.returncode == 0, run.output
    assert "jit_request: 6 opened" in run.output
