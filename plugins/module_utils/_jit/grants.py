# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that the service accepted, and whether they make a new one needless."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .ids import VmId
from .ports import read_number, read_sources
from .sources import covers
from .times import read_moment

INITIATING = "initiating"
INITIATED = "initiated"
_EXPIRED = "expired"
_LIVE = frozenset({INITIATING, INITIATED})


@dataclass(frozen=True, slots=True)
class Grant:
    """One port of one VM, open (or opening) for some sources until `end`.

    `status` and `reason` are the service's words: open strings, compared without case.
    """

    vm: VmId
    port: int
    sources: tuple[str, ...]
    start_text: str
    end: datetime
    status: str
    reason: str
    requestor: str
    justification: str

    @property
    def is_initiated(self) -> bool:
        return self.status.lower() == INITIATED

    @property
    def is_pending(self) -> bool:
        return self.status.lower() == INITIATING

    def is_live(self, now: datetime) -> bool:
        return self.status.lower() in _LIVE and self.end > now

    def began_after(self, other: Grant) -> bool:
        """Tell whether it is the later of two; not where a start can't be read."""
        began, before = read_moment(self.start_text), read_moment(other.start_text)
        return began is not None and before is not None and began > before

    def covers(self, source: str) -> bool:
        return any(covers(allowed, source) for allowed in self.sources)


def read_grants(
    requests: Iterable[Mapping[str, Any]], wanted: Callable[[Mapping[str, Any]], bool] = lambda port: True
) -> Iterator[Grant]:
    """Read a policy's requests port by port; `wanted` sees the raw port first and can pass it over.

    The history holds thousands of ended requests, so what is not wanted costs no parsing.
    """
    for request in requests:
        for entry in request.get("virtualMachines") or ():
            for port in entry.get("ports") or ():
                if wanted(port) and (grant := _read_grant(request, entry, port)):
                    yield grant


def live_grants(requests: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Grant]:
    """Read the grants that are open or opening now."""
    candidates = read_grants(requests, lambda port: str(port.get("status") or "").lower() in _LIVE)
    return (grant for grant in candidates if grant.is_live(now))


def just_ended(requests: Iterable[Mapping[str, Any]], now: datetime, within: timedelta) -> Iterator[Grant]:
    """Read the grants that came to their end so shortly before a time, or after it; none that were ended early."""
    # by their texts, so that the history costs no parsing; a day is more than zones differ
    earliest = f"{now - within - timedelta(days=1):%Y-%m-%d}"
    for grant in read_grants(requests, lambda port: str(port.get("endTimeUtc") or "") >= earliest):
        has_ended = grant.end <= now if grant.status.lower() in _LIVE else grant.reason.lower() == _EXPIRED
        if has_ended and grant.end > now - within:
            yield grant


def is_live_request(request: Mapping[str, Any]) -> bool:
    """Tell whether some port of a request may be open or opening; its end isn't looked at."""
    return any(
        str(port.get("status") or "").lower() in _LIVE
        for entry in request.get("virtualMachines") or ()
        for port in entry.get("ports") or ()
    )


def covered_until(grants: Sequence[Grant], port: int, sources: Iterable[str]) -> datetime | None:
    """Tell until when all `sources` have the port; None where one of them has not.

    Grants add up [rec], so each source may be covered by another grant.
    """
    ends: list[datetime] = []
    for source in sources:
        covering = [grant.end for grant in grants if grant.port == port and grant.covers(source)]
        if not covering:
            return None
        ends.append(max(covering))
    return min(ends, default=None)


def _read_grant(request: Mapping[str, Any], entry: Mapping[str, Any], port: Mapping[str, Any]) -> Grant | None:
    vm = VmId.find_in(str(entry.get("id") or ""))
    end = read_moment(str(port.get("endTimeUtc") or ""))
    if vm is None or end is None:
        return None
    return Grant(
        vm=vm,
        port=read_number(port),
        sources=tuple(read_sources(port)),
        start_text=str(request.get("startTimeUtc") or ""),
        end=end,
        status=str(port.get("status") or ""),
        reason=str(port.get("statusReason") or ""),
        requestor=str(request.get("requestor") or ""),
        justification=str(request.get("justification") or ""),
    )
