# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing before the time is over, by the windows' own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.closing import Whose
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused, ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from azure_simulator.network.models import SecurityRule
from closing_scene import (
    ANYBODY,
    COLLEAGUE,
    DESK,
    EVERYBODY,
    ME,
    MY_IP,
    OFFICE,
    OTHER_DESK,
    Scene,
    make_scene,
)
from samples import SUBSCRIPTION


@pytest.fixture(name="make_scene")
def scene_maker(tmp_path: Path) -> Callable[..., Scene]:
    return partial(make_scene, tmp_path)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def states(outcome: Outcome) -> list[str | None]:
    return [vm.state for vm in outcome.vms]


def ended(outcome: Outcome, index: int = 0) -> dict[int, int]:
    """Count the windows that ended, by port."""
    return {port.port: len(port.details.get("ended", ())) for port in outcome.vms[index].ports}


# -- what ends ----------------------------------------------------------------------------------------------


def test_a_window_ends_at_both_levels_and_a_second_run_changes_nothing(scene: Scene) -> None:
    scene.open("vm-both", 22)
    assert scene.grants("vm-both") == [("nsg-nic", 22, DESK), ("nsg-subnet", 22, DESK)]

    outcome = scene.close("vm-both")
    again = scene.close("vm-both")

    assert scene.grants("vm-both") == []
    assert states(outcome) == ["closed"]
    assert outcome.changed
    assert ended(outcome) == {22: 1}
    assert len(outcome.vms[0].ports[0].details["rules"]) == 2
    assert states(again) == ["closed"]
    assert not again.changed
    assert scene.deletions == 0


def test_only_named_ports_end(scene: Scene) -> None:
    scene.open("vm-2", 22, 3389)

    outcome = scene.close("vm-2", ports=(22,))

    assert scene.grants("vm-2") == [("nsg-subnet", 3389, DESK)]
    assert ended(outcome) == {22: 1}


def test_only_windows_of_the_named_sources_end(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, source="198.51.100.9")

    scene.close("vm-2", sources=(OFFICE,))

    assert scene.grants("vm-2") == [("nsg-subnet", 22, "198.51.100.9")]


def test_a_window_that_admits_more_than_the_named_sources_is_kept_and_told(scene: Scene) -> None:
    scene.open("vm-2", 22, source=OFFICE)
    scene.open("vm-2", 22, source=DESK)

    outcome = scene.close("vm-2", sources=(DESK,))
    again = scene.close("vm-2", sources=(DESK,))

    assert scene.grants("vm-2") == [("nsg-subnet", 22, OFFICE)]
    assert states(outcome) == states(again) == ["closed"]
    assert ended(outcome) == {22: 1}
    assert outcome.changed
    assert not again.changed
    for told in (outcome, again):
        (port,) = told.vms[0].ports
        assert [kept["sources"] for kept in port.details["kept"]] == [[OFFICE]]
        assert [found["source"] for found in port.details["still_open"]] == [DESK]
    assert len([warning for warning in scene.warnings if "stay open for other requests" in warning]) == 2


def test_what_was_asked_for_by_my_ip_is_known_by_its_mark(scene: Scene) -> None:
    scene.open("vm-2", 22, by=f"{ME} {MY_IP}")
    scene.open("vm-2", 3389)

    scene.close("vm-2", origin=Origin(own_address=True))

    assert scene.grants("vm-2") == [("nsg-subnet", 3389, DESK)]


def test_a_colleagues_window_stays_and_is_told(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, source=OTHER_DESK, by=COLLEAGUE)

    outcome = scene.close("vm-2")

    assert scene.grants("vm-2") == [("nsg-subnet", 22, OTHER_DESK)]
    assert states(outcome) == ["closed"]
    (kept,) = outcome.vms[0].ports[0].details["kept"]
    assert kept["sources"] == [OTHER_DESK]
    assert COLLEAGUE in kept["justification"]
    assert any("vm-2" in warning for warning in scene.warnings)


@pytest.mark.parametrize("equal_grants", ["separate", "merged"])
def test_two_windows_that_no_rule_tells_apart_are_both_left(make_scene: Any, equal_grants: str) -> None:
    scene = make_scene(equal_grants=equal_grants)
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, by=COLLEAGUE)
    before = scene.grants("vm-2")

    outcome = scene.close("vm-2")

    assert scene.grants("vm-2") == before
    assert states(outcome) == ["failed"]
    assert COLLEAGUE in (outcome.vms[0].error or "")


def test_a_rule_for_two_ports_ends_with_both_of_them_and_not_with_one(make_scene: Any) -> None:
    scene = make_scene(grant_rules="per_vm")
    scene.open("vm-2", 22, 3389)

    one = scene.close("vm-2", ports=(22,))
    deleted_for_one = scene.deletions
    both = scene.close("vm-2", ports=(22, 3389))

    assert states(one) == ["failed"]
    assert "it also opens 3389" in (one.vms[0].error or "")
    assert ended(one) == {22: 0}
    assert deleted_for_one == 0
    assert states(both) == ["closed"]
    assert scene.deletions == 1


def test_anybodys_windows_end_where_it_does_not_matter_whose_they_are(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, source=OTHER_DESK, by=COLLEAGUE)

    outcome = scene.close("vm-2", whose=ANYBODY)

    assert scene.grants("vm-2") == []
    assert ended(outcome) == {22: 2}


def test_windows_are_chosen_by_what_their_justification_says(scene: Scene) -> None:
    scene.open("vm-2", 22, why="CHG-4711 patches")
    scene.open("vm-2", 3389, why="CHG-4712")

    scene.close("vm-2", whose=Whose(Ourselves("ada@control-node"), justification="chg-4711"))

    assert scene.grants("vm-2") == [("nsg-subnet", 3389, DESK)]


def test_breaking_glass_ends_everybodys_windows_and_rules_that_admit_more(scene: Scene) -> None:
    scene.open("vm-2", 22, source=OFFICE, by=COLLEAGUE)
    scene.open("vm-2", 22)

    outcome = scene.close("vm-2", sources=(DESK,), whose=EVERYBODY)

    assert scene.grants("vm-2") == []
    assert states(outcome) == ["closed"]
    assert ended(outcome) == {22: 2}


def test_breaking_glass_ends_rules_that_no_request_tells_of(scene: Scene) -> None:
    address = scene.machine("vm-2").nics[0].private_address
    scene.subnet_group.put(
        SecurityRule(
            "MicrosoftDefenderForCloud-JITRule--42-0123456789ABCDEF0123456789ABCDEF",
            {
                "protocol": "*",
                "access": "Allow",
                "direction": "Inbound",
                "priority": 100,
                "sourcePortRange": "*",
                "sourceAddressPrefix": DESK,
                "destinationAddressPrefix": address,
                "destinationPortRange": "22",
            },
        )
    )

    timid = scene.close("vm-2", whose=ANYBODY)
    left = scene.grants("vm-2")
    outcome = scene.close("vm-2", whose=EVERYBODY)

    assert not timid.changed
    assert left == [("nsg-subnet", 22, DESK)]
    assert scene.grants("vm-2") == []
    assert outcome.changed


def test_other_vms_keep_their_windows(scene: Scene) -> None:
    for name in ("vm-2", "vm-3"):
        scene.open(name, 22)

    scene.close("vm-2")

    assert scene.grants("vm-2") == []
    assert scene.grants("vm-3") == [("nsg-subnet", 22, DESK)]


def test_a_port_that_another_rule_opens_all_the_same_is_told(scene: Scene) -> None:
    scene.subnet_group.put(
        SecurityRule(
            "allow-migration",
            {
                "protocol": "Tcp",
                "access": "Allow",
                "direction": "Inbound",
                "priority": 150,
                "sourcePortRange": "*",
                "sourceAddressPrefix": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": "22",
            },
        )
    )
    scene.open("vm-2", 22, 3389)

    predicted = scene.close("vm-2", check_mode=True)
    outcome = scene.close("vm-2")

    ports = {port.port: port for port in outcome.vms[0].ports}
    (told,) = ports[22].details["still_open"]
    assert told["source"] == DESK
    assert "allow-migration" in told["reason"]
    assert "still_open" not in ports[3389].details
    assert states(outcome) == ["closed"]
    assert any("allow-migration" in warning for warning in scene.warnings)
    assert predicted == outcome


def allow(priority: int, source: str) -> dict[str, Any]:
    return {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": priority,
        "sourcePortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    }


@pytest.mark.parametrize(("sources", "told"), [((DESK,), DESK), ((), "Internet")])
def test_a_port_that_is_open_although_nothing_of_mine_was_is_told(
    scene: Scene, sources: tuple[str, ...], told: str
) -> None:
    scene.subnet_group.put(SecurityRule("allow-migration", allow(150, OFFICE)))

    outcome = scene.close("vm-2", ports=(22, 3389), sources=sources)

    ports = {port.port: port for port in outcome.vms[0].ports}
    assert states(outcome) == ["closed"]
    assert not outcome.changed
    (found,) = ports[22].details["still_open"]
    assert found["source"] == told
    assert "allow-migration" in found["reason"]
    assert "still_open" not in ports[3389].details
    assert any("allow-migration" in warning for warning in scene.warnings)


def test_a_just_in_time_rule_that_no_request_explains_is_told(scene: Scene) -> None:
    orphan = "MicrosoftDefenderForCloud-JITRule--42-0123456789ABCDEF0123456789ABCDEF"
    address = scene.machine("vm-2").nics[0].private_address
    scene.subnet_group.put(
        SecurityRule(orphan, {**allow(100, DESK), "protocol": "*", "destinationAddressPrefix": address})
    )

    outcome = scene.close("vm-2", ports=(22,))

    (port,) = outcome.vms[0].ports
    assert states(outcome) == ["closed"]
    assert [orphan in found["reason"] for found in port.details["still_open"]] == [True]
    assert any(orphan in warning for warning in scene.warnings)


def test_where_only_a_colleague_has_a_window_it_is_kept_and_nothing_else_told(scene: Scene) -> None:
    scene.open("vm-2", 22, by=COLLEAGUE)

    outcome = scene.close("vm-2", ports=(22,))

    (port,) = outcome.vms[0].ports
    assert port.state == "closed"
    assert [kept["sources"] for kept in port.details["kept"]] == [[DESK]]
    assert "still_open" not in port.details
    assert scene.warnings == []


# -- time -----------------------------------------------------------------------------------------------------


def test_one_change_of_a_group_at_a_time_is_waited_for(make_scene: Any) -> None:
    scene = make_scene(network_operation="10s")
    for name in ("vm-both", "vm-2", "vm-3"):
        scene.open(name, 22)
    scene.settle()

    outcome = scene.close("vm-both", "vm-2", "vm-3")

    assert states(outcome) == ["closed"] * 3
    assert all(scene.grants(name) == [] for name in ("vm-both", "vm-2", "vm-3"))
    assert scene.deletions == 4
    assert scene.progress[-1] == (4, 4)


def test_what_was_not_done_in_time_is_said_and_a_second_run_goes_on(make_scene: Any) -> None:
    scene = make_scene(network_operation="10s")
    for name in ("vm-2", "vm-3"):
        scene.open(name, 22)
    scene.settle()

    outcome = scene.close("vm-2", "vm-3", timeout=15)
    scene.settle()
    again = scene.close("vm-2", "vm-3")

    assert sorted(map(str, states(outcome))) == ["closed", "unknown"]
    assert "wait_timeout" in str([vm.error for vm in outcome.vms])
    assert states(again) == ["closed", "closed"]
    assert scene.grants("vm-2") == scene.grants("vm-3") == []


def test_a_deletion_that_azure_took_and_did_not_finish_in_time_is_unknown_and_a_change(make_scene: Any) -> None:
    scene = make_scene(network_operation="60s")
    scene.open("vm-2", 22)
    scene.settle()

    outcome = scene.close("vm-2", timeout=10)

    assert states(outcome) == ["unknown"]
    assert outcome.changed
    assert ended(outcome) == {22: 0}
    assert "accepted" in (outcome.vms[0].error or "")


def test_a_deletion_that_the_last_reading_shows_done_is_no_trouble(make_scene: Any) -> None:
    scene = make_scene()
    scene.open("vm-2", 22)

    def forbid() -> None:
        raise AzureRefused("GET rule", 403, "AuthorizationFailed", "no read of rules")

    groups = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-vdi/providers/Microsoft.Network/networkSecurityGroups"
    )
    scene.arm.hooks.append((f"GET {groups}/nsg-subnet/securityRules", forbid))

    outcome = scene.close("vm-2", timeout=10)

    assert states(outcome) == ["closed"]
    assert ended(outcome) == {22: 1}
    assert outcome.changed


def test_a_group_that_is_busy_all_the_time_fails_and_changes_nothing(make_scene: Any) -> None:
    scene = make_scene()
    scene.open("vm-2", 22)

    def busy() -> None:
        raise AzureRefused("DELETE rule", 429, "AnotherOperationInProgress", "busy")

    scene.arm.hooks.append(("DELETE", busy))

    outcome = scene.close("vm-2", timeout=10)

    assert states(outcome) == ["failed"]
    assert not outcome.changed
    assert "wait_timeout" in (outcome.vms[0].error or "")


def test_a_deletion_whose_answers_are_all_lost_is_unknown(make_scene: Any) -> None:
    scene = make_scene()
    scene.open("vm-2", 22)

    def lose() -> None:
        raise ReplyLost("cut off")

    scene.arm.hooks.append(("DELETE", lose))

    outcome = scene.close("vm-2", timeout=10)

    assert states(outcome) == ["unknown"]
    assert not outcome.changed


def test_a_request_that_azure_still_works_on_is_waited_for(make_scene: Any) -> None:
    scene = make_scene(provisioning="8s")
    scene.settle()
    scene.open("vm-2", 22)

    outcome = scene.close("vm-2")
    scene.settle()

    assert states(outcome) == ["closed"]
    assert ended(outcome) == {22: 1}
    assert scene.grants("vm-2") == []


def test_a_request_that_stays_pending_is_unknown(make_scene: Any) -> None:
    scene = make_scene(provisioning="100s")
    scene.cloud.advance(200)
    scene.open("vm-2", 22)

    outcome = scene.close("vm-2", timeout=20)

    assert states(outcome) == ["unknown"]
    assert "run again" in (outcome.vms[0].error or "")


def test_a_request_that_stays_pending_holds_up_nobody_elses_closing(make_scene: Any) -> None:
    scene = make_scene(provisioning="1000s")
    scene.cloud.advance(2000)
    scene.open("vm-2", 22)
    scene.cloud.advance(2000)
    scene.open("vm-3", 22)

    began = scene.clock.now()
    outcome = scene.close("vm-2", "vm-3", timeout=900)

    assert states(outcome) == ["closed", "unknown"]
    assert scene.clock.now() - began < timedelta(minutes=1)
    assert scene.grants("vm-2") == []


def test_a_policy_that_is_being_updated_hides_its_requests_and_is_waited_for(make_scene: Any) -> None:
    scene = make_scene(provisioning="5s")
    scene.settle()
    scene.open("vm-2", 22)
    scene.settle()
    entries = scene.policy.properties()["virtualMachines"]
    scene.policy.put(*entries)
    assert scene.policy.properties()["requests"] == []

    outcome = scene.close("vm-2")

    assert ended(outcome) == {22: 1}
    assert scene.grants("vm-2") == []


# -- trouble --------------------------------------------------------------------------------------------------


def test_check_mode_deletes_nothing_and_predicts_what_the_run_does(scene: Scene) -> None:
    scene.open("vm-both", 22, 3389)
    before = scene.grants("vm-both")

    predicted = scene.close("vm-both", check_mode=True)
    deleted = scene.deletions
    left = scene.grants("vm-both")
    done = scene.close("vm-both")

    assert deleted == 0
    assert left == before
    assert predicted == done
    assert done.before == {
        "vm-both": {
            "22": f"open from {DESK} until 2026-01-05T09:00:30Z",
            "3389": f"open from {DESK} until 2026-01-05T09:00:30Z",
        }
    }


def test_a_lost_answer_is_no_reason_to_claim_anything(scene: Scene) -> None:
    scene.open("vm-2", 22)
    answers: Iterable[Exception | None] = iter([ReplyLost("cut off"), None, None])

    def lose_the_first() -> None:
        if trouble := next(answers, None):  # type: ignore[call-overload]
            raise trouble

    scene.arm.hooks.append(("DELETE", lose_the_first))

    outcome = scene.close("vm-2")

    assert states(outcome) == ["closed"]
    assert scene.grants("vm-2") == []


def test_a_locked_group_is_named_and_other_groups_are_closed(scene: Scene) -> None:
    scene.open("vm-both", 22)
    scene.subnet_group.locked = True

    outcome = scene.close("vm-both")

    assert states(outcome) == ["failed"]
    assert "ScopeLocked" in (outcome.vms[0].error or "")
    assert outcome.changed
    assert scene.grants("vm-both") == [("nsg-subnet", 22, DESK)]


def test_a_group_that_may_not_be_read_leaves_it_unknown(scene: Scene) -> None:
    scene.open("vm-2", 22)

    def forbid() -> None:
        raise AzureRefused("GET nsg", 403, "AuthorizationFailed", "no read")

    scene.arm.hooks.append(
        (
            "GET /subscriptions/"
            + SUBSCRIPTION
            + "/resourceGroups/rg-vdi/providers/Microsoft.Network/networkSecurityGroups",
            forbid,
        )
    )

    outcome = scene.close("vm-2")

    assert states(outcome) == ["unknown"]
    assert "networkSecurityGroups/read" in (outcome.vms[0].error or "")


def test_a_missing_permission_to_delete_is_named(scene: Scene) -> None:
    scene.open("vm-2", 22)

    def forbid() -> None:
        raise AzureRefused("DELETE rule", 403, "AuthorizationFailed", "no delete")

    scene.arm.hooks.append(("DELETE", forbid))

    outcome = scene.close("vm-2")

    assert states(outcome) == ["failed"]
    assert "securityRules/delete" in (outcome.vms[0].error or "")


def test_a_vm_without_windows_or_policy_is_closed_and_nothing_is_read_for_it(scene: Scene) -> None:
    outcome = scene.close("vm-2", "vm-9")

    assert states(outcome) == ["closed", "closed"]
    assert not outcome.changed
    assert not [
        name for name in scene.arm.sent if "Microsoft.ResourceGraph" in name or "Microsoft.Network" in name
    ]


def test_a_deleted_vm_has_no_rules_left_to_close(scene: Scene) -> None:
    scene.open("vm-2", 22)
    del scene.cloud.world.subscriptions[SUBSCRIPTION].groups["rg-vdi"].vms["vm-2"]

    outcome = scene.close("vm-2")

    assert states(outcome) == ["closed"]
    assert not outcome.changed


def test_a_vm_that_may_not_be_seen_is_unknown_and_never_called_closed(scene: Scene) -> None:
    scene.open("vm-2", 22)

    def forbid() -> None:
        raise AzureRefused("GET", 403, "AuthorizationFailed", "no read")

    scene.arm.hooks += [("Microsoft.ResourceGraph", forbid), ("Microsoft.Compute", forbid)]

    outcome = scene.close("vm-2")

    assert scene.grants("vm-2") == [("nsg-subnet", 22, DESK)]
    assert states(outcome) == ["unknown"]
    assert "virtualMachines/read" in (outcome.vms[0].error or "")
