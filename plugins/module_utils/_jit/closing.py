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
from collections.abc import Iterable, Sequence
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

    `problems` say which rules are left although a window that shall end uses them.
    """

    port: int
    ending: tuple[Grant, ...] = ()
    staying: tuple[Grant, ...] = ()
    rules: tuple[SecurityRule, ...] = ()
    problems: tuple[str, ...] = ()


def holds_words(text: str, wanted: str) -> bool:
    """Tell whether a text holds another one as whole words: CHG-471 is not in CHG-4711."""
    left = r"(?<![\w-])" if wanted[:1].isalnum() else ""
    right = r"(?![\w-])" if wanted[-1:].isalnum() else ""
    return re.search(left + re.escape(wanted) + right, text, re.IGNORECASE) is not None


def choose(wish: CloseWish, grants: Iterable[Grant], whose: Whose) -> list[Grant]:
    """Choose from a VM's live grants those that shall end."""

    def is_meant(grant: Grant) -> bool:
        if wish.ports and grant.port not in wish.ports:
            return False
        if wish.origin.own_address and not is_for_own_address(grant.justification):
            return False
        prefixes = wish.origin.prefixes
        return not prefixes or any(_meet(prefix, source) for prefix in prefixes for source in grant.sources)

    return [grant for grant in grants if is_meant(grant) and whose.owns(grant)]


def plan(
    wish: CloseWish,
    ending: Sequence[Grant],
    live: Sequence[Grant],
    layout: Layout,
    rules: Sequence[SecurityRule],
    whose: Whose,
) -> list[PortPlan]:
    """Plan the closing of a VM's ports: those asked for, and those of the windows that end.

    `live` are all running grants of the VM, `rules` those of its grants.
    """
    numbers = dict.fromkeys([*wish.ports, *(grant.port for grant in ending)])
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
        rules = [rule for rule in self.rules if rule.opens(port)]
        doomed, problems = [], []
        for rule in rules:
            if self.whose.everybody:
                if self._is_meant(rule):
                    doomed.append(rule)
            elif any(_serves(rule, grant) for grant in ending):
                more = self._more(rule)
                problems += [f"{_name(rule)} is left: {more}; all_grants: true deletes it"] if more else []
                doomed += [] if more else [rule]
            elif not self._is_explained(rule) and any(_touches(rule, grant) for grant in ending):
                problems.append(
                    f"{_name(rule)} is left: it admits more than what is to be closed, {', '.join(rule.sources)}; "
                    "all_grants: true deletes it"
                )
        return PortPlan(port, tuple(ending), tuple(staying), tuple(doomed), tuple(problems))

    def _is_meant(self, rule: SecurityRule) -> bool:
        prefixes = self.wish.origin.prefixes
        return not prefixes or any(_meet(prefix, source) for prefix in prefixes for source in rule.sources)

    def _is_explained(self, rule: SecurityRule) -> bool:
        """Tell whether the rule is that of some live grant, whoever asked for it."""
        return any(_is_written_for(rule, grant) for grant in self.live)

    def _more(self, rule: SecurityRule) -> str:
        """Say what a rule lets in beside what is to end; nothing if that is all."""
        prefixes = self.wish.origin.prefixes
        if prefixes and (foreign := [s for s in rule.sources if not any(covers(p, s) for p in prefixes)]):
            return f"it also admits {', '.join(foreign)}"
        if strangers := sorted(set(rule.destinations) - self.layout.addresses):
            return f"it also serves {', '.join(strangers)}"
        served = [grant for grant in self.ending if _serves(rule, grant)]
        is_exactly_ours = any(_is_written_for(rule, grant) for grant in served)
        for other in self.live:
            may_be_his = _is_written_for(rule, other) if is_exactly_ours else _serves(rule, other)
            if other not in self.ending and may_be_his:
                return f"it can't be told from that of another request{_asked(other)} for the same port and source"
        ports = {grant.port for grant in served}
        if sum(high - low + 1 for low, high in rule.destination_ports) > len(ports):
            return f"it also opens other ports than {', '.join(map(str, sorted(ports)))}"
        return ""


def _serves(rule: SecurityRule, grant: Grant) -> bool:
    """Tell whether the rule can be the grant's: its port, and none but its sources."""
    return rule.opens(grant.port) and bool(rule.sources) and all(grant.covers(source) for source in rule.sources)


def _is_written_for(rule: SecurityRule, grant: Grant) -> bool:
    return rule.opens(grant.port) and set(rule.sources) == set(grant.sources)


def _touches(rule: SecurityRule, grant: Grant) -> bool:
    return any(_meet(mine, other) for mine in grant.sources for other in rule.sources)


def _meet(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _name(rule: SecurityRule) -> str:
    return f"rule {rule.name}"


def _asked(grant: Grant) -> str:
    who = [f"of {grant.requestor}"] if grant.requestor else []
    why = [f'"{grant.justification}"'] if grant.justification else []
    return "".join(f" {part}" for part in [*who, *why])
