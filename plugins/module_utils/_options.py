# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's options to the operations' values, with every mistake named by its element."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from ._jit.access import Origin
from ._jit.address_sets import whole_internet
from ._jit.errors import InvalidOption, InvalidOptions
from ._jit.ids import VmId, is_subscription_id
from ._jit.ports import SERVICES
from ._jit.sources import ANY, is_unlimited, network_of, normal
from ._jit.times import not_a_duration, parse_duration, read_duration

_VM_NAME_KEYS = frozenset({"id", "subscription_id", "resource_group", "name"})
_NO_WISHES = _VM_NAME_KEYS | {"hosts", "address"}

EMPTY_LIST = "the list is empty, which would mean nothing or everything: leave the option out"

T = TypeVar("T")


def batch_spec() -> dict[str, Any]:
    """Options of the documentation fragment `jitfleet.azure.batch`."""
    return {
        "vms": {"type": "list", "elements": "raw"},
        "hosts": {"type": "list", "elements": "str"},
        "resource_groups": {"type": "list", "elements": "str"},
        "subscriptions": {"type": "list", "elements": "str"},
        "filter": {"type": "str"},
        "unknown_hosts": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
        "on_failure": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
    }


def read_subscriptions(texts: Iterable[str], option: str = "subscriptions") -> tuple[str, ...]:
    """Read ids of subscriptions, each once."""
    ids = [text.strip() for text in texts]
    wrong = [
        InvalidOption(
            f"{option}[{index}]" if len(ids) > 1 else option,
            f"{text!r} is not a subscription's id, which looks like a UUID",
        )
        for index, text in enumerate(ids)
        if not is_subscription_id(text)
    ]
    if wrong:
        raise InvalidOptions(wrong)
    return tuple({text.lower(): text for text in ids}.values())


@dataclass(frozen=True, slots=True)
class Selected:
    """A VM of the batch, the hosts that stand for it, and what is said for it alone.

    `addresses` are those by which the hosts are reached from here.
    """

    vm: VmId
    hosts: tuple[str, ...]
    own: Mapping[str, Any]
    option: str
    addresses: tuple[str, ...] = ()

    def read(self, key: str, reader: Callable[[str, Any], T], common: T) -> T:
        """Read what is said for this VM alone, or take what holds for all."""
        return reader(self._name(key), self.own[key]) if key in self.own else common

    def refuse(self, keys: Iterable[str], why: str) -> None:
        """Refuse what is said for this VM alone."""
        for key in keys:
            if key in self.own:
                raise InvalidOption(self._name(key), why)

    def _name(self, key: str) -> str:
        return f"{self.option}.{key}" + (f" of host {self.hosts[0]}" if self.hosts else "")


def read_vms(params: Mapping[str, Any], own_keys: Iterable[str]) -> list[Selected]:
    """Read `vms`; a VM that is named twice counts once, under all its hosts.

    `own_keys` are the keys that a mapping may have beside those that name the VM.
    """
    allowed = _VM_NAME_KEYS | {"hosts"} | set(own_keys)
    subscription_id = params["subscription_id"]
    selected: dict[VmId, Selected] = {}
    problems = []
    for index, raw in enumerate(params["vms"] or ()):
        try:
            vm = _read_vm(f"vms[{index}]", raw, allowed, subscription_id)
            earlier = selected.get(vm.vm)
            selected[vm.vm] = _joined(earlier, vm) if earlier else vm
        except InvalidOption as problem:
            problems.append(problem)
    if not selected and not problems:
        problems.append(
            InvalidOption(
                "vms",
                "no virtual machine is named: run the task in a play over VMs, name them here, or say where they "
                "are by resource_groups or subscriptions",
            )
        )
    if problems:
        raise InvalidOptions(problems)
    return list(selected.values())


def _read_vm(option: str, raw: Any, allowed: frozenset[str] | set[str], subscription_id: str | None) -> Selected:
    if isinstance(raw, str):
        return Selected(VmId.parse(option, raw), (), {}, option)
    if not isinstance(raw, Mapping):
        raise InvalidOption(option, f"{raw!r} is neither the id of a virtual machine nor a mapping")
    if unknown := sorted(set(raw) - allowed):
        raise InvalidOption(option, f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(allowed))}")
    own = {key: value for key, value in raw.items() if key not in _NO_WISHES and value is not None}
    addresses = (str(raw["address"]).strip(),) if raw.get("address") else ()
    return Selected(_vm_of(option, raw, subscription_id), tuple(raw.get("hosts") or ()), own, option, addresses)


def _vm_of(option: str, raw: Mapping[str, Any], subscription_id: str | None) -> VmId:
    if raw.get("id"):
        return VmId.parse(f"{option}.id", str(raw["id"]))
    if not raw.get("resource_group") or not raw.get("name"):
        raise InvalidOption(option, "name the virtual machine by its id, or by resource_group and name")
    subscription = str(raw.get("subscription_id") or subscription_id or "")
    if not is_subscription_id(subscription):
        raise InvalidOption(
            option,
            f"{subscription!r} is not a subscription's id: give subscription_id here, as the task's option, "
            "or in AZURE_SUBSCRIPTION_ID",
        )
    return VmId.parse(option, str(VmId.of(subscription, str(raw["resource_group"]), str(raw["name"]))))


def _joined(earlier: Selected, later: Selected) -> Selected:
    if dict(earlier.own) != dict(later.own):
        raise InvalidOption(
            later.option, f"{later.vm.name} is also {earlier.option}, where other wishes are given for the same VM"
        )
    addresses = tuple(dict.fromkeys(earlier.addresses + later.addresses))
    return dataclasses.replace(earlier, hosts=earlier.hosts + later.hosts, addresses=addresses)


def collect(values: Iterable[T], read: Callable[[T], Any]) -> list[Any]:
    """Read all values, and raise all problems together."""
    results, problems = [], []
    for value in values:
        try:
            results.append(read(value))
        except InvalidOption as problem:
            problems.append(problem)
        except InvalidOptions as several:
            problems += several.problems
    if problems:
        raise InvalidOptions(problems)
    return results


def read_each(selected: Iterable[Selected], read: Callable[[Selected], T]) -> list[T]:
    """Read every VM's own wishes; a wrong one of a host's variables is named by the host."""
    return collect(selected, read)


def read_port(option: str, raw: Any) -> int:
    """Read a port: a number, or the name of a service."""
    if isinstance(raw, str) and raw.lower() in SERVICES:
        return SERVICES[raw.lower()]
    number = int(raw) if isinstance(raw, int) or (isinstance(raw, str) and raw.isdecimal()) else -1
    if isinstance(raw, bool) or not 0 < number <= 65535:
        raise InvalidOption(option, f"{raw!r} is neither a port from 1 to 65535 nor one of {', '.join(SERVICES)}")
    return number


def refuse_empty(option: str, raw: Any) -> None:
    """Refuse a list that is given and empty: a variable came out so, which never means the widest choice."""
    if raw is not None and not as_list(raw):
        raise InvalidOption(option, EMPTY_LIST)


def read_ports(option: str, raw: Any) -> tuple[int, ...]:
    """Read the ports of a request, each once; none where nothing is given."""
    refuse_empty(option, raw)
    numbers = collect(enumerate(as_list(raw)), lambda item: read_port(f"{option}[{item[0]}]", item[1]))
    return tuple(dict.fromkeys(numbers))


def read_origin(option: str, raw: Any, *, allow_any: bool) -> Origin:
    """Read where access shall be possible from."""
    refuse_empty(option, raw)
    words = [str(word).strip() for word in as_list(raw)] or ["my_ip"]
    everything = Origin(whole_policy=True, any_source=allow_any)
    for word, origin in (("my_ip", Origin(own_address=True)), ("policy", everything)):
        if word in (text.lower() for text in words):
            if len(words) > 1:
                raise InvalidOption(option, f"{word} can't be combined with other sources")
            return origin
    prefixes = collect(enumerate(words), lambda item: _read_prefix(f"{option}[{item[0]}]", item[1], allow_any))
    if not allow_any:
        _refuse_internet(option, prefixes)
    return Origin(prefixes=tuple(sorted(set(prefixes))))


def _refuse_internet(option: str, prefixes: Sequence[str]) -> None:
    if version := whole_internet(prefixes):
        raise InvalidOption(
            option,
            f"together these open the port to the whole internet of IPv{version}; say allow_any_source: true "
            "to mean it",
        )


def _read_prefix(option: str, text: str, allow_any: bool) -> str:
    network = network_of(text)
    if is_unlimited(text):
        if not allow_any:
            raise InvalidOption(
                option, f"{text} opens the port to the whole internet; say allow_any_source: true to mean it"
            )
        return normal(text) if network is not None and network.version == 6 else ANY
    if network is None:
        raise InvalidOption(
            option, f"{text!r} is neither an address, a CIDR prefix nor one of the words my_ip, policy, any"
        )
    return normal(text)


def read_access_duration(option: str, raw: Any) -> timedelta | None:
    return parse_duration(option, str(raw)) if raw is not None else None


def read_span(option: str, raw: Any) -> timedelta | None:
    """Read a duration that the service knows nothing of, so that its bounds don't hold."""
    if raw is None:
        return None
    span = read_duration(str(raw))
    if span is None:
        raise InvalidOption(option, not_a_duration(raw))
    return span


def as_list(raw: Any) -> list[Any]:
    """Take a single value for a list of one, and none for an empty one."""
    if raw is None:
        return []
    return list(raw) if isinstance(raw, (list, tuple)) else [raw]
