# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time access's standing deny achieves, and what undoes it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .endpoints import Endpoint, NoGroup
from .exposure import judge_rules
from .inbound import Protocol, Question
from .security_rules import SecurityGroup, SecurityRule
from .sources import ANY, admits_everybody

Presence: TypeAlias = Literal["present", "missing", "unknown"]


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


def _denied_by(group: SecurityGroup, question: Question) -> bool:
    return any(
        question.may_concern(rule) and question.always_applies(rule) and any(map(admits_everybody, rule.sources))
        for rule in group.denies
    )
