# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a grant is in effect: its rules are there, and no other rule refuses those whom they admit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .exposure import Verdict, judge_rules
from .inbound import Protocol
from .layout import Layout
from .network_view import NetworkView
from .sources import ANY, covers


@dataclass(frozen=True, slots=True)
class Effect:
    """What the rules say of a grant; `reason` says why it isn't `effective`.

    `absent`: no rule admits one of its sources. `shadowed`: one does, and it doesn't get in all the same: another
    rule refuses it, or it is IPv6 and the VM has IPv4 alone.
    `unexplained`: the source gets in, but by a rule that isn't the grant's. `unknown`: not all rules were seen.
    """

    state: Literal["effective", "absent", "shadowed", "unexplained", "unknown"]
    reason: str = ""


EFFECTIVE = Effect("effective")


def find_effect(
    view: NetworkView, layout: Layout, port: int, sources: Iterable[str], protocol: Protocol = "tcp"
) -> Effect:
    """Judge a grant source by source; the first that isn't served says what is wrong.

    A VM with several addresses is served if one of them is: Azure doesn't say for which it makes rules [inf].
    """
    if doubt := view.doubt(layout):
        return Effect("unknown", doubt)
    if not layout.groups:
        return Effect("unknown", "the VM has no network security group, so no rule shows whether the port is open")
    admitting = [
        rule.sources for rule in view.grant_rules(layout) if rule.opens(port) and rule.protocol in (ANY, protocol)
    ]
    endpoints = view.endpoints(layout)
    for source in sources:
        is_granted = any(covers(own, source) for rule in admitting for own in rule)
        verdicts = [judge_rules(endpoint, source, port, protocol) for endpoint in endpoints]
        if (effect := _effect(source, verdicts, is_granted=is_granted)) is not EFFECTIVE:
            return effect
    return EFFECTIVE


def _effect(source: str, verdicts: Sequence[Verdict], *, is_granted: bool) -> Effect:
    admitted = next((verdict for verdict in verdicts if verdict.is_open), None)
    if admitted is not None:
        if is_granted:
            return EFFECTIVE
        return Effect(
            "unexplained", f"{source} is {admitted.reason}, and no rule of just-in-time access admits it"
        )
    doubtful = next((verdict for verdict in verdicts if verdict.is_doubtful), None)
    if doubtful is not None:
        return Effect("unknown", f"whether {source} gets in can't be told: {doubtful.reason}")
    refusal = next((verdict.reason for verdict in verdicts if verdict.trail), None)
    refusal = refusal or (verdicts[0].reason if verdicts else "refused, for the VM has no address")
    if is_granted:
        return Effect("shadowed", f"{source} is {refusal}, although the rule of just-in-time access is there")
    return Effect("absent", f"no rule of just-in-time access admits {source}, which is {refusal}")
