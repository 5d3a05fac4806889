# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands before a VM's addresses, read from its row."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import Endpoint, PublicAddress, Unread
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import read_layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.network_view import NetworkView
from fleet_rows import interface, network_id, vm_row


def endpoint(**changes: Any) -> Endpoint:
    layout = read_layout(vm_row("vm", interface(**changes)))
    assert layout is not None
    (only,) = NetworkView({}).endpoints(layout)
    return only


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"hasPublic": False}, PublicAddress.NONE),
        ({"hasPublic": True, "publicSku": "Standard"}, PublicAddress.STANDARD),
        ({"hasPublic": True, "publicSku": "StandardV2"}, PublicAddress.STANDARD),
        ({"hasPublic": True, "publicSku": "Basic"}, PublicAddress.BASIC),
        ({"hasPublic": True, "publicSku": "basic"}, PublicAddress.BASIC),
        ({"hasPublic": True, "publicSku": ""}, PublicAddress.UNKNOWN),
        ({"hasPublic": True, "publicSku": None}, PublicAddress.UNKNOWN),
        ({"hasPublic": True, "publicSku": "Premium"}, PublicAddress.UNKNOWN),
    ],
)
def test_a_public_address_that_was_not_read_is_unknown(row: dict[str, Any], kind: PublicAddress) -> None:
    assert endpoint(**row).public is kind


@pytest.mark.parametrize(
    ("row", "unread"),
    [
        ({}, set()),
        ({"natRules": 0, "backendPools": 0}, set()),
        ({"natRules": 1}, {Unread.LOAD_BALANCER}),
        ({"backendPools": 2}, {Unread.LOAD_BALANCER}),
    ],
)
def test_what_a_load_balancer_forwards_was_not_read(row: dict[str, Any], unread: set[Unread]) -> None:
    assert endpoint(**row).unread == unread


def test_application_groups_and_the_network_are_known() -> None:
    group = network_id("applicationSecurityGroups", "ASG-Web")
    found = endpoint(applicationGroups=[{"id": group}], networkSpace=["10.0.0.0/16", "172.20.0.0/24"])
    assert found.application_groups == frozenset({group.lower()})
    assert found.network_space == ("10.0.0.0/16", "172.20.0.0/24")


@pytest.mark.parametrize(
    ("count", "row", "all_seen", "complete"),
    [
        (1, {}, True, True),
        (1, {"subnetSeen": None}, True, False),
        (1, {"privateAddress": ""}, False, True),
        (2, {}, False, False),
        (None, {}, False, False),
    ],
)
def test_a_vm_is_seen_in_full_with_all_interfaces_and_addresses(
    count: int | None, row: dict[str, Any], all_seen: bool, complete: bool
) -> None:
    layout = read_layout(vm_row(interfaces=[interface(**row)], nicCount=count))
    assert layout is not None
    assert (layout.has_all_addresses, layout.is_complete) == (all_seen, complete)


def test_a_network_that_could_not_be_read_has_no_known_space() -> None:
    assert endpoint(networkSpace=None, subnetSeen=None).network_space == ()


def test_a_row_of_something_else_has_no_layout() -> None:
    assert read_layout(vm_row("vm", interface(), id=network_id("networkInterfaces", "nic-1"))) is None
