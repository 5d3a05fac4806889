# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which open windows of a VM end, and which network rules that takes.

Azure has no operation that ends a request. But a grant ends with its own allow rule: the standing deny beneath it
closes the port again, for new connections [docs]. A rule names no request [rec], so it is found by address, port
and sources; and one that lets in more than what is to end is somebody else's business too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from .access import Origin
from .grants import Grant
from .ids import VmId
from .layout import Layout
from .orphans import Orphans
from .ourselves import Ourselves, is_for_own_address
from .security_rules import SecurityRule
from .sources import covers


@dataclass(frozen=True, slots=True)
class CloseWish:
    """Which windows of a VM shall end. No `ports` means all, an origin without prefixes any source."""

    vm: VmId
    ports: tuple[int, ...] = ()
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose windows may be ended.

    `ours` knows by a justification what we asked for ourselves, `own_name` is our name as Azure records it;
    without `ours` it doesn't matter who asked. `requestors` are Azure's names in lower
    case, empty for any, and `justification` is a text that the request's holds as whole words. With `everybody`
    all windows end, and rules that let in more end with them. `orphans` chooses the windows that nobody needs
    any more.
    """

    ours: Ourselves | None = None
    requestors: frozenset[str] = frozenset()
    justification: str = ""
    everybody: bool = False
    own_name: str = ""
    orphans: Orphans | None = None

    def owns(self, grant: Grant) -> bool:
        if self.everybody:
            return True
        if not self._is_ours(grant) or not (self.orphans is None or self.orphans.has(grant.justification)):
            return False
        return (not self.requestors or grant.requestor.lower() in self.requestors) and holds_words(
            grant.justification, self.justification
        )

    def _is_ours(self, grant: Grant) -> bool:
        if self.ours is None or self.ours.asked(grant.justification):
            return True
        return bool(self.own_name) and grant.requestor.lower() == self.own_name.lower()


@dataclass(frozen=True, slots=True)
class PortPlan:
    """What becomes of one port: the windows that end, those that stay, and the rules to delete for it.

    `left` are rules that stay although a window that shall end uses them, each with the reason.
    """

    port: int
    ending: tuple[Grant, ...] = ()
    staying: tuple[Grant, ...] = ()
    rules: tuple[SecurityRule, ...] = ()
    left: tuple[tuple[SecurityRule, str], ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(f"rule {rule.name} is left: {why}; all_grants: true deletes it" for rule, why in self.left)

    def ended_by(self, deleted: Collection[str]) -> list[Grant]:
        """Choose the windows that ended with rules, by id in lower case; one that had none had ended before."""
        rules = [*self.rules, *(rule for rule, _why in self.left)]
        ended = []
        for grant in self.ending:
            own = [rule for rule in rules if _is_written_for(rule, grant)]
            own = own or [rule for rule in rules if rule.opens(grant.port) and _touches(rule, grant)]
            if own and all(rule.id.lower() in deleted for rule in own):
                ended.append(grant)
        return ended


def holds_words(text: str, wanted: str) -> bool:
    """Tell whether a text holds another one as whole words: CHG-471 is not in CHG-4711."""
    left = r"(?<![\w-])" if wanted[:1].isalnum() else ""
    right = r"(?![\w-])" if wanted[-1:].isalnum() else ""
    return re.search(left + re.escape(wanted) + right, text, re.IGNORECASE) is not None


def choose(wish: CloseWish, grants: Iterable[Grant], whose: Whose) -> list[Grant]:
    """Choose from a VM's live grants those that shall end.

    A window ends as a whole, so one that also admits others than the wished sources stays, unless all shall end.
    """
    reaches = _meets if whose.everybody else _lies_within
    return [grant for grant in _meant(wish, grants, whose) if reaches(grant.sources, wish.origin.prefixes)]


def beyond(wish: CloseWish, grants: Iterable[Grant], whose: Whose) -> list[Grant]:
    """Choose the grants that would have ended, did they not admit others than the wished sources too."""
    if whose.everybody:
        return []
    prefixes = wish.origin.prefixes
    return [
        grant
        for grant in _meant(wish, grants, whose)
        if _meets(grant.sources, prefixes) and not _lies_within(grant.sources, prefixes)
    ]


def _meant(wish: CloseWish, grants: Iterable[Grant], whose: Whose) -> Iterable[Grant]:
    """Choose by everything but the wished sources."""
    return (
        grant
        for grant in grants
        if (not wish.ports or grant.port in wish.ports)
        and (not wish.origin.own_address or is_for_own_address(grant.justification))
        and whose.owns(grant)
    )


def _meets(sources: Iterable[str], prefixes: Sequence[str]) -> bool:
    return not prefixes or any(_meet(prefix, source) for prefix in prefixes for source in sources)


def _lies_within(sources: Iterable[str], prefixes: Sequence[str]) -> bool:
    return not prefixes or all(any(covers(prefix, source) for prefix in prefixes) for source in sources)


def is_explained(rule: SecurityRule, port: int, live: Iterable[Grant]) -> bool:
    """Tell whether a rule may be that of some running grant of a port."""
    return rule.is_jit_grant and any(grant.port == port and _touches(rule, grant) for grant in live)


def plan(
    wish: CloseWish,
    ending: Sequence[Grant],
    live: Sequence[Grant],
    layout: Layout,
    rules: Sequence[SecurityRule],
    whose: Whose,
) -> list[PortPlan]:
    """Plan the closing of a VM's ports: those asked for, and those of the windows that end, or nearly would.

    `live` are all running grants of the VM, `rules` those of its grants.
    """
    concerned = [*ending, *beyond(wish, live, whose)]
    numbers = dict.fromkeys([*wish.ports, *(grant.port for grant in concerned)])
    if whose.everybody and not wish.ports:
        numbers |= dict.fromkeys(low for rule in rules for low, high in rule.destination_ports if low == high)
    case = _Case(wish, tuple(ending), tuple(live), layout, tuple(rules), whose)
    return [case.plan_port(port) for port in sorted(numbers)]


@dataclass(frozen=True, slots=True)
class _Case:
    """One VM: what shall end, what lives, and the rules of all grants."""

    wish: CloseWish
    ending: tuple[Grant, ...]
    live: tuple[Grant, ...]
    layout: Layout
    rules: tuple[SecurityRule, ...]
    whose: Whose

    def plan_port(self, port: int) -> PortPlan:
        ending = [grant for grant in self.ending if grant.port == port]
        staying = [grant for grant in self.live if grant.port == port and grant not in ending]
        doomed, left = [], []
        for rule in (rule for rule in self.rules if rule.opens(port)):
            if self.whose.everybody:
                doomed += [rule] if _meets(rule.sources, self.wish.origin.prefixes) else []
            elif any(_serves(rule, grant) for grant in ending):
                more = self._more(rule)
                left += [(rule, more)] if more else []
                doomed += [] if more else [rule]
            elif not self._is_explained(rule) and any(_touches(rule, grant) for grant in ending):
                left.append((rule, f"it admits more than what is to be closed, {', '.join(rule.sources)}"))
        return PortPlan(port, tuple(ending), tuple(staying), tuple(doomed), tuple(left))

    def _is_explained(self, rule: SecurityRule) -> bool:
        """Tell whether the rule is that of some live grant, whoever asked for it."""
        return any(_is_written_for(rule, grant) for grant in self.live)

    def _more(self, rule: SecurityRule) -> str:
        """Say what a rule lets in beside what is to end; nothing if that is all."""
        if strangers := sorted(set(rule.destinations) - self.layout.addresses):
            return f"it also serves {', '.join(strangers)}"
        served = [grant for grant in self.ending if _serves(rule, grant)]
        if others := _without(rule.destination_ports, {grant.port for grant in served}):
            return f"it also opens {', '.join(others)}"
        is_exactly_ours = any(_is_written_for(rule, grant) for grant in served)
        for other in self.live:
            may_be_his = _is_written_for(rule, other) if is_exactly_ours else _serves(rule, other)
            if other not in self.ending and may_be_his:
                return f"it can't be told from that of another request{_asked(other)} for the same port and source"
        return ""


def _without(spans: Iterable[tuple[int, int]], ports: Collection[int]) -> list[str]:
    """Write the ports of spans that are not among these."""
    left = []
    for low, high in spans:
        for port in sorted(port for port in ports if low <= port <= high):
            left += [_span(low, port - 1)]
            low = port + 1
        left += [_span(low, high)]
    return [text for text in left if text]


def _span(low: int, high: int) -> str:
    return "" if low > high else f"{low}-{high}" if low < high else f"{low}"


def _serves(rule: SecurityRule, grant: Grant) -> bool:
    """Tell whether the rule can be the grant's: its port, and none but its sources."""
    return rule.opens(grant.port) and bool(rule.sources) and all(grant.covers(source) for source in rule.sources)


def _is_written_for(rule: SecurityRule, grant: Grant) -> bool:
    return rule.opens(grant.port) and set(rule.sources) == set(grant.sources)


def _touches(rule: SecurityRule, grant: Grant) -> bool:
    return any(_meet(mine, other) for mine in grant.sources for other in rule.sources)


def _meet(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _asked(grant: Grant) -> str:
    who = [f"of {grant.requestor}"] if grant.requestor else []
    why = [f'"{grant.justification}"'] if grant.justification else []
    return "".join(f" {part}" for part in [*who, *why])
