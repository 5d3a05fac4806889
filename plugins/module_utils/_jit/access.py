# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what to ask of a policy so that a VM's ports are open as wished."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from .address_sets import whole_internet
from .grants import Grant, covered_until
from .ids import VmId
from .ourselves import NOBODY, Ourselves
from .policies import Coverage
from .ports import PortRule, write_sources
from .times import human_duration, iso_duration


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections shall be admitted from.

    `prefixes` are addresses and CIDRs in normal form. Beside them stand two words: `whole_policy` asks for
    all that the policy allows, `own_address` leaves the address out, so that the service takes the caller's as
    it sees it [spec]. They exclude each other and the prefixes. With `any_source` the whole policy may turn out to
    be the whole internet.
    """

    prefixes: tuple[str, ...] = ()
    whole_policy: bool = False
    own_address: bool = False
    any_source: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished for one VM. No `ports` means the default by its operating system.

    `duration` None means each port's maximum; with `clamp` a longer one is shortened to it. `minimum_remaining`
    None means half of the duration, and so does with `clamp` one that is not shorter than that. With `force` open
    windows don't count. `addresses` are those by which the VM is reached from here; none where nobody said.
    """

    vm: VmId
    ports: tuple[int, ...]
    origin: Origin
    duration: timedelta | None = None
    minimum_remaining: timedelta | None = None
    clamp: bool = False
    force: bool = False
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """Live grants serve the wish long enough; `pending` are those of them that have yet to come into effect."""

    port: int
    sources: tuple[str, ...]
    end: datetime
    pending: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A port to be asked for. Empty `sources` leave the address to the service."""

    port: int
    sources: tuple[str, ...]
    duration: timedelta

    def write(self) -> dict[str, Any]:
        """Write the port of an initiate body.

        `duration` rather than `endTimeUtc`: the service computes the end, so a wrong clock here can't push it
        past the policy's maximum [rec].
        """
        sources = write_sources(self.sources) if self.sources else {}
        return {"number": self.port, "duration": iso_duration(self.duration), **sources}


@dataclass(frozen=True, slots=True)
class Denied:
    """The policy does not allow the wish; `problem` says what was asked, what is allowed and what to do."""

    port: int
    problem: str


Decision: TypeAlias = "AlreadyOpen | Ask | Denied"


def decide(
    wish: Wish, coverage: Coverage, grants: Sequence[Grant], now: datetime, *, ours: Ourselves = NOBODY
) -> list[Decision]:
    """Decide for each wished port of a covered VM.

    `grants` are the VM's live ones. `ours` knows by a justification what this controller asked for its own
    address: only that can serve a wish whose address the service is to find out, because nobody here knows it.
    """
    return [_decide_port(wish, port, coverage, grants, now, ours) for port in wish.ports]


def _decide_port(
    wish: Wish, port: int, coverage: Coverage, grants: Sequence[Grant], now: datetime, ours: Ourselves
) -> Decision:
    rules = [rule for rule in coverage.rules if rule.number == port]
    if not rules:
        return Denied(
            port,
            f"port {port} is not in the VM's just-in-time policy, which has {name_ports(coverage.rules)}: "
            "ask for one of these, or add it with jitfleet.azure.jit_policy, or say enable_missing: true",
        )
    prefixes = wish.origin.prefixes
    # Azure compares a request with one rule as a whole, so the rule has to allow all sources together.
    fitting = [rule for rule in rules if all(rule.allows_source(source) for source in prefixes)]
    if not fitting:
        foreign = [source for source in prefixes if not any(rule.allows_source(source) for rule in rules)]
        asked = ", ".join(foreign or prefixes)
        allowed = ", ".join(sorted({source for rule in rules for source in rule.sources}))
        return Denied(port, f"port {port} can't be opened for {asked}: the VM's policy allows only {allowed}")
    rule = max(fitting, key=lambda candidate: candidate.max_duration)
    if rule.unread is not None:
        return Denied(
            port,
            f"port {port} can't be opened: its maximum in the VM's policy, {rule.unread!r}, can't be read; set "
            "another one by jit_policy",
        )
    duration = wish.duration or rule.max_duration
    if wish.clamp:
        duration = min(duration, rule.max_duration)
    if duration > rule.max_duration:
        return Denied(
            port,
            f"port {port} can be open for at most {human_duration(rule.max_duration)} by the VM's policy, "
            f"{human_duration(duration)} was asked for: ask for less, say clamp_duration: true, or raise the "
            "policy's maximum",
        )
    sources = tuple(sorted(rule.sources)) if wish.origin.whole_policy else prefixes
    if wish.origin.whole_policy and not wish.origin.any_source and whole_internet(sources):
        return Denied(
            port,
            f"port {port} would be open to the whole internet, for the VM's policy allows that: name the "
            "sources that are meant, or say allow_any_source: true",
        )
    remaining = _remaining(wish, duration)
    if remaining >= duration:
        return Denied(
            port,
            f"port {port} would be asked for again in each run: minimum_remaining, {human_duration(remaining)}, "
            f"has to be shorter than {human_duration(duration)}, for which it would be open",
        )
    lasting = now + remaining
    serving = _serving(wish.origin, grants, port, ours)
    if wish.origin.own_address:
        sources = tuple(sorted({source for grant in serving for source in grant.sources if grant.end >= lasting}))
    end = covered_until(serving, port, sources) if sources else None
    if end is not None and end >= lasting and not wish.force:
        return AlreadyOpen(port, sources, end, _pending(serving, port, sources, lasting))
    return Ask(port, () if wish.origin.own_address else sources, duration)


def _remaining(wish: Wish, duration: timedelta) -> timedelta:
    """Give for how long a port must stay open to count as open."""
    least = wish.minimum_remaining
    return duration / 2 if least is None or (wish.clamp and least >= duration) else least


def _pending(serving: Sequence[Grant], port: int, sources: Iterable[str], lasting: datetime) -> tuple[Grant, ...]:
    """Choose the grants not yet in effect without which some source would not have the port long enough."""
    in_effect = [grant for grant in serving if not grant.is_pending]
    chosen: dict[Grant, None] = {}
    for source in sources:
        end = covered_until(in_effect, port, [source])
        if end is None or end < lasting:
            chosen[max((grant for grant in serving if grant.covers(source)), key=lambda grant: grant.end)] = None
    return tuple(chosen)


def _serving(origin: Origin, grants: Iterable[Grant], port: int, ours: Ourselves) -> list[Grant]:
    of_port = [grant for grant in grants if grant.port == port]
    if origin.own_address:
        return [grant for grant in of_port if ours.asked_from_here(grant.justification)]
    return of_port


def name_ports(rules: Iterable[PortRule]) -> str:
    """Name the ports of rules for people."""
    numbers = sorted({rule.number for rule in rules})
    return f"port{'s' if len(numbers) != 1 else ''} {', '.join(map(str, numbers)) or 'none'}"
