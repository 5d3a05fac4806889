# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of any size, made from a few numbers; the same numbers and seed give the same fleet."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, fields
from typing import Any, Literal

from ..compute.models import OperatingSystem, VirtualMachine
from ..exchange import Json
from ..network.models import Subnet
from ..subscriptions.models import ResourceGroup
from ..world import World
from . import build

REGIONS = (
    "westeurope",
    "northeurope",
    "eastus",
    "westus2",
    "uksouth",
    "francecentral",
    "southeastasia",
    "australiaeast",
    "centralus",
    "japaneast",
)
_ROLES = ("vdi", "vdi", "web", "vdi", "db")
_MAX_VMS = 250_000


@dataclass(frozen=True, slots=True)
class Generated:
    """The numbers of a generated fleet."""

    vms: int = 100
    subscriptions: int = 1
    groups: int = 4
    regions: int = 1
    jit: Literal["none", "all", "half"] = "none"


def read_numbers(text: str) -> Generated:
    """Read `vms=1000,subscriptions=2,groups=20,regions=2,jit=all`. Raises ValueError."""
    known = {entry.name for entry in fields(Generated)}
    values: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name not in known:
            raise ValueError(
                f"'{part.strip()}' is not one of vms=N, subscriptions=N, groups=N, regions=N, jit=none|all|half"
            )
        values[name] = _read_jit(value) if name == "jit" else _read_count(name, value)
    fleet = Generated(**values)
    return _checked(fleet)


def _read_jit(value: str) -> str:
    """Read the share of VMs that are covered. Raises ValueError."""
    if value not in ("none", "all", "half"):
        raise ValueError(f"jit={value}: allowed are none, all and half")
    return value


def _read_count(name: str, value: str) -> int:
    """Read a whole number. Raises ValueError."""
    if not value.isdecimal():
        raise ValueError(f"{name}={value}: a whole number is needed")
    return int(value)


def _checked(fleet: Generated) -> Generated:
    """Return a fleet whose numbers fit together. Raises ValueError."""
    if not 1 <= fleet.vms <= _MAX_VMS:
        raise ValueError(f"vms={fleet.vms}: allowed is 1 to {_MAX_VMS}")
    if fleet.groups < 1:
        raise ValueError(f"groups={fleet.groups}: at least 1 is needed")
    if not 1 <= fleet.subscriptions <= fleet.groups:
        raise ValueError(
            f"subscriptions={fleet.subscriptions}: allowed is 1 to the number of groups ({fleet.groups})"
        )
    if not 1 <= fleet.regions <= min(fleet.groups, len(REGIONS)):
        raise ValueError(
            f"regions={fleet.regions}: allowed is 1 to {len(REGIONS)}, and not more than groups ({fleet.groups})"
        )
    if fleet.vms > fleet.groups * 60_000:
        raise ValueError(f"vms={fleet.vms}: at most 60000 in each of {fleet.groups} groups")
    return fleet


def populate(world: World, fleet: Generated) -> None:
    """Fill an empty world."""
    draw = random.Random(f"{world.seed}/{fleet.vms}/{fleet.subscriptions}/{fleet.groups}/{fleet.regions}")
    groups = _add_groups(world, fleet, draw)
    subnets = [_add_network(group, number) for number, group in enumerate(groups)]
    covered: list[list[VirtualMachine]] = [[] for _ in groups]
    for number in range(fleet.vms):
        place = number % len(groups)
        vm = _add_vm(world, groups[place], subnets[place], number, number // len(groups), draw)
        if fleet.jit == "all" or (fleet.jit == "half" and (number // len(groups) + place) % 2 == 0):
            covered[place].append(vm)
    for group, vms in zip(groups, covered, strict=True):
        if vms:
            build.add_policy(world, group, "default", [(vm, bulk_ports()) for vm in vms])


def default_ports(os: OperatingSystem) -> list[Json]:
    """Return what the portal proposes for one VM: its remote desktop or shell [docs]."""
    return [_port(3389 if os == "Windows" else 22)]


def bulk_ports() -> list[Json]:
    """Return what the portal proposes for many VMs at once [docs]."""
    return [_port(number) for number in (22, 3389, 5985, 5986)]


def _port(number: int) -> Json:
    """Return a port that may be asked for three hours, from any source: the portal's own values [docs]."""
    return {
        "number": number,
        "protocol": "*",
        "allowedSourceAddressPrefix": "*",
        "maxRequestAccessDuration": "PT3H",
    }


def _add_groups(world: World, fleet: Generated, draw: random.Random) -> list[ResourceGroup]:
    """Add subscriptions, and groups spread over them; each group lies in one region."""
    subscriptions = [
        build.add_subscription(
            world,
            str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            f"Fleet {number + 1:03d}",
            "Standard",
            "P2",
        )
        for number in range(fleet.subscriptions)
    ]
    return [
        subscriptions[number % len(subscriptions)].add_group(
            f"rg-fleet-{number + 1:03d}", REGIONS[number // len(subscriptions) % fleet.regions]
        )
        for number in range(fleet.groups)
    ]


def _add_network(group: ResourceGroup, number: int) -> Subnet:
    """Add the one network and subnet of a group."""
    prefix = f"10.{number % 250}.0.0/16"
    network = build.add_network(group, f"vnet-{number + 1:03d}", [prefix])
    return build.add_subnet(network, "default", prefix, None)


def _add_vm(
    world: World, group: ResourceGroup, subnet: Subnet, number: int, place: int, draw: random.Random
) -> VirtualMachine:
    """Add a VM with the interface, address and security group that the portal would make for it."""
    os: OperatingSystem = "Windows" if draw.random() < 0.6 else "Linux"
    role = _ROLES[place % len(_ROLES)]
    name = f"{role}-{'win' if os == 'Windows' else 'lnx'}-{number + 1:05d}"
    nsg = build.add_nsg(group, f"{name}-nsg")
    high, low = divmod(number + 1, 65_000)
    address = f"127.{100 + high}.{low // 250}.{low % 250 + 1}"
    public = build.add_public_address(group, f"{name}-ip", address, None)
    network = ".".join(subnet.prefix.split(".")[:2])
    private = f"{network}.{(place + 4) // 250}.{(place + 4) % 250 + 1}"
    nic = build.add_interface(group, f"{name}-nic", subnet, private, public, nsg)
    return build.add_vm(world, group, name, os, nic, tags={"role": role, "environment": "fleet"})
