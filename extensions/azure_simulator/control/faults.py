# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults ordered by tests: which requests, how often, and what goes wrong."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import ArmError
from ..exchange import Call, Json, Reply
from ..moments import parse_plain_duration, seconds

_FIELDS = frozenset(
    {
        "method",
        "path",
        "times",
        "skip",
        "probability",
        "status",
        "headers",
        "body",
        "delay",
        "reset",
        "applied",
        "truncate",
        "content_type",
    }
)


@dataclass(slots=True)
class Fault:
    """One order; `times` counts down and `skip` lets the first matches pass. `delay` in ticks."""

    method: str
    path: re.Pattern[str]
    times: int
    skip: int = 0
    probability: float = 1.0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: int = 0
    reset: Literal["before", "after"] | None = None
    applied: bool = False
    truncate: int | None = None
    content_type: str | None = None
    hits: int = 0

    def matches(self, call: Call) -> bool:
        """Tell whether the fault is for this call."""
        return self.method in ("*", call.method) and self.path.search(call.path) is not None

    def spoil(self, reply: Reply) -> Reply:
        """Return the answer with what is wrong about it; headers starting with `:` are for the HTTP server."""
        # Some answers share their headers.
        reply = Reply(reply.status, reply.body, dict(reply.headers))
        if self.status is not None:
            reply = Reply(self.status, self.body, reply.headers)
            if self.body is None and self.status >= 400:
                reply.body = {"error": {"code": "InjectedFault", "message": "This answer was ordered by a test."}}
        elif self.body is not None:
            reply.body = self.body
        reply.headers |= self.headers
        if self.content_type is not None:
            reply.headers["Content-Type"] = self.content_type
        if self.truncate is not None:
            reply.headers[":truncate"] = str(self.truncate)
        return reply

    def show(self) -> Json:
        """Write the order as it stands."""
        return {
            "method": self.method,
            "path": self.path.pattern,
            "times": self.times,
            "skip": self.skip,
            "probability": self.probability,
            "status": self.status,
            "headers": self.headers,
            "body": self.body,
            "delay": seconds(self.delay),
            "reset": self.reset,
            "applied": self.applied,
            "truncate": self.truncate,
            "content_type": self.content_type,
            "hits": self.hits,
        }


class FaultBook:
    """The orders, in the order in which they came."""

    def __init__(self, seed: int = 1) -> None:
        """Begin empty; `seed` decides when faults of some probability strike."""
        self._seed = seed
        self._draw = random.Random(seed)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Note an order."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget all orders."""
        self._faults.clear()
        self._draw.seed(self._seed)

    def show(self) -> list[Json]:
        """Write all orders, also those that are used up."""
        return [fault.show() for fault in self._faults]

    def take(self, call: Call) -> Fault | None:
        """Return the first order that is for this call, and count it."""
        for fault in self._faults:
            if fault.times > 0 and fault.matches(call):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.probability < 1 and self._draw.random() >= fault.probability:
                    continue
                fault.times -= 1
                fault.hits += 1
                return fault
        return None


def read_fault(body: Json) -> Fault:
    """Read an order. Raises ArmError that names the field."""
    unknown = set(body) - _FIELDS
    if unknown:
        raise _invalid(f"unknown field '{min(unknown)}': known are {', '.join(sorted(_FIELDS))}")
    for name, kinds in (("times", int), ("skip", int), ("status", int), ("truncate", int)):
        if body.get(name) is not None and type(body[name]) is not kinds:
            raise _invalid(f"'{name}' must be a whole number")
    if not isinstance(body.get("headers") or {}, dict):
        raise _invalid("'headers' must be an object")
    if body.get("reset") not in (None, "before", "after"):
        raise _invalid("'reset' must be 'before' or 'after'")
    probability = body.get("probability", 1)
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise _invalid("'probability' must be a number from 0 to 1")
    try:
        pattern = re.compile(str(body.get("path", "")), re.IGNORECASE)
        delay = parse_plain_duration(str(body.get("delay") or 0))
    except (re.error, ValueError) as error:
        raise _invalid(f"'path' or 'delay': {error}") from None
    return Fault(
        method=str(body.get("method", "*")).upper(),
        path=pattern,
        times=body.get("times", 1),
        skip=body.get("skip", 0),
        probability=probability,
        status=body.get("status"),
        headers={str(name): str(value) for name, value in (body.get("headers") or {}).items()},
        body=body.get("body"),
        delay=delay,
        reset=body.get("reset"),
        applied=bool(body.get("applied", False)),
        truncate=body.get("truncate"),
        content_type=body.get("content_type"),
    )


def _invalid(message: str) -> ArmError:
    """Refuse an order."""
    return ArmError(400, "InvalidFault", f"Fault: {message}.")
