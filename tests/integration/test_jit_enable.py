# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that keeps a scope covered, night after night."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from demo_fleet import HOSTS, IDS, PRODUCTION, WORKPLACE
from running_simulator import ROOT, RunningSimulator

from playbooks import IN_A_HURRY, Playbooks, Run

ROLE = "jitfleet.azure.jit_enable"
HURRY = {f"jit_{name}": value for name, value in IN_A_HURRY.items()}
TEMPLATES = {
    "jit_enable_template_tag": "role",
    "jit_enable_templates": {"vdi": {"ports": ["rdp"]}, "web": {"ports": [{"port": "ssh", "max_duration": "1h"}]}},
}


@pytest.fixture
def nightly(playbooks: Playbooks) -> Playbooks:
    playbooks.write_inventory({})
    return playbooks


def night(playbooks: Playbooks, *arguments: str, **variables: Any) -> Run:
    scope = variables if "jit_resource_groups" in variables else {"jit_subscriptions": ["*"], **variables}
    run = playbooks.play([], *arguments, hosts="localhost", roles=[{"role": ROLE, "vars": {**HURRY, **scope}}])
    assert run.returncode == 0, run.output
    return run


def result(run: Run) -> dict[str, Any]:
    return run.named("Cover the VMs that can be covered").result


def left_out(run: Run) -> dict[str, str]:
    return {vm["name"]: vm["reason"] for vm in result(run).get("left_out", [])}


def ports(playbooks: Playbooks) -> dict[str, list[int]]:
    info = {"jitfleet.azure.jit_policy_info": {"subscriptions": ["*"]}}
    policies = playbooks.play([info], hosts="localhost").last.result["policies"]
    return {vm["name"]: [rule["port"] for rule in vm["ports"]] for policy in policies for vm in policy["vms"]}


def test_all_that_can_be_covered_is_and_the_rest_is_told(nightly: Playbooks) -> None:
    run = night(nightly)

    assert left_out(run) == {"legacy-01": "no_nsg"}
    assert result(run)["summary"]["added"] == 11
    assert "legacy-01: no network security group" in run.output
    held = ports(nightly)
    assert held.keys() == IDS.keys() - {"legacy-01"}
    assert (held["vdi-win-01"], held["vdi-lnx-01"]) == ([3389], [22])


def test_a_second_night_changes_nothing(nightly: Playbooks, simulator: RunningSimulator) -> None:
    night(nightly, **TEMPLATES)
    simulator.forget()

    again = night(nightly, **TEMPLATES)

    assert not result(again)["changed"]
    assert simulator.writes() == []
    assert left_out(again) == {"legacy-01": "no_nsg"}, "told every night, because it stays open every night"


def test_tags_choose_templates_and_the_others_get_the_default(nightly: Playbooks) -> None:
    night(nightly, **TEMPLATES, jit_wanted_ports=["winrm_https"])

    held = ports(nightly)
    assert held["vdi-lnx-01"] == [3389]
    assert held["web-01"] == [22]
    assert held["db-01"] == [5986]


def test_vms_without_a_template_can_be_left_out(nightly: Playbooks) -> None:
    run = night(nightly, **TEMPLATES, jit_enable_without_template="skip")

    told = left_out(run)
    assert {name for name, reason in told.items() if reason == "no_template"} == {
        "jump-01",
        "legacy-01",
        "db-01",
        "db-02",
        "batch-01",
    }
    assert ports(nightly)["jump-01"] == [22], "a colleague's policy stays"


def test_new_vms_are_covered_and_deleted_ones_pruned(nightly: Playbooks, simulator: RunningSimulator) -> None:
    scope = {"jit_subscriptions": [WORKPLACE], "jit_resource_groups": ["rg-vdi"]}
    night(nightly, **scope, jit_filter="name != 'vdi-win-04'")
    simulator.arm("DELETE", IDS["vdi-win-02"], api_version="2024-07-01")

    second = night(nightly, **scope)

    assert result(second)["summary"]["added"] == 1
    assert result(second)["summary"]["pruned"] == 1
    assert ports(nightly).keys() == {name for name in IDS if name.startswith("vdi")} - {"vdi-win-02"} | {"jump-01"}
    assert not result(night(nightly, **scope))["changed"]


def test_check_mode_predicts_a_night(nightly: Playbooks, simulator: RunningSimulator) -> None:
    predicted = night(nightly, "--check", "--diff", **TEMPLATES)
    assert simulator.writes() == []
    done = night(nightly, "--diff", **TEMPLATES)
    assert result(predicted)["summary"] == result(done)["summary"]
    assert result(predicted)["diff"] == result(done)["diff"]


def test_a_role_without_a_scope_says_what_is_missing(nightly: Playbooks) -> None:
    run = nightly.play([], hosts="localhost", roles=[{"role": ROLE}])
    assert run.returncode != 0
    assert "jit_subscriptions" in run.output


def test_a_role_without_a_scope_covers_no_hosts_of_the_play(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([], roles=[{"role": ROLE, "vars": HURRY}])
    assert run.returncode != 0
    assert simulator.writes() == []


def test_a_group_whose_vms_are_all_deleted_is_cleared(nightly: Playbooks, simulator: RunningSimulator) -> None:
    scope = {"jit_subscriptions": [WORKPLACE], "jit_resource_groups": ["rg-vdi"]}
    night(nightly, **scope)
    for name in [name for name in IDS if name.startswith("vdi")]:
        simulator.arm("DELETE", IDS[name], api_version="2024-07-01")

    run = night(nightly, **scope)

    assert result(run)["summary"]["pruned"] == 6
    assert "no virtual machine is in resource group rg-vdi" in run.output
    assert ports(nightly).keys() == {"jump-01"}


def test_what_is_left_out_is_told_also_where_a_policy_fails(
    nightly: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(method="PUT", path="/jitNetworkAccessPolicies/", times=99, status=403)
    scope = {"jit_subscriptions": ["*"]}
    run = nightly.play([], hosts="localhost", roles=[{"role": ROLE, "vars": {**HURRY, **scope}}])
    assert run.returncode != 0
    assert "legacy-01: no network security group" in run.output


def test_wrong_variables_are_named_by_the_argument_specs(nightly: Playbooks) -> None:
    run = nightly.play(
        [], hosts="localhost", roles=[{"role": ROLE, "vars": {"jit_enable_without_template": "ask"}}]
    )
    assert run.returncode != 0
    assert "jit_enable_without_template" in run.output


def test_the_readme_and_the_argument_specs_name_the_same_variables() -> None:
    folder = ROOT / "roles" / "jit_enable"
    specs = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())
    readme = (folder / "README.md").read_text()
    options = specs["argument_specs"]["main"]["options"]
    assert [name for name in options if f"`{name}`" not in readme] == []
    defaults = yaml.safe_load((folder / "defaults" / "main.yml").read_text())
    assert {name: option["default"] for name, option in options.items() if "default" in option} == defaults


def test_the_playbook_takes_a_scope_as_well_as_hosts(nightly: Playbooks) -> None:
    book = str(ROOT / "playbooks" / "enable_jit.yml")
    hurry = [f"-e{name}={value}" for name, value in HURRY.items()]
    scope = nightly.run(book, *hurry, "-e", f'{{"jit_subscriptions": ["{PRODUCTION}"]}}')
    nightly.write_inventory({"vdi-win-01": HOSTS["vdi-win-01"]})
    hosts = nightly.run(book, *hurry)

    assert scope.returncode == hosts.returncode == 0, scope.output + hosts.output
    assert ports(nightly).keys() == IDS.keys() - {"legacy-01"} - {n for n in IDS if n[:3] == "vdi"} | {
        "vdi-win-01"
    }


def test_a_limit_beside_a_scope_is_refused_rather_than_nothing_done(playbooks: Playbooks) -> None:
    book = str(ROOT / "playbooks" / "enable_jit.yml")
    scope = ["-e", f'{{"jit_subscriptions": ["{PRODUCTION}"]}}']
    limited = playbooks.run(book, *scope, "-l", "vdi-win-01")
    assert limited.returncode != 0
    assert "leave -l out" in limited.output
