# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a window's rule lets in those for whom it was opened, and what to say where it doesn't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.effect import EFFECTIVE, Effect, find_effect
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.inbound import Protocol
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.network_view import Groups, NetworkView
from samples import vm_id
from security_rules import GRANT_NAME, allow, deny, group_of, jit_deny, jit_grant

DESK, OTHER_DESK = "203.0.113.7", "203.0.113.8"
ADDRESS, SECOND = "10.0.0.4", "10.0.0.5"
GROUP = group_of().id


def layout(*addresses: str, group: str | None = GROUP) -> Layout:
    found = (Attachment(f"nic-{one}", one, group, None, subnet_known=True) for one in addresses or (ADDRESS,))
    return Layout(vm_id(), tuple(found), is_complete=True)


def effect(
    *rules: dict[str, Any],
    sources: tuple[str, ...] = (DESK,),
    at: Layout | None = None,
    protocol: Protocol = "tcp",
) -> Effect:
    view = NetworkView({GROUP.lower(): group_of(*rules)})
    return find_effect(view, at or layout(), 22, sources, protocol)


@pytest.mark.parametrize(
    ("rules", "state", "words"),
    [
        ([jit_grant(), jit_deny()], "effective", ""),
        ([jit_grant("203.0.113.0/24"), jit_deny()], "effective", ""),
        ([jit_grant("*"), jit_deny()], "effective", ""),
        ([jit_deny()], "absent", "no rule of just-in-time access admits 203.0.113.7, which is refused by"),
        ([jit_grant(OTHER_DESK), jit_deny()], "absent", "admits 203.0.113.7"),
        ([jit_grant(port=3389), jit_deny()], "absent", "admits 203.0.113.7"),
        ([jit_grant(address=SECOND), jit_deny()], "absent", "admits 203.0.113.7"),
        ([deny(priority=99, name="lock"), jit_grant()], "shadowed", "203.0.113.7 is refused by lock (99) in nsg"),
        (
            [allow(priority=99, name="hole"), jit_deny()],
            "unexplained",
            "203.0.113.7 is let in by hole (99) in nsg",
        ),
        (
            [deny("AzureCloud", priority=99, name="tag"), jit_grant()],
            "unknown",
            "203.0.113.7 gets in can't be told",
        ),
    ],
)
def test_the_rules_say_what_became_of_a_window(rules: list[dict[str, Any]], state: str, words: str) -> None:
    found = effect(*rules)
    assert found.state == state
    assert words in found.reason


def test_the_first_source_that_is_not_served_says_what_is_wrong() -> None:
    assert effect(jit_grant(), jit_deny(), sources=(DESK, OTHER_DESK)).state == "absent"
    both = replace_name(allow(OTHER_DESK, priority=101, destinationAddressPrefix=ADDRESS))
    assert effect(jit_grant(), both, jit_deny(), sources=(DESK, OTHER_DESK)) == EFFECTIVE


def replace_name(rule: dict[str, Any]) -> dict[str, Any]:
    """Make a rule one of just-in-time access."""
    return {**rule, "name": GRANT_NAME.replace("1153098436", "99")}


def test_one_address_of_a_vm_is_enough() -> None:
    assert effect(jit_grant(address=SECOND), jit_deny(), at=layout(ADDRESS, SECOND)) == EFFECTIVE


def test_ipv6_alone_lets_nobody_in_to_a_vm_with_ipv4_alone() -> None:
    found = effect(jit_grant("2001:db8::/32"), jit_deny(), sources=("2001:db8::/32",))
    assert found.state == "shadowed"
    assert "2001:db8::/32 is of another address family than 10.0.0.4, although" in found.reason


def test_the_address_that_could_serve_a_source_says_why_it_does_not() -> None:
    found = effect(jit_deny(), sources=("2001:db8::7",), at=layout(ADDRESS, "2001:db8:1::4"))
    assert found.state == "absent"
    assert "2001:db8::7, which is refused by" in found.reason


@pytest.mark.parametrize(("protocol", "state"), [("udp", "effective"), ("tcp", "absent")])
def test_a_rule_for_one_protocol_serves_only_that(protocol: Protocol, state: str) -> None:
    rule = jit_grant()
    rule["properties"]["protocol"] = "Udp"
    assert effect(rule, jit_deny(), protocol=protocol).state == state


@pytest.mark.parametrize(
    ("at", "groups", "words"),
    [
        (layout(group=None), {}, "the VM has no network security group"),
        (layout(), {GROUP.lower(): AzureError("403")}, "can't be read"),
        (replace(layout(), is_complete=False), {GROUP.lower(): group_of(jit_grant())}, "may have been missed"),
    ],
)
def test_rules_that_were_not_seen_tell_nothing(at: Layout, groups: Groups, words: str) -> None:
    found = find_effect(NetworkView(groups), at, 22, [DESK])
    assert found.state == "unknown"
    assert words in found.reason
