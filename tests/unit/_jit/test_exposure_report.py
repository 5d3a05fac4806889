# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in to a VM, and what became of the standing deny, as it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import PublicAddress, Unread
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure_report import (
    Asked,
    Exposure,
    Memory,
    besides_windows,
    report_exposure,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.network_view import NetworkView
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityGroup
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sight import Sight
from hypothesis import given
from hypothesis import strategies as st
from samples import vm_id
from security_rules import GROUP_ID, allow, deny, group_of, jit_deny, jit_grant, wire_rule

ADDRESS, NEIGHBOUR = "10.0.0.4", "10.0.0.5"
DESK = "203.0.113.7"


def sight(
    *addresses: str,
    nic: SecurityGroup | None = None,
    subnet: SecurityGroup | None = None,
    public: PublicAddress = PublicAddress.STANDARD,
    unread: frozenset[Unread] = frozenset(),
) -> Sight:
    """Attach groups to a VM in the network 10.0.0.0/16."""
    attachments = tuple(
        Attachment(
            f"nic-{address}",
            address,
            nic.id if nic else None,
            subnet.id if subnet else None,
            subnet_known=True,
            public=public,
            network_space=("10.0.0.0/16",),
        )
        for address in addresses or (ADDRESS,)
    )
    groups = {group.id.lower(): group for group in (nic, subnet) if group}
    return Sight(Layout(vm_id(), attachments, is_complete=True), NetworkView(groups), unread)


def exposure(of: Sight, *ports: int, sources: tuple[str, ...] = ("internet", "virtual_network")) -> Exposure:
    return report_exposure(of, asked(*(ports or (22,)), sources=sources), Memory())


def asked(*ports: int, sources: tuple[str, ...] = ("internet",), **more: Any) -> Asked:
    more.setdefault("covered", dict.fromkeys(ports, "tcp"))
    return Asked(frozenset((port, "tcp") for port in ports), sources=sources, **more)


@pytest.mark.parametrize(
    ("rules", "internet", "network"),
    [
        ([], "closed", "open"),
        ([jit_deny()], "closed", "closed"),
        ([jit_deny(), jit_grant()], "partial", "closed"),
        ([jit_deny(), allow()], "open", "open"),
        ([jit_deny(), allow("VirtualNetwork")], "closed", "open"),
        ([jit_deny(), allow("AzureCloud")], "unknown", "unknown"),
        ([jit_deny(), wire_rule("odd", 200, "Maybe")], "unknown", "unknown"),
    ],
)
def test_a_verdict_for_each_source(rules: list[dict[str, Any]], internet: str, network: str) -> None:
    found = exposure(sight(nic=group_of(*rules)))
    assert [(entry["source"], entry["state"]) for entry in found.entries] == [
        ("internet", internet),
        ("virtual_network", network),
    ]
    assert (found.worst("internet"), found.worst("virtual_network")) == (internet, network)


def test_the_rule_to_blame_is_named_with_its_group() -> None:
    found = exposure(sight(nic=group_of(jit_deny(), allow(name="old", priority=310))), sources=("internet",))
    assert found.entries == [
        {
            "port": 22,
            "protocol": "tcp",
            "source": "internet",
            "state": "open",
            "reason": "let in by old (310) in nsg",
            "address": ADDRESS,
            "rule": {"name": "old", "priority": 310, "security_group_id": f"{GROUP_ID}/nsg"},
        }
    ]
    assert found.reachable("internet") == [22]


def test_whom_a_window_admits_is_told() -> None:
    (entry,) = exposure(sight(nic=group_of(jit_deny(), jit_grant(DESK))), sources=("internet",)).entries
    assert entry["admitted"] == [DESK]


def test_the_address_that_is_reached_is_named() -> None:
    group = group_of(jit_deny(address=ADDRESS), jit_deny(address=NEIGHBOUR, priority=4095), allow("*", 22))
    other = group_of(jit_deny(address=ADDRESS), wire_rule("n", destinationAddressPrefix=NEIGHBOUR))
    both = exposure(sight(ADDRESS, NEIGHBOUR, nic=group), sources=("internet",)).entries
    one = exposure(sight(ADDRESS, NEIGHBOUR, nic=other), sources=("internet",)).entries
    assert [entry["address"] for entry in (*both, *one)] == [ADDRESS, NEIGHBOUR]


@pytest.mark.parametrize(
    ("addresses", "rules", "state"),
    [
        ((ADDRESS,), [jit_deny()], "present"),
        ((ADDRESS,), [], "missing"),
        ((ADDRESS,), [jit_deny(3389)], "missing"),
        ((ADDRESS,), [jit_deny(), allow()], "shadowed"),
        ((ADDRESS,), [jit_deny(), allow("198.51.100.1")], "shadowed"),
        ((ADDRESS,), [jit_deny(), jit_grant()], "present"),
        ((ADDRESS,), [jit_deny(priority=200), allow(priority=300)], "present"),
        ((ADDRESS, NEIGHBOUR), [jit_deny()], "partial"),
        ((ADDRESS, NEIGHBOUR), [jit_deny(), jit_deny(address=NEIGHBOUR, priority=4095)], "present"),
        ((ADDRESS, NEIGHBOUR), [], "missing"),
        ((ADDRESS,), [wire_rule("odd", access="?")], "unknown"),
    ],
)
def test_what_became_of_the_standing_deny(
    addresses: tuple[str, ...], rules: list[dict[str, Any]], state: str
) -> None:
    (found,) = exposure(sight(*addresses, nic=group_of(*rules))).denies
    assert found["state"] == state
    assert ("shadowed_by" in found) == (state == "shadowed")


def test_only_ports_of_policies_have_a_standing_deny() -> None:
    wanted = asked(22, 3389, covered={3389: "tcp"})
    found = report_exposure(sight(nic=group_of(jit_deny(3389))), wanted, Memory())
    assert [(deny["port"], deny["state"]) for deny in found.denies] == [(3389, "present")]
    assert [entry["port"] for entry in found.entries] == [22, 3389]


@pytest.mark.parametrize(
    ("unread", "rules", "internet"),
    [
        (Unread.ADMIN_RULES, [jit_deny()], "unknown"),
        (Unread.FIREWALL, [jit_deny()], "closed"),
        (Unread.FIREWALL, [], "unknown"),
        (Unread.LOAD_BALANCER, [allow("Internet")], "unknown"),
        (Unread.LOAD_BALANCER, [], "closed"),
    ],
)
def test_what_was_not_read_leaves_open_what_it_may_change(
    unread: Unread, rules: list[dict[str, Any]], internet: str
) -> None:
    found = exposure(sight(nic=group_of(*rules), public=PublicAddress.NONE, unread=frozenset({unread})))
    assert found.worst("internet") == internet
    assert found.reachable("internet") == []


@pytest.mark.parametrize(
    ("rules", "windows", "besides"),
    [
        ([jit_deny(), jit_grant(DESK)], {DESK}, "closed"),
        ([jit_deny(), jit_grant(DESK)], {"203.0.113.0/24"}, "closed"),
        ([jit_deny(), jit_grant("*")], {"*"}, "closed"),
        ([jit_deny(), jit_grant("*")], {DESK}, "open"),
        ([jit_deny(), jit_grant(DESK)], set(), "partial"),
        ([jit_deny(), jit_grant(DESK), allow("198.51.100.0/24")], {DESK}, "partial"),
        ([jit_deny(), jit_grant(DESK), allow("AzureCloud")], {DESK}, "unknown"),
        ([jit_deny(), jit_grant(DESK), allow()], {DESK}, "open"),
    ],
)
def test_open_windows_expose_nothing_and_what_else_lets_somebody_in_does(
    rules: list[dict[str, Any]], windows: set[str], besides: str
) -> None:
    found = report_exposure(sight(nic=group_of(*rules)), asked(22, windows={22: windows}), Memory())
    (entry,) = found.entries
    assert entry["state"] in ("partial", "open"), "they get in all the same"
    assert besides_windows(entry)["state"] == besides
    assert found.worst("internet") == besides
    assert found.reachable("internet") == ([22] if besides in ("open", "partial") else [])


def test_a_port_that_a_policy_opens_by_udp_is_judged_by_tcp_as_well() -> None:
    old = allow(name="old", protocol="Tcp")
    wanted = Asked(frozenset({(22, "tcp"), (22, "udp")}), {22: "udp"}, ("internet",))
    found = report_exposure(sight(nic=group_of(old, jit_deny())), wanted, Memory())
    assert [(entry["protocol"], entry["state"]) for entry in found.entries] == [("tcp", "open"), ("udp", "closed")]
    assert found.reachable("internet") == [22]
    assert found.denies == [{"port": 22, "state": "present"}]


def unseen(of: Sight) -> Sight:
    """Give it as it is where another interface of the VM may not be read."""
    return replace(of, layout=replace(of.layout, is_complete=False, has_all_addresses=False))


@pytest.mark.parametrize(
    ("rules", "internet", "deny_state"),
    [
        ([jit_deny()], "unknown", "unknown"),
        ([], "unknown", "missing"),
        ([jit_deny(), allow()], "open", "shadowed"),
        ([jit_deny(), jit_grant()], "partial", "unknown"),
    ],
)
def test_an_interface_that_was_not_seen_may_let_anybody_in(
    rules: list[dict[str, Any]], internet: str, deny_state: str
) -> None:
    found = exposure(unseen(sight(nic=group_of(*rules))))
    assert (found.worst("internet"), found.denies[0]["state"]) == (internet, deny_state)
    if internet == "unknown":
        assert found.entries[0]["reason"] == "not all network interfaces of the VM could be read"


def test_what_is_remembered_of_vms_that_were_seen_in_full_says_nothing_of_others() -> None:
    memory, group = Memory(), group_of(jit_deny())
    states = [
        report_exposure(one, asked(22), memory).worst("internet")
        for one in (sight(nic=group), unseen(sight(nic=group)), sight(nic=group))
    ]
    assert states == ["closed", "unknown", "closed"]


RULES = st.lists(
    st.one_of(
        st.builds(
            allow,
            st.sampled_from(["*", DESK, "VirtualNetwork", "AzureCloud", "10.0.0.0/24"]),
            st.sampled_from([22, "20-30", 3389, "*"]),
            st.integers(100, 4000),
            st.sampled_from(["a", "b"]),
            destinationAddressPrefix=st.sampled_from(["*", ADDRESS, NEIGHBOUR, "10.0.0.4/31", "10.0.0.5/32"]),
        ),
        st.builds(
            deny,
            st.sampled_from(["*", DESK, "Internet"]),
            st.sampled_from([22, 3389]),
            st.integers(100, 4000),
            destinationAddressPrefix=st.sampled_from(["*", ADDRESS, NEIGHBOUR]),
        ),
        st.builds(
            jit_deny,
            st.sampled_from([22, 3389]),
            priority=st.sampled_from([200, 4096]),
            address=st.sampled_from([ADDRESS, NEIGHBOUR]),
        ),
        st.builds(
            jit_grant,
            st.sampled_from([DESK, "198.51.100.0/24"]),
            st.sampled_from([22, 3389]),
            st.integers(100, 110),
            st.sampled_from([ADDRESS, NEIGHBOUR]),
        ),
    ),
    max_size=6,
    unique_by=lambda rule: rule["properties"]["priority"],
)


@given(
    st.lists(st.tuples(RULES, st.sampled_from([ADDRESS, NEIGHBOUR])), min_size=2, max_size=4),
    st.sets(st.sampled_from([DESK, "198.51.100.0/24"])),
)
def test_what_is_remembered_of_other_vms_changes_nothing(
    vms: list[tuple[list[dict[str, Any]], str]], windows: set[str]
) -> None:
    memory = Memory()
    wanted = asked(
        22,
        3389,
        5986,
        covered={22: "tcp", 3389: "tcp"},
        sources=("internet", "virtual_network", DESK),
        windows={22: windows},
    )
    for index, (rules, address) in enumerate(vms):
        group = group_of(*rules, name=f"nsg-{index}")
        # Two VMs share each group: what is for the one's address is not for the other's.
        for own in (address, NEIGHBOUR if address == ADDRESS else ADDRESS):
            seen = sight(own, nic=group)
            assert report_exposure(seen, wanted, memory) == report_exposure(seen, wanted, Memory())
