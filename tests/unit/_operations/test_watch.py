# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch over subscriptions, on the simulated cloud without real time."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.events import Telling
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from cloud import rule
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION
from watch_scene import MINUTE, Watched, make_watched

THROTTLED = AzureRefused("GET list", 429, "TooManyRequests", "later", retry_after=300)
BROKEN = AzureRefused("GET list", 503, "ServerBusy", "busy")
FORBIDDEN = AzureRefused("GET list", 403, "AuthorizationFailed", "no")
SIGNED_OUT = AzureRefused("GET list", 401, "ExpiredAuthenticationToken", "expired")
LIST = "jitNetworkAccessPolicies"


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return make_watched(tmp_path)


def test_a_window_is_told_from_its_opening_to_its_end(watched: Watched) -> None:
    before = watched.look()
    watched.open("one")

    told = [watched.look(after * MINUTE) for after in (1, 10, 40, 1, 10, 1)]

    assert before == []
    assert told == [
        [("opened", "vm-one")],
        [],
        [("about_to_end", "vm-one")],
        [],
        [("ended", "vm-one")],
        [],
    ]


def test_a_window_whose_rule_was_deleted_is_told_as_closed_early(watched: Watched) -> None:
    watched.look()
    watched.open("one")
    opened = watched.look(MINUTE)
    watched.delete_grants("one")

    assert opened == [("opened", "vm-one")]
    assert watched.look(MINUTE) == [("closed_early", "vm-one")]
    assert [watched.look(after * MINUTE) for after in (10, 50, 10)] == [[], [], []]


def test_without_a_look_at_the_rules_azures_word_stands(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, check_rules=False)
    watched.look()
    watched.open("one")
    watched.look(MINUTE)
    watched.delete_grants("one")

    assert watched.look(MINUTE) == []
    assert {name.rpartition("/")[2] for name in watched.arm.sent} == {"subscriptions", LIST}


def test_a_window_that_ends_by_a_write_of_its_policy_is_told_as_closed_early(watched: Watched) -> None:
    watched.look()
    watched.open("one")
    watched.look(MINUTE)
    policy = watched.policies["one"]
    entry = policy.properties()["virtualMachines"][0]
    policy.put()
    watched.cloud.advance(30)
    policy.put(entry)

    assert watched.look(MINUTE) == [("closed_early", "vm-one")]


def test_one_list_for_each_subscription_is_read_in_a_round_and_none_before_the_interval_is_over(
    watched: Watched,
) -> None:
    watched.look()
    first = dict(watched.arm.sent)
    watched.look(10)
    early = dict(watched.arm.sent)

    lists = {
        f"GET /subscriptions/{one}/providers/Microsoft.Security/{LIST}"
        for one in (SUBSCRIPTION, OTHER_SUBSCRIPTION)
    }
    assert {name: count for name, count in first.items() if LIST in name} == dict.fromkeys(lists, 1)
    assert not any(LIST in name for name in early)


@pytest.mark.parametrize("error", [THROTTLED, BROKEN, FORBIDDEN, SIGNED_OUT], ids=lambda error: error.code)
def test_a_subscription_that_cant_be_read_stops_no_other_and_is_told_of_later(
    watched: Watched, error: AzureRefused
) -> None:
    watched.look()
    heal = watched.fail(f"{SUBSCRIPTION}/providers/Microsoft.Security/{LIST}", error)
    watched.open("one")
    watched.open("two")

    meanwhile = watched.look(MINUTE)
    heal()
    afterwards = [event for _minute in range(6) for event in watched.look(MINUTE)]

    assert meanwhile == [("opened", "vm-two")]
    assert afterwards == [("opened", "vm-one")]
    assert SUBSCRIPTION in watched.warnings[0]
    assert error.code in watched.warnings[0]
    assert watched.warnings[1] == f"the windows of subscription {SUBSCRIPTION} can be read again"


def test_tries_become_rarer_up_to_a_quarter_of_an_hour(watched: Watched) -> None:
    watched.fail(f"{SUBSCRIPTION}/providers/Microsoft.Security/{LIST}", BROKEN)
    tries = []
    for minute in range(90):
        watched.look(MINUTE if minute else 0)
        if any(SUBSCRIPTION in name and LIST in name for name in watched.arm.sent):
            tries.append(minute)

    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert pauses == [2, 4, 8, 15, 15, 15, 15, 15]


def test_the_pause_that_azure_asks_for_is_kept(watched: Watched) -> None:
    watched.look()
    watched.fail(f"{SUBSCRIPTION}/providers/Microsoft.Security/{LIST}", THROTTLED)
    watched.look(MINUTE)

    for _minute in range(4):
        watched.look(MINUTE)
        assert not any(SUBSCRIPTION in name and LIST in name for name in watched.arm.sent)
    watched.look(MINUTE)
    assert any(SUBSCRIPTION in name and LIST in name for name in watched.arm.sent)


def test_subscriptions_that_cant_be_listed_are_those_of_the_last_round(watched: Watched) -> None:
    watched.look()
    watched.open("one")
    watched.fail("GET /subscriptions ", BROKEN)

    assert watched.look(MINUTE) == [("opened", "vm-one")]
    assert "those of the last look" in watched.warnings[-1]


def test_no_subscription_at_all_is_a_failure(watched: Watched) -> None:
    watched.fail("GET /subscriptions ", BROKEN)

    with pytest.raises(AzureRefused, match="ServerBusy"):
        watched.look()


def test_exposures_are_looked_for_at_their_own_interval(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, events=frozenset({"exposure_found"}))
    first = watched.look()
    watched.expose("two")

    assert first == []
    assert watched.look(5 * MINUTE) == []
    assert watched.look(5 * MINUTE) == [("exposure_found", "vm-two")]
    assert watched.look(10 * MINUTE) == []


def test_an_open_window_is_no_exposure(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, events=frozenset({"exposure_found"}))
    watched.look()
    watched.open("one")

    assert watched.look(10 * MINUTE) == []


def test_an_open_window_is_no_exposure_while_its_policy_is_written(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, events=frozenset({"exposure_found"}))
    watched.look()
    watched.open("one")
    watched.cloud.advance(10 * MINUTE)
    watched.cloud.control("PATCH", "behaviour", {"provisioning": "10s"})
    watched.policies["one"].put({"id": watched.vm("one"), "ports": [rule(22)]})
    assert watched.policies["one"].properties()["requests"] == []

    assert watched.look() == []
    assert watched.look(10 * MINUTE) == []


def test_a_rule_that_no_window_explains_is_told_once_however_often_its_policy_is_written(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, events=frozenset({"exposure_found"}))
    watched.look()
    watched.expose("one", f"MicrosoftDefenderForCloud-JITRule-1-{0:032}")
    told = [watched.look(10 * MINUTE)]
    watched.cloud.advance(10 * MINUTE)
    watched.cloud.control("PATCH", "behaviour", {"provisioning": "10s"})
    watched.policies["one"].put({"id": watched.vm("one"), "ports": [rule(22)]})

    told += [watched.look(), watched.look(10 * MINUTE)]

    assert told == [[("exposure_found", "vm-one")], [], []]


def test_only_events_and_ports_that_are_wanted_are_told(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, events=frozenset({"opened"}), ports=(3389,))
    watched.look()
    watched.open("one", 22, 3389)

    watched.cloud.advance(MINUTE)
    (event,) = watched.events()
    assert (event["type"], event["port"]) == ("opened", 3389)
    assert watched.look(120 * MINUTE) == []


def test_what_is_there_already_is_told_on_request(tmp_path: Path) -> None:
    watched = make_watched(tmp_path, telling=Telling(timedelta(minutes=15), emit_existing=True))
    watched.open("two")

    assert watched.look() == [("opened", "vm-two")]


def test_named_resource_groups_are_listed_by_themselves(tmp_path: Path) -> None:
    scope = Scope((SUBSCRIPTION,), ("rg-vdi", "rg-gone"), include_powered_off=True)
    watched = make_watched(tmp_path, scope=scope)
    watched.look()
    watched.open("one")
    watched.open("two")

    assert watched.look(MINUTE) == [("opened", "vm-one")]


def test_a_named_resource_group_without_any_policy_is_warned_of_once(tmp_path: Path) -> None:
    scope = Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION), ("rg-vdi", "rg-vid"), include_powered_off=True)
    watched = make_watched(tmp_path, scope=scope)
    heal = watched.fail(f"{SUBSCRIPTION}/resourceGroups/rg-vid", BROKEN)
    watched.look()
    while_one_is_unread = list(watched.warnings)
    heal()

    for _minute in range(10):
        watched.look(MINUTE)

    assert not [warning for warning in while_one_is_unread if "rg-vid holds" in warning]
    assert [warning for warning in watched.warnings if "holds no just-in-time policy" in warning] == [
        "resource group rg-vid holds no just-in-time policy, or doesn't exist: "
        "no window of it is told until it has one"
    ]


def test_a_named_resource_group_that_only_one_subscription_has_is_no_slip(tmp_path: Path) -> None:
    scope = Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION), ("rg-vdi",), include_powered_off=True)
    watched = make_watched(tmp_path, scope=scope)
    assert watched.policies["two"].delete().status == 200

    watched.look()

    assert watched.warnings == []
