# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as hypothesis draws them: few VMs, ports and sources, so that they meet often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from hypothesis import strategies as st
from samples import vm_id

Json = dict[str, Any]

NAMES = ("vm-1", "VM-2", "vm-3")
NUMBERS = st.sampled_from([22, 3389])
PROTOCOLS = st.sampled_from(["TCP", "UDP", "*"])
# Each source in the spellings that mean the same.
SPELLINGS = {
    "*": ["*", "0.0.0.0/0", "203.0.113.7/0", "Internet", "any"],
    "203.0.113.7": ["203.0.113.7", "203.0.113.7/32", " 203.0.113.7"],
    "10.1.0.0/16": ["10.1.0.0/16", "10.1.2.3/16", "10.1.0.0/255.255.0.0"],
    "2001:db8::/32": ["2001:db8::/32", "2001:DB8::/32", "2001:0db8:0:0::/32"],
}
SOURCES = st.frozensets(st.sampled_from(sorted(SPELLINGS)), min_size=1, max_size=3)
DURATIONS = st.sampled_from([5, 60, 90, 180, 1440]).map(lambda minutes: timedelta(minutes=minutes))
UNKNOWN = st.dictionaries(st.sampled_from(["note", "x-extra"]), st.integers() | st.lists(st.text(max_size=3)))
VMS = st.sampled_from(NAMES).map(vm_id)

RULES = st.builds(PortRule, NUMBERS, PROTOCOLS, SOURCES, DURATIONS)


def clash(one: PortRule, other: PortRule) -> bool:
    """Tell whether Azure would refuse the two side by side, put in other words than the code's."""
    spans = {"TCP": {"TCP"}, "UDP": {"UDP"}, "*": {"TCP", "UDP"}}
    return one.number == other.number and bool(spans[one.protocol] & spans[other.protocol])


def _without_clashes(rules: list[PortRule]) -> tuple[PortRule, ...]:
    kept: list[PortRule] = []
    for rule in rules:
        if not any(clash(rule, other) for other in kept):
            kept.append(rule)
    return tuple(kept)


def rule_sets(min_size: int = 0) -> st.SearchStrategy[tuple[PortRule, ...]]:
    return st.lists(RULES, min_size=min_size, max_size=3).map(_without_clashes)


@st.composite
def spelled(draw: st.DrawFn, rule: PortRule) -> Json:
    """Write a rule in one of the ways in which the service or another tool may have written it."""
    sources = [draw(st.sampled_from(SPELLINGS[source])) for source in draw(st.permutations(sorted(rule.sources)))]
    forms: list[Json] = [
        {"allowedSourceAddressPrefixes": sources},
        {"allowedSourceAddressPrefix": None, "allowedSourceAddressPrefixes": sources},
    ]
    if len(sources) == 1:
        forms += [
            {"allowedSourceAddressPrefix": sources[0]},
            {"allowedSourceAddressPrefix": sources[0], "allowedSourceAddressPrefixes": []},
        ]
    minutes = int(rule.max_duration.total_seconds()) // 60
    durations = [f"PT{minutes}M", f"pt{minutes}m", f"P0Y0M0DT0H{minutes}M0S", f"PT{minutes * 60}.0S"]
    if minutes % 60 == 0:
        durations.append(f"PT{minutes // 60}H")
    if minutes == 1440:
        durations.append("P1D")
    return {
        **draw(UNKNOWN),
        "number": rule.number,
        "protocol": draw(st.sampled_from([rule.protocol, rule.protocol.lower()])),
        **draw(st.sampled_from(forms)),
        "maxRequestAccessDuration": draw(st.sampled_from(durations)),
    }


@st.composite
def id_texts(draw: st.DrawFn, vm: VmId) -> str:
    """Write a VM's id in one of the cases in which the service returns it."""
    text = str(vm)
    return draw(
        st.sampled_from([text, text.lower(), text.upper(), text.replace("resourceGroups", "resourcegroups")])
    )


@st.composite
def entries(draw: st.DrawFn, vm: VmId) -> Json:
    rules = draw(rule_sets())
    return {"id": draw(id_texts(vm)), "ports": [draw(spelled(rule)) for rule in rules], **draw(UNKNOWN)}


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Json]:
    """Draw the VM entries of a policy; Azure refuses two for one VM."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return [draw(entries(vm_id(name))) for name in names]


@st.composite
def wishes(draw: st.DrawFn) -> list[Wish]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return [Wish(vm_id(name), draw(rule_sets(min_size=1))) for name in names]
