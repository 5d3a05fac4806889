# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that goes nowhere: it keeps what is sent and gives prepared answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Arm


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    api_version: str
    body: Any = field(default=None, compare=False)


class RecordingArm(Arm):
    """Answers by path, or with nothing; an answer that is an error is raised."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self._answers = answers or {}
        self.sent: list[Sent] = []

    def get(self, path: str, api_version: str, params: Mapping[str, str] | None = None) -> Any:
        return self._answer(Sent("GET", path, api_version))

    def items(self, path: str, api_version: str, params: Mapping[str, str] | None = None) -> Iterator[Any]:
        yield from self._answer(Sent("GET", path, api_version))

    def query(self, path: str, api_version: str, body: Any) -> Any:
        return self._answer(Sent("POST", path, api_version, body)) or {"data": []}

    def ask(self, path: str, api_version: str, pause: Callable[[float], bool]) -> Any:
        return self._answer(Sent("POST", path, api_version))

    def write(self, method: str, path: str, api_version: str, body: Any = None) -> Any:
        return self._answer(Sent(method, path, api_version, body))

    @property
    def read(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.method == "GET"]

    def _answer(self, sent: Sent) -> Any:
        self.sent.append(sent)
        answer = self._answers.get(sent.path, {})
        if isinstance(answer, Exception):
            raise answer
        return answer
