# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in memory, for what reads VMs and policies by list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.conditions import Condition
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import VmRow
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.seams import Keep
from samples import SUBSCRIPTION, entry, port, vm_id


class MemoryFleet:
    """Implements `FleetApi` and, as far as lists go, `JitApi`; refusals are by subscription, or with its group."""

    def __init__(self, *rows: VmRow, subscriptions: Sequence[str] = (SUBSCRIPTION,)) -> None:
        self.rows = rows
        self.subscriptions = list(subscriptions)
        self.management_groups: dict[str, Sequence[str]] = {}
        self.vms_refusal: AzureRefused | None = None
        self.policies: dict[tuple[str, str], list[PolicyId]] = {}
        self.refusals: dict[tuple[str, str | None], AzureRefused] = {}
        self.asked: list[tuple[Any, ...]] = []

    def list_subscriptions(self) -> list[str]:
        return self.subscriptions

    def list_subscriptions_below(self, management_groups: Sequence[str]) -> list[str]:
        self.asked.append(("management groups", *management_groups))
        return [one for name in management_groups for one in self.management_groups.get(name, ())]

    def list_vms(
        self,
        subscriptions: Sequence[str],
        resource_groups: Collection[str],
        *,
        include_powered_off: bool,
        condition: Condition | None = None,
        whole_interfaces: bool = False,
    ) -> list[VmRow]:
        if self.vms_refusal is not None:
            raise self.vms_refusal
        self.asked.append((tuple(subscriptions), tuple(resource_groups), include_powered_off))
        return list(self.rows)

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]:
        self.asked.append(("policies", subscription_id, resource_group))
        if refusal := self.refusals.get((subscription_id, resource_group)):
            raise refusal
        wanted = [
            held
            for (subscription, group), ids in self.policies.items()
            if subscription == subscription_id and resource_group in (None, group)
            for held in ids
        ]
        return [self._policy(held) for held in wanted]

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        raise NotImplementedError

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def delete_policy(self, policy_id: PolicyId) -> None:
        raise NotImplementedError

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError

    def _policy(self, held: PolicyId) -> Policy:
        document = {"id": str(held), "properties": {"virtualMachines": [entry(vm_id(), port(22))]}}
        policy = Policy.read(document)
        assert policy is not None
        return policy
