# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network security groups in Azure Resource Manager."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from .._jit.errors import AzureError, AzureRefused
from .._jit.security_rules import SecurityGroup, read_group
from .arm import Arm

API_VERSION = "2024-05-01"
# From here on one list of the subscription costs less than a reading of each group.
MANY_GROUPS = 8
_WORKERS = 8
_TYPE = "providers/Microsoft.Network/networkSecurityGroups"


class ArmNetworkApi:
    """Read security groups, and delete rules of them."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def read_groups(self, group_ids: Collection[str]) -> dict[str, SecurityGroup | AzureError]:
        """Read groups, by id in lower case: never one request for each VM.

        A group that doesn't exist any more is left out; for one that can't be read the reason stands there.
        """
        by_subscription: dict[str, dict[str, str]] = defaultdict(dict)
        for group_id in group_ids:
            by_subscription[group_id.split("/")[2].lower()][group_id.lower()] = group_id
        found: dict[str, SecurityGroup | AzureError] = {}
        with ThreadPoolExecutor(_WORKERS) as pool:
            many = [name for name, groups in by_subscription.items() if len(groups) >= MANY_GROUPS]
            for listed in pool.map(self._list, many):
                found.update({group.id.lower(): group for group in listed})
            wanted = {key: group_id for groups in by_subscription.values() for key, group_id in groups.items()}
            missed = {key: group_id for key, group_id in wanted.items() if key not in found}
            answers = zip(missed, pool.map(self._find, missed.values()), strict=True)
            found.update({key: group for key, group in answers if group is not None})
        return {key: found[key] for key in wanted if key in found}

    def has_rule(self, rule_id: str) -> bool:
        """Tell whether a rule is still there; one that is being deleted is."""
        return self._arm.find(rule_id, API_VERSION) is not None

    def delete_rule(self, rule_id: str) -> None:
        """Start to delete a rule: Azure answers 202 and takes some ten seconds [rec]; 204 where there is none."""
        self._arm.write("DELETE", rule_id, API_VERSION)

    def _list(self, subscription_id: str) -> list[SecurityGroup]:
        try:
            documents = self._arm.items(f"/subscriptions/{subscription_id}/{_TYPE}", API_VERSION)
            return [read_group(document) for document in documents]
        except AzureError:
            return []  # the groups are then read one by one, each with its own answer

    def _find(self, group_id: str) -> SecurityGroup | AzureError | None:
        try:
            document = self._arm.find(group_id, API_VERSION)
        except AzureRefused as error:
            return error
        return read_group(document) if document is not None else None
