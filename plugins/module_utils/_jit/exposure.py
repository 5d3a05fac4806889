# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in: a verdict for each source and port, never one for all.

It is Azure's way of judging [docs]: the subnet's security group first, then the interface's, and both must allow;
in each the first rule that matches, by priority. What can't be told from what was read is `unknown`, unless all
that it may mean comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from .address_sets import Addresses
from .endpoints import VIRTUAL_NETWORK, Endpoint, PublicAddress, Unread
from .inbound import Bundle, Protocol, Question, Step, depart, follow
from .security_rules import SecurityRule, UnreadRule

# `partial`: some of the source's addresses certainly get in, and of others that isn't certain.
State: TypeAlias = Literal["open", "closed", "partial", "unknown"]
_PREFIXES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a source's connections to a port.

    `trail` is what the layers said to most of those that the verdict is about: who let them in or refused them, or
    what can't be told. `admitted` are the prefixes that certainly get in, `admitting` all rules that may let
    somebody in. `is_doubtful` tells that of some it can't be told, be others certain or not.
    """

    state: State
    reason: str
    trail: tuple[Step, ...] = ()
    admitted: tuple[str, ...] = ()
    admitting: tuple[SecurityRule, ...] = ()
    is_doubtful: bool = False

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def is_closed(self) -> bool:
        return self.state == "closed"

    @property
    def decisive(self) -> Step | None:
        """Give the step to blame: who refuses, what is in doubt, or the rule with which somebody lets them in."""
        if self.state == "closed":
            return self.trail[-1] if self.trail else None
        unsure = (step for step in self.trail if not step.sure)
        written = (step for step in self.trail if isinstance(step.rule, SecurityRule) and not step.rule.is_default)
        first = iter(self.trail)
        return (
            next(unsure if self.state == "unknown" else written, None) or next(written, None) or next(first, None)
        )

    @property
    def rule(self) -> SecurityRule | UnreadRule | None:
        return self.decisive.rule if self.decisive else None


@dataclass(frozen=True, slots=True)
class VmVerdict:
    """The verdicts on all IP configurations of a VM, and what they come to; `gap` says what was not seen of it."""

    state: State
    parts: tuple[tuple[Endpoint, Verdict], ...]
    gap: str = ""

    @property
    def blamed(self) -> tuple[Endpoint, Verdict] | None:
        """Give the first configuration that makes the VM's state what it is."""
        return next((part for part in self.parts if part[1].state == self.state), None)

    @property
    def reason(self) -> str:
        return self.blamed[1].reason if self.blamed else self.gap or "no IP configuration was read"


def judge(endpoint: Endpoint, source: str, port: int, protocol: Protocol = "tcp") -> Verdict:
    """Judge whether `source` gets in: a prefix, `*`, `INTERNET`, `VIRTUAL_NETWORK` or another service tag."""
    if Unread.ADMIN_RULES in endpoint.unread:
        return Verdict("unknown", f"{Unread.ADMIN_RULES.value} were not read", is_doubtful=True)
    verdict = _judge(endpoint, source, port, protocol)
    if Unread.FIREWALL not in endpoint.unread or verdict.is_open or not _comes_from_outside(source, endpoint):
        return verdict
    # A firewall forwards connections from the internet under an address of its own network [docs].
    if _judge(endpoint, VIRTUAL_NETWORK, port, protocol).is_closed:
        return verdict
    doubt = f"{Unread.FIREWALL.value} were not read"
    if verdict.state == "partial":
        return replace(verdict, reason=f"{verdict.reason}; {doubt}", is_doubtful=True)
    return replace(verdict, state="unknown", reason=doubt, is_doubtful=True)


def judge_rules(endpoint: Endpoint, source: str, port: int, protocol: Protocol = "tcp") -> Verdict:
    """Judge by the security groups alone, whatever lies between a source and them."""
    return _judge(replace(endpoint, public=PublicAddress.BASIC), source, port, protocol)


def judge_vm(
    endpoints: Sequence[Endpoint], source: str, port: int, protocol: Protocol = "tcp", gap: str = ""
) -> VmVerdict:
    """Judge a VM by all its IP configurations: one that is open is enough, and only all make it closed.

    What is certain of one isn't hidden by a doubt about another. `gap` says why some may not have been seen.
    """
    parts = tuple((endpoint, judge(endpoint, source, port, protocol)) for endpoint in endpoints)
    states = {verdict.state for _endpoint, verdict in parts}
    order: tuple[State, ...] = ("open", "partial", "unknown") if gap else ("open", "partial", "unknown", "closed")
    return VmVerdict(next((state for state in order if state in states), "unknown"), parts, gap)


def _judge(endpoint: Endpoint, source: str, port: int, protocol: Protocol) -> Verdict:
    if endpoint.version is None:
        return Verdict("unknown", "its private address is not known", is_doubtful=True)
    bundles, certain = depart(source, endpoint.space, endpoint.version)
    ends = follow(Question(endpoint, port, protocol), bundles)
    inside, outside = [end for end in ends if end.gets_in], [end for end in ends if not end.gets_in]
    may_enter, may_fail = _addresses(inside, endpoint.version), _addresses(outside, endpoint.version)
    enter, fail = may_enter - may_fail, may_fail - may_enter
    if not ends:
        return Verdict("closed", f"of another address family than {endpoint.address}")
    if not inside:
        trail = _typical(outside, fail)
        return Verdict("closed", f"refused by {_describe(trail[-1], endpoint)}", trail)
    rules = [step.rule for end in inside for step in end.trail]
    admitting = tuple(dict.fromkeys(rule for rule in rules if isinstance(rule, SecurityRule)))
    if not outside:
        trail = _typical(inside, enter)
        return Verdict("open", f"let in by {_describe_all(trail, endpoint)}", trail, (source,), admitting)
    doubt = _doubt(ends, may_enter & may_fail)
    if certainly := enter & certain:
        trail, admitted = _typical(inside, certainly), tuple(certainly.prefixes())
        others = _say_doubt(doubt, endpoint) if doubt else "and nobody else"
        reason = f"{_shorten(admitted)} let in by {_describe_all(trail, endpoint)}, {others}"
        is_doubtful = bool(doubt) or not certain & fail
        return Verdict("partial", reason, trail, admitted, admitting, is_doubtful)
    trail = _typical(inside, enter)
    admitted = tuple(enter.prefixes())
    if doubt:
        return Verdict("unknown", _say_doubt(doubt, endpoint), doubt, admitted, admitting, is_doubtful=True)
    reason = f"{_describe_all(trail, endpoint)} lets in some that may be in {source}, and may not"
    return Verdict("unknown", reason, trail, admitted, admitting, is_doubtful=True)


def _comes_from_outside(source: str, endpoint: Endpoint) -> bool:
    return endpoint.version is not None and any(
        bundle.from_internet for bundle in depart(source, endpoint.space, endpoint.version)[0]
    )


def _addresses(bundles: Sequence[Bundle], version: int) -> Addresses:
    return Addresses.of_all(version, (bundle.addresses for bundle in bundles))


def _typical(bundles: Sequence[Bundle], concerned: Addresses) -> tuple[Step, ...]:
    """Give the trail of those that are most, and before them of those whose fate hangs on no assumption."""

    def rank(bundle: Bundle) -> tuple[bool, int]:
        decisive = bundle.trail if bundle.gets_in else bundle.trail[-1:]
        return all(step.sure for step in decisive), (bundle.addresses & concerned).count

    return max(bundles, key=rank).trail


def _doubt(ends: Sequence[Bundle], both_ways: Addresses) -> tuple[Step, ...]:
    """Give the trail of an assumption that makes a difference; none where no address may end both ways."""
    concerned = [end for end in ends if end.addresses & both_ways]
    otherwise = {end.gets_in for end in concerned if end.is_certain}
    assumed = [end for end in concerned if not end.is_certain]
    return min(assumed, key=lambda end: end.gets_in in otherwise).trail if assumed else ()


def _say_doubt(trail: Sequence[Step], endpoint: Endpoint) -> str:
    """Say what can't be told: what comes of a step, or else where routes lead."""
    unsure = next((step for step in trail if not step.sure), None)
    if unsure is not None:
        return f"it can't be told what comes of {_describe(unsure, endpoint)}"
    rules = _describe_all(trail, endpoint)
    return f"it can't be told who is in the virtual network for {rules}, because routes to it were not read"


def _describe_all(trail: Sequence[Step], endpoint: Endpoint) -> str:
    return (
        " and ".join(_describe(step, endpoint) for step in trail)
        or "every layer, as no security group is attached"
    )


def _describe(step: Step, endpoint: Endpoint) -> str:
    """Name a step as a sentence's object."""
    if step.rule:
        return f"{step.rule.name} ({step.rule.priority}) in {step.group}"
    if step.place != "address":
        layer = "subnet" if step.place == "subnet" else "interface"
        return f"the security group of the {layer}, which could not be read"
    return {
        PublicAddress.NONE: "the lack of a public address",
        PublicAddress.STANDARD: "the Standard public address, which waits for a security group",
    }.get(endpoint.public, "the public address, which was not read")


def _shorten(prefixes: Sequence[str]) -> str:
    shown, more = prefixes[:_PREFIXES_SHOWN], len(prefixes) - _PREFIXES_SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
