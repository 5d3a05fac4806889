# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which of the portal's three tabs a VM stands, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .server_plan import ServerPlan
from .status import CONFIGURED, NOT_CONFIGURED, UNSUPPORTED

Firewall: TypeAlias = Literal["none", "rules", "manager"]
TABS = (CONFIGURED, NOT_CONFIGURED, UNSUPPORTED)

NO_NSG = "no_nsg"
NO_PLAN = "defender_plan_missing"
CLASSIC = "classic_vm"
MANAGED_FIREWALL = "firewall_manager"
POWERED_OFF = "powered_off"
FIREWALL = "azure_firewall"
NSG_UNKNOWN = "nsg_unknown"
PLAN_UNKNOWN = "defender_plan_unknown"
POLICY_UPDATING = "policy_updating"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found out about a VM.

    `is_guarded` tells whether a security group is on an interface or a subnet, `plan` is that of the VM; both are
    None where they could not be read. `firewall` is the Azure Firewall in the VM's own virtual network: steered by
    `rules` of its own, or by policies of Firewall `manager`. While a policy that holds the VM is being written, so
    that it may show no windows, `is_updating`.
    """

    is_covered: bool = False
    is_guarded: bool | None = True
    plan: ServerPlan | None = None
    firewall: Firewall = "none"
    is_off: bool = False
    is_classic: bool = False
    is_updating: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """The tab, for an unsupported VM the reason, and what else is to be known."""

    status: str
    reason: str | None = None
    detail: str | None = None
    notes: tuple[str, ...] = ()


def find_tab(facts: Facts) -> Tab:
    """Sort a VM as the portal does.

    What a policy holds is configured, whatever else is wrong with it; that is a note. Of several reasons why a VM
    is unsupported, the first is the one that has to be mended first.
    """
    if facts.is_classic:
        return Tab(UNSUPPORTED, CLASSIC, _say(CLASSIC, facts))
    obstacles = tuple(_obstacles(facts))
    doubts = tuple(_doubts(facts))
    if facts.is_covered:
        return Tab(CONFIGURED, notes=obstacles + doubts)
    if obstacles:
        first, *more = obstacles
        return Tab(UNSUPPORTED, first, _say(first, facts), (*more, *doubts))
    return Tab(NOT_CONFIGURED, notes=doubts)


def _obstacles(facts: Facts) -> list[str]:
    found = []
    if facts.plan is not None and not facts.plan.includes_jit:
        found.append(NO_PLAN)
    if facts.is_guarded is False and facts.firewall != "rules":
        found.append(MANAGED_FIREWALL if facts.firewall == "manager" else NO_NSG)
    return found


def _doubts(facts: Facts) -> list[str]:
    notes = {
        FIREWALL: facts.is_guarded is False and facts.firewall == "rules",
        NSG_UNKNOWN: facts.is_guarded is None,
        PLAN_UNKNOWN: facts.plan is None,
        POWERED_OFF: facts.is_off,
        POLICY_UPDATING: facts.is_updating,
    }
    return [note for note, holds in notes.items() if holds]


def _say(reason: str, facts: Facts) -> str:
    plan = facts.plan
    found = f"{plan.tier} {plan.sub_plan or ''}".strip() if plan else "none"
    return {
        CLASSIC: "a classic VM, which just-in-time access doesn't know",
        NO_PLAN: f"just-in-time access needs Defender for Servers Plan 2, and the VM has {found}",
        MANAGED_FIREWALL: (
            "no network security group is on its interfaces or their subnets, and the Azure Firewall of its "
            "network is steered by policies of Firewall Manager, which just-in-time access doesn't know"
        ),
        NO_NSG: "no network security group is on its interfaces or their subnets: put one there",
    }[reason]
