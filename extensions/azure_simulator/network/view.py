# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of which VMs answer whom, by the effective rules: the data plane's view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from ..compute.models import VirtualMachine
from ..reachability import Endpoint
from ..world import World
from .models import NetworkInterface
from .rules import RuleMatch, Traffic, admits, contains, parse_network

MANAGEMENT_PORTS = (22, 3389, 5985, 5986)
_LOOPBACK = IPv4Network("127.0.0.0/8")


class EffectiveReachability:
    """Reachability of a world as it is at the moment of the call.

    The only callers that can exist are this machine's loopback addresses, which count as internet addresses. So an
    endpoint that only the virtual network or some far address could reach is nothing to listen on.
    """

    def __init__(self, world: World) -> None:
        """Look at `world`."""
        self._world = world

    def endpoints(self) -> Iterable[Endpoint]:
        """Yield what to listen on now."""
        ports_of = self._policy_ports()
        for group in self._world.groups():
            for vm in group.vms.values():
                if vm.is_running:
                    yield from _endpoints(vm, ports_of.get(vm.key, ()))

    def admits(self, address: str, port: int, source: str) -> bool:
        """Tell whether `source` gets through to `address`:`port` now."""
        interface = self._interfaces().get(address)
        if interface is None or interface.vm is None or not interface.vm.is_running:
            return False
        return admits(_layers(interface), _traffic(interface, port, source))

    def _interfaces(self) -> dict[str, NetworkInterface]:
        """Index the interfaces by public address."""
        return {
            public.address: public.interface
            for group in self._world.groups()
            for public in group.public_addresses.values()
            if public.interface is not None
        }

    def _policy_ports(self) -> dict[str, set[int]]:
        """Collect the ports that JIT policies name for each VM."""
        ports: dict[str, set[int]] = {}
        for policy in self._world.policies.all():
            for key, entry in policy.vms.items():
                ports.setdefault(key, set()).update(int(rule["number"]) for rule in entry["ports"])
        return ports


def _endpoints(vm: VirtualMachine, policy_ports: Iterable[int]) -> Iterator[Endpoint]:
    """Yield the endpoints of one VM that some caller of this machine reaches."""
    for interface in vm.nics:
        public = interface.public_address
        if public is None:
            continue
        layers = _layers(interface)
        for port in sorted({*MANAGEMENT_PORTS, *policy_ports}):
            if any(admits(layers, _traffic(interface, port, source)) for source in _callers(layers)):
                service = "ssh" if port == 22 and vm.os == "Linux" else "tcp"
                yield Endpoint(public.address, port, "ssh" if service == "ssh" else "tcp", vm.name, vm.admin)


def _layers(interface: NetworkInterface) -> list[list[RuleMatch]]:
    """Return the inbound rules that traffic passes; no group at all is closed for a Standard address [docs]."""
    layers = [nsg.inbound() for nsg in interface.security_groups()]
    if layers or (interface.public_address is not None and interface.public_address.sku == "Basic"):
        return layers
    return [[]]


def _traffic(interface: NetworkInterface, port: int, source: str) -> Traffic:
    """Describe a connection after address translation."""
    return Traffic(source, interface.private_address, port, interface.subnet.network.prefixes)


def _callers(layers: list[list[RuleMatch]]) -> set[str]:
    """Return loopback addresses of which each stands for all that the rules treat alike."""
    callers = {"127.0.0.1"}
    for rules in layers:
        for rule in rules:
            for prefix in rule.sources:
                network = parse_network(prefix)
                if isinstance(network, IPv4Network) and network.subnet_of(_LOOPBACK):
                    callers.add(str(network.network_address))
                    callers.add(str(network.network_address + min(1, network.num_addresses - 1)))
    return {caller for caller in callers if contains("127.0.0.0/8", caller)}
