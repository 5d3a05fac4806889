# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is missing is found where it is missing, by few requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.allowed_actions import Granted
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    AzureError,
    AzureRefused,
    PermissionsMissing,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.permissions import (
    CLOSE_BY_RULE,
    COVER,
    OPEN,
    ROLES,
    Deed,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.check_permissions import (
    MOST_GROUPS,
    check_permissions,
)
from memory_azure import MemoryAzure
from samples import SUBSCRIPTION, entry, policy_id, port, vm_id

FORBIDDEN = AzureRefused("GET permissions", 403, "AuthorizationFailed", "no right")
JIT = "Microsoft.Security/locations/jitNetworkAccessPolicies"
DELETE_RULE = "Microsoft.Network/networkSecurityGroups/securityRules/delete"
OWNER = Granted(("*",))
REQUESTER, OPERATOR, ADMINISTRATOR = (Granted(role.actions) for role in ROLES)


def group(name: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"


@dataclass
class MemoryPermissions:
    """What is granted, by group; everywhere else `elsewhere`."""

    groups: dict[str, Granted | AzureError] = field(default_factory=dict)
    elsewhere: Granted | AzureError = OWNER
    asked: list[str] = field(default_factory=list)

    def granted(self, scope: str) -> list[Granted]:
        self.asked.append(scope)
        answer = self.groups.get(scope, self.elsewhere)
        if isinstance(answer, AzureError):
            raise answer
        return [answer]


@dataclass
class MemoryLayouts:
    """Layouts with network parts in groups of their own; none where nothing is known."""

    known: bool = True
    fails: bool = False

    def layouts(self, wanted: Collection[VmId]) -> Mapping[VmId, Layout]:
        if self.fails:
            raise FORBIDDEN
        nsg = f"{group('rg-hub')}/providers/Microsoft.Network/networkSecurityGroups/nsg"
        nic = f"{group('rg-nics')}/providers/Microsoft.Network/networkInterfaces/nic"
        subnet = f"{group('rg-net')}/providers/Microsoft.Network/virtualNetworks/net/subnets/one"
        attachment = Attachment(nic, "10.0.0.4", None, nsg, subnet_known=True, subnet=subnet)
        return {vm: Layout(vm, (attachment,), is_complete=True) for vm in wanted} if self.known else {}


@dataclass
class Services:
    jit: MemoryAzure = field(default_factory=MemoryAzure)
    permissions: MemoryPermissions = field(default_factory=MemoryPermissions)
    layouts: MemoryLayouts = field(default_factory=MemoryLayouts)
    warnings: list[str] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def covered(services: Services, *names: str, vms_group: str = "rg-vms", held_in: str = "rg-vms") -> list[VmId]:
    vms = [services.jit.add_vm(vm_id(name, vms_group)) for name in names]
    services.jit.hold(policy_id(group=held_in), *(entry(vm, port(22)) for vm in vms))
    return vms


def missing(services: Services, deed: Deed, vms: list[VmId]) -> dict[str, tuple[str, ...]]:
    with pytest.raises(PermissionsMissing) as caught:
        check_permissions([deed], vms, services)
    return caught.value.missing


def test_nothing_is_said_where_nothing_is_missing() -> None:
    services = Services()
    check_permissions([OPEN, CLOSE_BY_RULE, COVER], covered(services, "a", "b"), services)
    assert services.warnings == []
    assert all(call.verb == "list" for call in services.jit.calls)


def test_the_action_the_group_and_the_role_that_has_it_are_named() -> None:
    services = Services(permissions=MemoryPermissions({group("rg-vms"): Granted(("*/read",))}))
    with pytest.raises(PermissionsMissing) as caught:
        check_permissions([OPEN], covered(services, "a"), services)
    assert caught.value.missing == {group("rg-vms"): (f"{JIT}/initiate/action",)}
    text = str(caught.value)
    assert "nothing was sent" in text
    assert f"{JIT}/initiate/action in resource group rg-vms (subscription {SUBSCRIPTION})" in text
    assert "JIT requester" in text
    assert "jit_requester.json" in text


def test_an_action_is_asked_for_where_its_object_is() -> None:
    reader = MemoryPermissions(elsewhere=Granted(("*/read",)))
    services = Services(permissions=reader)
    vms = covered(services, "a", held_in="rg-policies")
    assert missing(services, CLOSE_BY_RULE, vms) == {group("rg-hub"): (DELETE_RULE,)}
    assert missing(services, OPEN, vms) == {group("rg-policies"): (f"{JIT}/initiate/action",)}
    assert missing(services, COVER, vms) == {
        group("rg-policies"): (f"{JIT}/write",),
        group("rg-vms"): ("Microsoft.Compute/virtualMachines/write",),
    }


@pytest.mark.parametrize("layouts", [MemoryLayouts(known=False), MemoryLayouts(fails=True)])
def test_what_is_not_found_is_taken_to_be_beside_the_vm(layouts: MemoryLayouts) -> None:
    services = Services(permissions=MemoryPermissions(elsewhere=Granted(("*/read",))), layouts=layouts)
    assert missing(services, CLOSE_BY_RULE, covered(services, "a")) == {group("rg-vms"): (DELETE_RULE,)}


def test_a_vm_without_a_policy_will_have_one_in_its_group() -> None:
    services = Services(permissions=MemoryPermissions(elsewhere=Granted(("*/read",))))
    vm = services.jit.add_vm(vm_id("new", "rg-new"))
    assert missing(services, COVER, [vm]) == {
        group("rg-new"): ("Microsoft.Compute/virtualMachines/write", f"{JIT}/write")
    }


@pytest.mark.parametrize(
    ("granted", "deed", "suffices"),
    [
        (REQUESTER, OPEN, True),
        (REQUESTER, CLOSE_BY_RULE, False),
        (REQUESTER, COVER, False),
        (OPERATOR, CLOSE_BY_RULE, True),
        (OPERATOR, COVER, False),
        (ADMINISTRATOR, COVER, True),
        (ADMINISTRATOR, CLOSE_BY_RULE, True),
    ],
)
def test_our_roles_are_enough_for_what_they_are_for(granted: Granted, deed: Deed, suffices: bool) -> None:
    services = Services(permissions=MemoryPermissions(elsewhere=granted))
    vms = covered(services, "a")
    if suffices:
        check_permissions([deed], vms, services)
    else:
        assert missing(services, deed, vms)


def test_a_group_of_which_azure_does_not_tell_is_unknown_and_no_failure() -> None:
    services = Services(permissions=MemoryPermissions({group("rg-vms"): FORBIDDEN}))
    check_permissions([OPEN], covered(services, "a"), services)
    (warning,) = services.warnings
    assert "unknown" in warning
    assert "rg-vms" in warning
    assert "AuthorizationFailed" in warning


def test_one_request_for_each_group_whatever_the_number_of_vms() -> None:
    services = Services()
    vms = covered(services, *(f"vm-{number}" for number in range(500)))
    check_permissions([OPEN], vms, services)
    assert sorted(services.permissions.asked) == sorted([group("rg-vms"), group("rg-nics")])


def test_groups_in_other_letters_are_asked_for_once() -> None:
    services = Services(layouts=MemoryLayouts(known=False))
    vms = [*covered(services, "a"), services.jit.add_vm(vm_id("b", "RG-VMS"))]
    check_permissions([OPEN, COVER], vms, services)
    assert len(services.permissions.asked) == 1


def test_the_number_of_requests_is_bounded_and_the_rest_is_told() -> None:
    services = Services(layouts=MemoryLayouts(known=False))
    vms = [services.jit.add_vm(vm_id("vm", f"rg-{number}")) for number in range(MOST_GROUPS + 50)]
    check_permissions([COVER], vms, services)
    assert len(services.permissions.asked) == MOST_GROUPS
    assert any(f"{MOST_GROUPS} resource groups only, of {MOST_GROUPS + 50}" in text for text in services.warnings)


def test_a_long_list_of_groups_is_cut_short() -> None:
    services = Services(permissions=MemoryPermissions(elsewhere=Granted(())), layouts=MemoryLayouts(known=False))
    vms = [services.jit.add_vm(vm_id("vm", f"rg-{number:03}")) for number in range(40)]
    with pytest.raises(PermissionsMissing) as caught:
        check_permissions([COVER], vms, services)
    assert "rg-009" in str(caught.value)
    assert "rg-010" not in str(caught.value)
    assert "and 30 more" in str(caught.value)
    assert len(caught.value.missing) == 40
