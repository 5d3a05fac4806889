# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of asynchronous operations."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..exchange import Json

if TYPE_CHECKING:
    from ..world import World

_KEPT = 10_000


@dataclass(slots=True)
class Operation:
    """One asynchronous write, or reading with a `result`; `error` is set when it failed."""

    id: str
    namespace: str
    location: str
    started: int
    ended: int | None = None
    error: dict[str, str] | None = None
    result: Json | None = None

    @property
    def status(self) -> str:
        """Return the status in ARM's words."""
        if self.ended is None:
            return "InProgress"
        return "Failed" if self.error else "Succeeded"


class OperationStore:
    """The latest operations by id."""

    def __init__(self) -> None:
        """Begin empty."""
        self._operations: OrderedDict[str, Operation] = OrderedDict()

    def start(self, world: World, namespace: str, location: str, moment: int) -> Operation:
        """Open an operation."""
        operation = Operation(str(uuid.UUID(int=world.random.getrandbits(128))), namespace, location, moment)
        self._operations[operation.id] = operation
        if len(self._operations) > _KEPT:
            self._operations.popitem(last=False)
        return operation

    def get(self, operation_id: str) -> Operation | None:
        """Return an operation, if it is known."""
        return self._operations.get(operation_id)
