# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and what they permit, matched as Azure matches them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition; `*` in an action stands for any text, also across slashes [docs]."""

    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def permits(self, action: str) -> bool:
        """Tell whether the role permits an action."""
        return _matches_any(self.actions, action) and not _matches_any(self.not_actions, action)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role at a scope; `/` is everything."""

    role: Role
    scope: str

    def reaches(self, scope: str) -> bool:
        """Tell whether the assignment holds at a scope: there or above it."""
        own = self.scope.rstrip("/").lower()
        return scope.lower() == own or scope.lower().startswith(f"{own}/")

    def is_within(self, scope: str) -> bool:
        """Tell whether the assignment lies below a scope."""
        return self.scope.lower().startswith(f"{scope.lower()}/")


def _matches_any(patterns: tuple[str, ...], action: str) -> bool:
    """Tell whether one of the patterns matches."""
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    """Read an action with wildcards; `x/*/read` does not match `x/read` [docs]."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)


_JIT = "Microsoft.Security/locations/jitNetworkAccessPolicies"

OWNER = Role("Owner", ("*",))
ROLES = {
    role.name: role
    for role in (
        OWNER,
        Role(
            "Contributor",
            ("*",),
            (
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
            ),
        ),
        Role("Reader", ("*/read",)),
        # The two sets of actions that Microsoft's documentation names for just-in-time access [docs]; lists of
        # subscriptions and groups are what any client needs besides.
        Role(
            "JIT requester",
            (
                f"{_JIT}/initiate/action",
                f"{_JIT}/*/read",
                f"{_JIT}/read",
                "Microsoft.Compute/virtualMachines/read",
                "Microsoft.Network/networkInterfaces/*/read",
                "Microsoft.Network/networkInterfaces/read",
                "Microsoft.Network/publicIPAddresses/read",
                "Microsoft.Resources/subscriptions/read",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
            ),
        ),
        Role(
            "JIT configurator",
            (
                f"{_JIT}/read",
                f"{_JIT}/write",
                f"{_JIT}/delete",
                "Microsoft.Security/pricings/read",
                "Microsoft.Compute/virtualMachines/read",
                "Microsoft.Compute/virtualMachines/write",
                "Microsoft.Network/*/read",
                "Microsoft.Resources/subscriptions/read",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
            ),
        ),
    )
}
