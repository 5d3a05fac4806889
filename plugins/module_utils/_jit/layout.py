# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a VM hangs in its network: addresses, and the security groups before each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .endpoints import PublicAddress
from .hosts import InterfaceRow, VmRow
from .ids import VmId
from .networks import Networks
from .sources import normal


@dataclass(frozen=True, slots=True)
class Attachment:
    """One IP configuration of a network interface: a private address, and the groups that traffic to it passes.

    Groups are ids as Azure wrote them; None means that there is none. `subnet_known` False means that the subnet
    could not be read, so that it may have a group. `application_groups` are ids in lower case. `is_balanced` tells
    whether a load balancer forwards here; one that knows its backends by address alone can't be seen.
    """

    nic_id: str
    address: str
    nic_group: str | None
    subnet_group: str | None
    subnet_known: bool
    public_address: str | None = None
    public: PublicAddress = PublicAddress.UNKNOWN
    application_groups: frozenset[str] = frozenset()
    network_space: tuple[str, ...] = ()
    routed: tuple[str, ...] = ()
    is_balanced: bool = False
    subnet: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """Give the groups in the order in which inbound traffic passes them."""
        return tuple(group for group in (self.subnet_group, self.nic_group) if group)


@dataclass(frozen=True, slots=True)
class Layout:
    """A VM's attachments; `is_complete` says that all its interfaces and subnets were seen.

    `has_all_addresses` says that all interfaces were, with all their addresses, be it without their subnets.
    """

    vm: VmId
    attachments: tuple[Attachment, ...]
    is_complete: bool
    has_all_addresses: bool = True

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(normal(attachment.address) for attachment in self.attachments)

    @property
    def groups(self) -> tuple[str, ...]:
        """Give all groups, each once."""
        groups = (group for attachment in self.attachments for group in attachment.groups)
        return tuple({group.lower(): group for group in groups}.values())


def read_layout(row: VmRow) -> Layout | None:
    """Read a VM's layout from its row; None where the row's id is no VM's."""
    vm = VmId.find_in(row["id"])
    if vm is None:
        return None
    interfaces = row["interfaces"] or []
    attachments = tuple(_read_attachment(interface) for interface in interfaces if interface["privateAddress"])
    seen = {interface["nic"].lower() for interface in interfaces}
    has_all = len(seen) == row["nicCount"]
    is_complete = has_all and all(attachment.subnet_known for attachment in attachments)
    return Layout(vm, attachments, is_complete, has_all and len(attachments) == len(interfaces))


def _read_attachment(interface: InterfaceRow) -> Attachment:
    return Attachment(
        nic_id=interface["nic"],
        address=str(interface["privateAddress"]),
        nic_group=interface["securityGroup"] or None,
        subnet_group=interface["subnetSecurityGroup"] or None,
        subnet_known=bool(interface["subnetSeen"]),
        public_address=interface["publicAddress"] or None,
        public=_public(interface),
        application_groups=frozenset(
            str(group.get("id") or "").lower() for group in interface["applicationGroups"] or ()
        ),
        network_space=tuple(interface["networkSpace"] or ()),
        is_balanced=bool(interface["natRules"] or interface["backendPools"]),
        subnet=interface["subnet"] or "",
    )


def _public(interface: InterfaceRow) -> PublicAddress:
    """Tell what kind of public address it is; a second version of Standard is as strict as the first [docs]."""
    if not interface["hasPublic"]:
        return PublicAddress.NONE
    sku = (interface["publicSku"] or "").lower()
    if sku.startswith("standard"):
        return PublicAddress.STANDARD
    return PublicAddress.BASIC if sku == "basic" else PublicAddress.UNKNOWN


def connect(layout: Layout, networks: Networks) -> Layout:
    """Add to a layout what is known to be connected to its subnets."""
    attachments = tuple(replace(one, routed=networks.routed(one.subnet)) for one in layout.attachments)
    return replace(layout, attachments=attachments)


def groups_of(layouts: Iterable[Layout]) -> list[str]:
    """Give the groups of several VMs, each once."""
    return list({group.lower(): group for layout in layouts for group in layout.groups}.values())
