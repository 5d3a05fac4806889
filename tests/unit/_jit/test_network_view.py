# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a VM's part of large groups says what looking at all of them says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import Endpoint, NoGroup
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import judge_rules
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.network_view import NetworkView, without_rules
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityGroup
from hypothesis import given
from hypothesis import strategies as st
from samples import grant, vm_id
from security_rules import GRANT_NAME, allow, deny, group_of, jit_deny, jit_grant

ADDRESS, NEIGHBOUR = "10.0.0.4", "10.0.0.5"
DESK, OTHER_DESK = "203.0.113.7", "203.0.113.8"


def attached(
    nic: SecurityGroup | None = None, subnet: SecurityGroup | None = None, *, known: bool = True
) -> tuple[Layout, dict[str, SecurityGroup]]:
    """Attach groups to a VM; its ids come back in another case than they are listed in."""
    groups = {group.id.lower(): group for group in (nic, subnet) if group}
    attachment = Attachment(
        "nic", ADDRESS, nic.id.upper() if nic else None, subnet.id.upper() if subnet else None, known
    )
    return Layout(vm_id(), (attachment,), is_complete=known), groups


ADDRESSES = st.sampled_from([ADDRESS, NEIGHBOUR, "10.0.0.0/24", "*", "VirtualNetwork"])
SOURCES = st.sampled_from([DESK, OTHER_DESK, "203.0.113.0/24", "*"])


@st.composite
def wire_rules(draw: st.DrawFn) -> dict[str, Any]:
    make = draw(st.sampled_from([allow, deny]))
    port = draw(st.sampled_from(["22", "*", "20-30"]))
    name = f"rule-{draw(st.integers(0, 10**6))}"
    source, priority = draw(SOURCES), draw(st.integers(100, 4096))
    written: dict[str, Any] = make(source, port, priority, name, destinationAddressPrefix=draw(ADDRESSES))
    return written


@given(st.lists(wire_rules(), max_size=8), SOURCES)
def test_what_concerns_an_address_judges_as_the_whole_group_does(rules: list[dict[str, Any]], source: str) -> None:
    unique = list({rule["properties"]["priority"]: rule for rule in rules}.values())
    group = group_of(*unique)
    layout, groups = attached(subnet=group)
    whole = judge_rules(Endpoint(ADDRESS, group, NoGroup.NONE, application_groups=None, name="nic"), source, 22)

    (verdict,) = NetworkView(groups).judge(layout, source, 22)

    assert verdict == whole


def test_grants_are_found_by_address_at_both_levels_and_only_there() -> None:
    nic = group_of(jit_grant(), jit_deny(22), name="nsg-nic")
    subnet = group_of(jit_grant(address=NEIGHBOUR), jit_grant(priority=101), name="nsg-subnet")
    layout, groups = attached(nic, subnet)

    found = NetworkView(groups).grant_rules(layout)

    assert {rule.destinations for rule in found} == {(ADDRESS,)}


@pytest.mark.parametrize(
    ("nic", "subnet", "ended"),
    [
        ([jit_grant(DESK), jit_deny(22)], None, []),
        ([jit_deny(22)], None, [DESK]),
        ([], None, [DESK]),
        ([jit_grant(DESK), jit_deny(22)], [jit_grant(DESK), jit_deny(22)], []),
        ([jit_grant(DESK), jit_deny(22)], [jit_deny(22)], [DESK]),
        ([jit_grant(DESK), jit_deny(22)], [allow()], []),
        ([jit_grant(DESK), jit_deny(22)], [deny(priority=100), jit_deny(22)], []),
        ([jit_grant("203.0.113.0/24"), jit_deny(22)], None, []),
        ([jit_grant(DESK, address=NEIGHBOUR), jit_deny(22)], None, [DESK]),
        ([jit_grant(DESK, port=3389), jit_deny(22)], None, [DESK]),
        ([allow(DESK), jit_deny(22)], None, []),
    ],
)
def test_a_window_ended_where_the_standing_deny_refuses_again(
    nic: list[dict[str, Any]], subnet: list[dict[str, Any]] | None, ended: list[str]
) -> None:
    groups = [group_of(*nic, name="nsg-nic"), group_of(*subnet, name="nsg-subnet") if subnet is not None else None]
    layout, read = attached(*groups)
    assert NetworkView(read).ended_sources(grant(22, (DESK,)), layout) == ended


def test_one_of_two_sources_can_end() -> None:
    layout, groups = attached(group_of(jit_grant(DESK), jit_deny(22)))
    assert NetworkView(groups).ended_sources(grant(22, (DESK, OTHER_DESK)), layout) == [OTHER_DESK]


def test_of_a_vm_without_a_known_address_nothing_is_said_to_have_ended() -> None:
    nowhere = Layout(vm_id(), (), is_complete=True)
    assert NetworkView({}).ended_sources(grant(22, (DESK,)), nowhere) == []


WIDE, NET = "*", "203.0.113.0/24"


@pytest.mark.parametrize(
    ("rules", "others", "ended"),
    [
        ([WIDE], [WIDE], [DESK]),
        ([NET], [NET], [DESK]),
        ([NET, WIDE], [NET, WIDE], [DESK]),
        # It has its own rule still.
        ([DESK, WIDE], [WIDE], []),
        # Two windows for the same can't be told apart by their rule.
        ([DESK], [DESK], []),
        # A rule that no other window explains may be what Azure made of this one.
        ([NET, WIDE], [WIDE], []),
        ([NET], [WIDE], []),
        ([NET], [], []),
        # A narrower window lets nobody else in.
        ([DESK], ["203.0.113.7/32"], []),
    ],
)
def test_a_window_that_was_closed_stays_closed_when_a_wider_one_opens(
    rules: list[str], others: list[str], ended: list[str]
) -> None:
    written = [
        allow(source, 22, 100 + number, f"{GRANT_NAME[:-1]}{number}", destinationAddressPrefix=ADDRESS)
        for number, source in enumerate(rules)
    ]
    layout, groups = attached(group_of(*written, jit_deny(22)))
    beside = [grant(22, (source,)) for source in others]
    assert NetworkView(groups).ended_sources(grant(22, (DESK,)), layout, beside) == ended


@pytest.mark.parametrize(
    ("rules", "later", "ended"),
    [
        (1, 1, [DESK]),
        (2, 2, [DESK]),
        (1, 2, [DESK]),
        # one for each
        (2, 1, []),
        (3, 2, []),
        # without any the verdict of all rules says it
        (0, 1, [DESK]),
    ],
)
def test_where_windows_for_the_same_have_fewer_rules_the_oldest_ended(
    rules: int, later: int, ended: list[str]
) -> None:
    written = [
        allow(DESK, 22, 100 + number, f"{GRANT_NAME[:-1]}{number}", destinationAddressPrefix=ADDRESS)
        for number in range(rules)
    ]
    layout, groups = attached(nic=group_of(*written, jit_deny(22), name="a"), subnet=group_of(*written, name="b"))
    first = grant(22, (DESK,))
    beside = [
        first,
        *(replace(first, start_text=f"2026-03-02T12:0{number}:00Z") for number in range(later)),
    ]
    view = NetworkView(groups)
    assert view.ended_sources(first, layout, beside, by_number=True) == ended
    assert view.ended_sources(beside[-1], layout, beside, by_number=True) == ([DESK] if not rules else [])
    assert view.ended_sources(first, layout, beside) == ([DESK] if not rules else [])


def test_an_open_port_without_any_rule_of_a_window_ends_none_by_number() -> None:
    layout, groups = attached(group_of(allow(DESK, 22, 99, "everybody's"), jit_deny(22)))
    first = grant(22, (DESK,))
    later = replace(first, start_text="2026-03-02T12:01:00Z")
    assert NetworkView(groups).ended_sources(first, layout, [first, later], by_number=True) == []


def test_windows_of_other_ports_and_machines_end_nothing() -> None:
    layout, groups = attached(group_of(jit_grant(WIDE), jit_deny(22)))
    beside = [grant(3389, (WIDE,)), replace(grant(22, (WIDE,)), vm=vm_id("other"))]
    assert NetworkView(groups).ended_sources(grant(22, (DESK,)), layout, beside) == []


def test_a_rule_that_may_be_in_an_unread_group_ends_nothing() -> None:
    layout, groups = attached(group_of(jit_grant(WIDE), name="a"), group_of(jit_deny(22), name="b"))
    partly = NetworkView({**groups, list(groups)[1]: AzureError("no read")})
    assert partly.ended_sources(grant(22, (DESK,)), layout, [grant(22, (WIDE,))]) == []


def test_what_could_not_be_read_ends_nothing_and_is_said() -> None:
    layout, groups = attached(group_of(jit_deny(22)))
    refused = NetworkView(dict.fromkeys(groups, AzureError("no read")))
    assert refused.ended_sources(grant(22, (DESK,)), layout) == []
    assert "no read" in refused.doubt(layout)
    assert NetworkView(groups).doubt(layout) == ""


def test_an_unknown_subnet_ends_nothing_and_is_said() -> None:
    layout, groups = attached(group_of(jit_grant(DESK)), known=False)
    view = NetworkView(groups)
    assert view.ended_sources(grant(22, (DESK,)), layout) == []
    assert "could be read" in view.doubt(layout)


def test_groups_can_be_looked_at_without_some_rules() -> None:
    group = group_of(jit_grant(DESK), jit_deny(22))
    layout, groups = attached(group)
    (gone,) = (rule for rule in group.rules if rule.is_jit_grant)
    after = NetworkView(without_rules(groups, {gone.id.lower()}))
    assert [verdict.state for verdict in after.judge(layout, DESK, 22)] == ["closed"]
    assert [verdict.state for verdict in NetworkView(groups).judge(layout, DESK, 22)] == ["open"]
