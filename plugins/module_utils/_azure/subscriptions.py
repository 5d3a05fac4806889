# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscriptions that a credential sees."""

from __future__ import annotations

from .arm import Arm

API_VERSION = "2022-12-01"
# Neither can be read. The others (`Enabled`, `Warned`, `PastDue`) can [docs].
_CLOSED = frozenset({"disabled", "deleted"})


def list_subscriptions(arm: Arm) -> list[str]:
    """Read the ids of the subscriptions that can be used."""
    documents = arm.items("/subscriptions", API_VERSION)
    return [str(document["subscriptionId"]) for document in documents if is_usable(document.get("state"))]


def is_usable(state: object) -> bool:
    return str(state or "").lower() not in _CLOSED
