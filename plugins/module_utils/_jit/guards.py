# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time access's own rules achieve: its standing deny, what undoes it, and grants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .endpoints import Endpoint, NoGroup
from .exposure import Verdict, judge_rules
from .inbound import Protocol, Question
from .security_rules import SecurityGroup, SecurityRule
from .sources import ANY, admits_everybody, covers

Presence: TypeAlias = Literal["present", "missing", "unknown"]
Effect: TypeAlias = Literal["effective", "needless", "blocked", "absent", "partial", "unknown"]


@dataclass(frozen=True, slots=True)
class GrantEffect:
    """Whether a source gets in by the rule of a grant.

    `effective`: it does; `needless`: it does, by other rules alone; `blocked`: it has a grant and is refused all
    the same; `absent`: it is refused and has none; `partial` and `unknown` as the verdict says. `grants` are those
    that name the source; `stays_open` tells whether some of it got in without any grant, None where nobody knows.
    """

    effect: Effect
    verdict: Verdict
    grants: tuple[SecurityRule, ...]
    stays_open: bool | None


def standing_deny(endpoint: Endpoint, port: int, protocol: Protocol = "tcp") -> Presence:
    """Tell whether the standing deny is there for a port, at any layer."""
    if endpoint.version is None:
        return "unknown"
    question = Question(endpoint, port, protocol)
    if any(_denied_by(group, question) for group in endpoint.groups):
        return "present"
    unread = any(rule.allows is not True and rule.names_port(port) for g in endpoint.groups for rule in g.unread)
    return "unknown" if unread or NoGroup.UNREAD in (endpoint.subnet, endpoint.nic) else "missing"


def shadows(endpoint: Endpoint, port: int, protocol: Protocol = "tcp") -> tuple[SecurityRule, ...]:
    """Find the rules that let somebody in although the standing deny covers the port, grants aside.

    The deny refuses everybody, so such a rule stands before it.
    """
    question = Question(endpoint, port, protocol)
    guarded = [rule for group in endpoint.groups if _denied_by(group, question) for rule in group.rules]
    admitting = judge_rules(endpoint, ANY, port, protocol).admitting
    return tuple(rule for rule in admitting if rule in guarded and not rule.is_jit_grant)


def effect_of_grants(endpoint: Endpoint, source: str, port: int, protocol: Protocol = "tcp") -> GrantEffect:
    """Judge whether a grant lets a source in, by the security groups alone."""
    question = Question(endpoint, port, protocol)
    grants = [rule for group in endpoint.groups for rule in group.grants if question.may_concern(rule)]
    own = tuple(rule for rule in grants if _names(rule, source))
    verdict = judge_rules(endpoint, source, port, protocol)
    otherwise = judge_rules(endpoint.without(grants), source, port, protocol)
    return GrantEffect(
        effect=_effect(verdict, own),
        verdict=verdict,
        grants=own,
        stays_open=None if otherwise.state == "unknown" else not otherwise.is_closed,
    )


def _effect(verdict: Verdict, grants: tuple[SecurityRule, ...]) -> Effect:
    if verdict.state == "open":
        return "effective" if any(rule.is_jit_grant for rule in verdict.admitting) else "needless"
    if verdict.state == "closed":
        return "blocked" if grants else "absent"
    return "unknown" if verdict.is_doubtful else verdict.state


def _names(rule: SecurityRule, source: str) -> bool:
    return any(covers(allowed, source) for allowed in rule.sources)


def _denied_by(group: SecurityGroup, question: Question) -> bool:
    return any(
        question.may_concern(rule) and question.always_applies(rule) and any(map(admits_everybody, rule.sources))
        for rule in group.denies
    )
