# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of Defender plans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pricing:
    """The plan of one kind of resource; `enabled` is when it last became Standard, in ticks."""

    name: str
    tier: str = "Free"
    sub_plan: str | None = None
    enabled: int | None = None
    deprecated: bool = False
    replaced_by: tuple[str, ...] = ()


_OTHERS = (
    "SqlServers",
    "AppServices",
    "StorageAccounts",
    "SqlServerVirtualMachines",
    "KeyVaults",
    "Arm",
    "Containers",
)
_DEPRECATED = {"KubernetesService": ("Containers",), "ContainerRegistry": ("Containers",)}


def default_pricings() -> dict[str, Pricing]:
    """Return the plans of a subscription where nothing was bought, by lower-case name."""
    plans = [Pricing("VirtualMachines"), *(Pricing(name) for name in _OTHERS)]
    plans += [Pricing(name, deprecated=True, replaced_by=by) for name, by in _DEPRECATED.items()]
    return {plan.name.lower(): plan for plan in plans}
