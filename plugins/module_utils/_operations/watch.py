# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at subscriptions again and again, and tell what happened since the last look.

Each subscription is looked at by itself: one that can't be read is tried again later, and stops no other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from .._jit.errors import AzureError, AzureRefused
from .._jit.events import WINDOW_EVENTS, Memory, Telling, compare, describe_events, sightings
from .._jit.exposure_events import EXPOSURE_FOUND, HoleMemory, compare_holes
from .._jit.exposure_report import MANAGEMENT_PORTS
from .._jit.grants import is_live_request
from .._jit.history import ACTIVE, Search, search
from .._jit.policies import Json
from .._jit.times import read_moment
from .ended_early import find_ended
from .parallel import each
from .read_fleet import Scope, subscriptions_of
from .read_posture import Reading
from .read_posture import Services as PostureServices
from .report_posture import PostureRequest, report_posture
from .seams import LayoutApi, Warn

EVENTS = (*WINDOW_EVENTS, EXPOSURE_FOUND)
# However often a subscription failed, it is tried again after this time.
LONGEST_PAUSE = timedelta(minutes=15)


class Services(PostureServices, Protocol):
    """What the watch needs of the outside world."""

    @property
    def layouts(self) -> LayoutApi: ...


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What to watch. `ports` empty means all windows, and the management ports for exposures."""

    scope: Scope
    events: frozenset[str]
    interval: timedelta
    exposure_interval: timedelta
    telling: Telling
    ports: tuple[int, ...] = ()
    check_rules: bool = True

    @property
    def wants_windows(self) -> bool:
        return bool(self.events & frozenset(WINDOW_EVENTS))

    @property
    def wants_exposures(self) -> bool:
        return EXPOSURE_FOUND in self.events


@dataclass(slots=True)
class _Subject:
    """One thing to look at in one subscription: its windows or its exposures."""

    subscription_id: str
    what: str
    due: datetime
    failures: int = 0
    windows: Memory = field(default_factory=Memory)
    holes: HoleMemory = field(default_factory=HoleMemory)
    # Of the resource groups that are named those without a policy at the last look.
    bare_groups: frozenset[str] | None = None


@dataclass(slots=True)
class Watch:
    """Remembers what was told.

    `services` makes what a round works with, so that none sees the last one's answers.
    """

    request: WatchRequest
    services: Callable[[], Services]
    warn: Warn
    _subjects: dict[tuple[str, str], _Subject] = field(default_factory=dict)
    _subscriptions: tuple[str, ...] = ()
    _bare_groups: frozenset[str] = frozenset()

    def look(self) -> list[Json]:
        """Look at what is due, and give the events. Raises an `AzureError` where no subscription is known."""
        services = self.services()
        now = services.clock.now()
        self._find_subscriptions(services)
        subjects = self._of_today(now)
        due = [subject for subject in subjects if subject.due <= now]
        told = each(lambda subject: self._look_at(subject, services, now), due)
        self._name_bare_groups(subjects)
        return [event for events in told for event in events if event["type"] in self.request.events]

    def _find_subscriptions(self, services: Services) -> None:
        """Name the subscriptions anew, since some come and go; those of the last round serve where that fails."""
        try:
            self._subscriptions = tuple(subscriptions_of(self.request.scope, services.fleet))
        except AzureError as error:
            if not self._subscriptions:
                raise
            self.warn(f"the subscriptions can't be listed, so those of the last look are looked at: {error}")

    def _of_today(self, now: datetime) -> list[_Subject]:
        kinds = [("windows", self.request.wants_windows), ("exposures", self.request.wants_exposures)]
        wanted = [(name, what) for name in self._subscriptions for what, is_wanted in kinds if is_wanted]
        return [
            self._subjects.setdefault((name.lower(), what), _Subject(name, what, now)) for name, what in wanted
        ]

    def _look_at(self, subject: _Subject, services: Services, now: datetime) -> list[Json]:
        """Look at one thing. One that fails is tried again later and later."""
        pause = self.request.interval if subject.what == "windows" else self.request.exposure_interval
        try:
            look = self._windows if subject.what == "windows" else self._exposures
            events = look(subject, services, now)
        except AzureError as error:
            subject.failures += 1
            wished = error.retry_after if isinstance(error, AzureRefused) and error.retry_after else 0.0
            later = max(
                min(pause * 2 ** min(subject.failures, 10), LONGEST_PAUSE), pause, timedelta(seconds=wished)
            )
            subject.due = now + later
            self.warn(
                f"the {subject.what} of subscription {subject.subscription_id} can't be read, "
                f"the next try is in {int(later.total_seconds())} s: {error}"
            )
            return []
        if subject.failures:
            self.warn(f"the {subject.what} of subscription {subject.subscription_id} can be read again")
        subject.failures, subject.due = 0, now + pause
        return events

    def _name_bare_groups(self, subjects: Sequence[_Subject]) -> None:
        """Warn of a named group that no subscription has a policy in, once: a slip would be silence for good."""
        seen = [subject.bare_groups for subject in subjects if subject.what == "windows"]
        if not seen or None in seen:
            return
        bare = frozenset.intersection(*(groups for groups in seen if groups is not None))
        for group in sorted(bare - self._bare_groups):
            self.warn(
                f"resource group {group} holds no just-in-time policy, or doesn't exist: "
                "no window of it is told until it has one"
            )
        self._bare_groups = bare

    def _windows(self, subject: _Subject, services: Services, now: datetime) -> list[Json]:
        groups: tuple[str | None, ...] = self.request.scope.resource_groups or (None,)
        keep = _worth_reading(subject.windows)
        found = {group: services.jit.list_policies(subject.subscription_id, group, keep=keep) for group in groups}
        subject.bare_groups = frozenset(group for group, policies in found.items() if group and not policies)
        policies = [policy for policies in found.values() for policy in policies]
        pasts = search(policies, Search(ports=frozenset(self.request.ports)), now)
        running = [past.grant for past in pasts if past.state == ACTIVE]
        ended = find_ended(running, services.layouts, services.network) if self.request.check_rules else {}
        subject.windows, events = compare(subject.windows, sightings(pasts, ended), now, self.request.telling)
        return describe_events(events, now)

    def _exposures(self, subject: _Subject, services: Services, now: datetime) -> list[Json]:
        scope = dataclasses.replace(self.request.scope, subscriptions=(subject.subscription_id,))
        request = PostureRequest(
            scope, Reading(check_assessments=False), ports=self.request.ports or MANAGEMENT_PORTS
        )
        vms = report_posture(request, services)["vms"]
        emit_existing = self.request.telling.emit_existing
        subject.holes, events = compare_holes(subject.holes, vms, emit_existing=emit_existing)
        return events


def _worth_reading(memory: Memory) -> Callable[[Mapping[str, Any]], bool]:
    """Pass over the history: what is over, was told of, or began before the watch."""
    remembered = {window.start_text for window in memory.windows}

    def keep(request: Mapping[str, Any]) -> bool:
        start = str(request.get("startTimeUtc") or "")
        if is_live_request(request) or start in remembered:
            return True
        began = read_moment(start)
        return memory.looked_at is not None and began is not None and began > memory.looked_at

    return keep
