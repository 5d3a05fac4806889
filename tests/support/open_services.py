# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opening works with, in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.reach import Miss, Target
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityGroup
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.seams import Clock
from memory_azure import MemoryAzure, VirtualClock
from samples import NOON


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


class MemoryConnector:
    """Connects to what listens by then; all else drops packets unless told otherwise."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.listening: dict[Target, timedelta] = {}
        self.misses: dict[Target, Miss] = {}
        self.rounds: list[set[Target]] = []

    def listen(self, host: str, port: int, after: float = 0) -> None:
        self.listening[Target(host, port)] = timedelta(seconds=after)

    def try_all(self, targets: Collection[Target], seconds: float) -> Mapping[Target, Miss | None]:
        assert seconds > 0
        self.rounds.append(set(targets))
        return {target: self._try(target) for target in targets}

    def _try(self, target: Target) -> Miss | None:
        after = self.listening.get(target)
        if after is not None and self._clock.now() >= NOON + after:
            return None
        return self.misses.get(target, Miss("timed_out"))


@dataclass
class OpenServices:
    """Implements the `Services` of opening by an Azure in memory."""

    azure: MemoryAzure
    progress: RecordedProgress = field(default_factory=RecordedProgress)
    warnings: list[str] = field(default_factory=list)
    layouts: NoNetwork = field(default_factory=NoNetwork)
    network: NoNetwork = field(default_factory=NoNetwork)
    connector: MemoryConnector = field(init=False)

    def __post_init__(self) -> None:
        self.connector = MemoryConnector(self.azure.clock)

    @property
    def jit(self) -> MemoryAzure:
        return self.azure

    @property
    def vms(self) -> MemoryAzure:
        return self.azure

    @property
    def power(self) -> MemoryAzure:
        return self.azure

    @property
    def defender(self) -> MemoryAzure:
        return self.azure

    @property
    def clock(self) -> VirtualClock:
        return self.azure.clock

    @property
    def draw(self) -> Callable[[], float]:
        return lambda: 0.5

    @property
    def warn(self) -> Callable[[str], None]:
        return self.warnings.append
