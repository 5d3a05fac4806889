# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches Azure, by the simulator's journal."""

from __future__ import annotations

from demo_fleet import HOSTS
from running_simulator import RunningSimulator

from playbooks import Playbooks

COVER = {"jitfleet.azure.jit_policy": {"ports": ["rdp", "ssh"]}}
OPEN = {"jitfleet.azure.jit_request": {"ports": ["rdp", "ssh"], "sources": ["203.0.113.7"]}}


def test_covering_six_vms_costs_one_list_one_read_and_one_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([COVER])

    assert run.returncode == 0, run.output
    calls = simulator.calls()
    assert calls["PUT default"] == 1
    # one before the write, then a look every half second until the policy kept still for 0.3 s
    assert 2 <= calls["GET default"] <= 5
    assert calls["GET jitNetworkAccessPolicies"] == 1


def test_a_write_that_azure_answers_with_503_is_looked_up_and_not_sent_again(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(method="PUT", path="jitNetworkAccessPolicies", times=1, status=503, applied=True)

    run = playbooks.play([COVER])

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["added"] == 6
    assert simulator.calls()["PUT default"] == 1


def test_covering_covered_vms_only_reads_lists(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    playbooks.play([COVER])
    simulator.forget()

    run = playbooks.play([COVER])

    assert not run.last.result["changed"]
    assert simulator.writes() == []
    assert simulator.calls()["GET default"] == 0


def test_opening_six_vms_costs_one_post_and_the_second_time_none(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.play([COVER])
    simulator.forget()

    playbooks.play([OPEN])
    first = simulator.calls()
    simulator.forget()
    again = playbooks.play([OPEN])

    assert first["POST initiate"] == 1
    assert simulator.writes() == []
    assert again.last.result["summary"]["already_open"] == 6


def test_check_mode_sends_nothing_that_changes_anything(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    covering = playbooks.play([COVER], "--check")
    playbooks.play([COVER])
    simulator.forget()
    opening = playbooks.play([OPEN], "--check")

    assert covering.last.result["summary"]["added"] == 6
    assert opening.last.result["summary"]["opened"] == 6
    assert simulator.writes() == []
    assert simulator.journal(), "the journal saw nothing at all"


def test_a_colleagues_policy_keeps_his_vm(playbooks: Playbooks) -> None:
    playbooks.write_inventory({name: HOSTS[name] for name in ("web-01", "web-02")})
    first = playbooks.play([{"jitfleet.azure.jit_policy": {"ports": ["ssh"]}}])
    playbooks.write_inventory({"jump-01": HOSTS["jump-01"]})
    colleague = playbooks.play([{"jitfleet.azure.jit_policy": {"ports": ["ssh"]}}])

    assert first.last.result["summary"]["added"] == 2
    assert colleague.last.result["summary"]["unchanged"] == 1


def test_hosts_narrows_the_batch_by_name(playbooks: Playbooks) -> None:
    some = playbooks.play([{"jitfleet.azure.jit_policy": {"hosts": ["vdi-win-01", "vdi-lnx-02"]}}])
    stranger = playbooks.play([{"jitfleet.azure.jit_policy": {"hosts": ["vdi-win-99"]}}])

    assert [vm["name"] for vm in some.last.result["vms"]] == ["vdi-win-01", "vdi-lnx-02"]
    assert "vdi-win-99 is not among the hosts of the play" in stranger.output
