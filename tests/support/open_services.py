# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opening works with, in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityGroup
from memory_azure import MemoryAzure, VirtualClock


class RecordedProgress:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.vms: list[tuple[int, int]] = []
        self.of_policies: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.vms.append((done, total))

    def policies(self, done: int, total: int) -> None:
        self.of_policies.append((done, total))


class NoNetwork:
    """A network of which nothing is told."""

    def layouts(self, wanted: Collection[VmId]) -> dict[VmId, Layout]:
        return {}

    def read_groups(self, group_ids: Collection[str]) -> dict[str, SecurityGroup]:
        return {}

    def has_rule(self, rule_id: str) -> bool:
        return False

    def delete_rule(self, rule_id: str) -> None:
        pass


@dataclass
class OpenServices:
    """Implements the `Services` of opening by an Azure in memory."""

    azure: MemoryAzure
    progress: RecordedProgress = field(default_factory=RecordedProgress)
    layouts: NoNetwork = field(default_factory=NoNetwork)
    network: NoNetwork = field(default_factory=NoNetwork)

    @property
    def jit(self) -> MemoryAzure:
        return self.azure

    @property
    def vms(self) -> MemoryAzure:
        return self.azure

    @property
    def clock(self) -> VirtualClock:
        return self.azure.clock
