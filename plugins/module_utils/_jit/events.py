# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to windows between two looks at them.

A window is one source that a request lets in to one port. Each has a stage that only rises, and an event is told
where it rises: so each is opened, warned of and ended at most once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from types import MappingProxyType

from .grants import Grant
from .history import ACTIVE, CLOSED, EXPIRED, OTHER, PENDING, Past
from .ids import PolicyId, VmId
from .plain_text import plain
from .policies import Json
from .sources import covers
from .times import read_moment, write_moment

OPENED, ABOUT_TO_END, ENDED, CLOSED_EARLY = "opened", "about_to_end", "ended", "closed_early"
WINDOW_EVENTS = (OPENED, ABOUT_TO_END, ENDED, CLOSED_EARLY)
# Azure makes the rules of a window after it has accepted it [issue]; one without them isn't closed before that.
TIME_FOR_RULES = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """What tells windows apart: Azure's requests have no id [spec]."""

    vm: VmId
    port: int
    source: str
    start_text: str
    policy_id: PolicyId


class Stage(IntEnum):
    """How far a window is told of."""

    AWAITED = 0
    OPEN = 1
    WARNED = 2
    OVER = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """A window as it was seen: its grant as Azure lists it, and the state of this one source."""

    grant: Grant
    state: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a window."""

    grant: Grant
    stage: Stage


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from look to look; without a time there was none yet."""

    windows: Mapping[Window, Known] = field(default_factory=lambda: MappingProxyType({}))
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one window.

    `open_until` is how long the port stays open for this source all the same, by another request.
    """

    kind: str
    window: Window
    grant: Grant
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told: how long before the end a warning comes, and whether what is open already is news."""

    lead: timedelta
    emit_existing: bool = False


def sightings(pasts: Iterable[Past], ended: Mapping[Grant, frozenset[str]]) -> dict[Window, Sighting]:
    """Take requests apart into windows; `ended` are the sources whose network rule is gone."""
    found: dict[Window, Sighting] = {}
    for past in pasts:
        grant = past.grant
        gone = ended.get(grant, frozenset())
        for source in grant.sources:
            window = Window(grant.vm, grant.port, source, grant.start_text, past.policy_id)
            found[window] = Sighting(grant, CLOSED if source in gone else past.state)
    return found


def compare(
    memory: Memory, seen: Mapping[Window, Sighting], now: datetime, telling: Telling
) -> tuple[Memory, list[Event]]:
    """Find what happened since the last look, and what to remember for the next one.

    A window that isn't listed is no ended one: a policy that is being written shows no requests [rec], and lists
    have been seen to miss policies [issue]. Its end time ends it.
    """
    events: list[Event] = []
    windows: dict[Window, Known] = {}
    for window in sorted({*memory.windows, *seen}):
        known, sighting = memory.windows.get(window), seen.get(window)
        grant = sighting.grant if sighting else memory.windows[window].grant
        stage, kinds = _step(known, sighting, memory.looked_at, now, telling)
        events += [Event(kind, window, grant, _open_until(window, grant, seen)) for kind in kinds]
        # What is over is remembered up to its end time: a rule that comes back must not open it again.
        if stage is not None and not (stage in (Stage.AWAITED, Stage.OVER) and grant.end <= now):
            windows[window] = Known(grant, stage)
    ordered = sorted(events, key=lambda event: (WINDOW_EVENTS.index(event.kind), event.window))
    return Memory(MappingProxyType(windows), now), ordered


def _step(
    known: Known | None, sighting: Sighting | None, looked_at: datetime | None, now: datetime, telling: Telling
) -> tuple[Stage | None, list[str]]:
    """Give a window's next stage and what there is to tell; None for one that is nobody's business."""
    stage = known.stage if known else None
    if stage is Stage.OVER:
        return stage, []
    if sighting is None:
        has_ended = known is not None and stage is not Stage.AWAITED and known.grant.end <= now
        return (Stage.OVER, [ENDED]) if has_ended else (stage, [])
    grant, state = sighting.grant, sighting.state
    kinds: list[str] = []
    if stage is None and state not in (ACTIVE, PENDING) and not _is_news(grant, looked_at):
        return None, []
    if state == PENDING:
        return stage or Stage.AWAITED, []
    is_unopened = stage in (None, Stage.AWAITED)
    if is_unopened and state == CLOSED and _is_young(grant, now):
        return Stage.AWAITED, []
    if is_unopened and state == OTHER:
        return Stage.OVER, []
    if is_unopened and (looked_at is not None or telling.emit_existing):
        kinds.append(OPENED)
    if state == ACTIVE:
        if stage is not Stage.WARNED and grant.end - now <= telling.lead:
            return Stage.WARNED, [*kinds, ABOUT_TO_END]
        return max(stage or Stage.OPEN, Stage.OPEN), kinds
    return Stage.OVER, [*kinds, ENDED if state == EXPIRED else CLOSED_EARLY]


def _is_young(grant: Grant, now: datetime) -> bool:
    """Tell whether Azure may still be making the rules of a window."""
    start = read_moment(grant.start_text)
    return start is not None and now - start < TIME_FOR_RULES


def _is_news(grant: Grant, looked_at: datetime | None) -> bool:
    """Tell whether a request that is over already began since the last look; the history holds thousands."""
    start = read_moment(grant.start_text)
    return looked_at is not None and start is not None and start > looked_at


def _open_until(window: Window, grant: Grant, seen: Mapping[Window, Sighting]) -> datetime | None:
    """Find the latest end that another request gives the same source at the same port: grants add up [rec]."""
    ends = [
        other.grant.end
        for key, other in seen.items()
        if other.state == ACTIVE
        and other.grant.end > grant.end
        and key != window
        and (key.vm, key.port) == (window.vm, window.port)
        and covers(key.source, window.source)
    ]
    return max(ends, default=None)


def describe_events(events: Sequence[Event], now: datetime) -> list[Json]:
    """Write events, the sources of one request together."""
    groups: dict[tuple[str, PolicyId, Grant, datetime | None], list[str]] = {}
    for event in events:
        key = event.kind, event.window.policy_id, event.grant, event.open_until
        groups.setdefault(key, []).append(event.window.source)
    return [
        _describe(kind, policy_id, grant, until, sources, now)
        for (kind, policy_id, grant, until), sources in groups.items()
    ]


def _describe(
    kind: str,
    policy_id: PolicyId,
    grant: Grant,
    open_until: datetime | None,
    sources: Sequence[str],
    now: datetime,
) -> Json:
    start = read_moment(grant.start_text)
    is_over = kind in (ENDED, CLOSED_EARLY)
    return {
        "type": kind,
        **describe_vm(grant.vm),
        "policy_id": str(policy_id),
        "port": grant.port,
        "sources": [plain(source) for source in sources],
        "start_time": write_moment(start) if start else None,
        "end_time": write_moment(grant.end),
        "remaining_seconds": 0 if is_over else max(0, int((grant.end - now).total_seconds())),
        "open_until": write_moment(open_until) if open_until else None,
        "renewed": open_until is not None,
        "status": plain(grant.status),
        "status_reason": plain(grant.reason),
        "requestor": plain(grant.requestor),
        "justification": plain(grant.justification),
    }


def describe_vm(vm: VmId) -> Json:
    """Name a VM in an event."""
    return {
        "id": plain(str(vm)),
        "name": plain(vm.name),
        "subscription_id": plain(vm.subscription_id),
        "resource_group": plain(vm.resource_group),
    }
