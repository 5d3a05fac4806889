# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete network rules: asynchronous, and one change of a security group at a time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.security_rules import SecurityRule
from .parallel import each
from .seams import NetworkApi
from .waiting import Deadline

# A deletion takes some ten seconds [rec]; the SDK's own pollers would look every thirty.
_LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a rule is not known to be gone.

    `is_accepted` says that Azure took the deletion, `may_be_gone` that it may have.
    """

    problem: str
    is_accepted: bool = False
    may_be_gone: bool = False


def delete_rules(
    rules: Iterable[SecurityRule], network: NetworkApi, deadline: Deadline, progress: Callable[[int, int], None]
) -> dict[str, Trouble]:
    """Delete rules, those of different groups at the same time; give by id in lower case what went wrong."""
    by_group: dict[str, dict[str, SecurityRule]] = defaultdict(dict)
    for rule in rules:
        key = rule.id.lower()
        by_group[key.rpartition("/securityrules/")[0]][key] = rule
    queue = _Queue(network, deadline, progress, sum(len(group) for group in by_group.values()))
    results = each(queue.work_off, [list(group.values()) for group in by_group.values()])
    return {key: trouble for result in results for key, trouble in result.items()}


class _Queue:
    """The rules of all groups on their way, and how many of them are done."""

    def __init__(
        self, network: NetworkApi, deadline: Deadline, progress: Callable[[int, int], None], total: int
    ) -> None:
        self._network = network
        self._deadline = deadline
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def work_off(self, rules: Sequence[SecurityRule]) -> dict[str, Trouble]:
        """Delete one group's rules, one after the other."""
        troubles = {}
        for rule in rules:
            if trouble := self._delete(rule):
                troubles[rule.id.lower()] = trouble
            with self._lock:
                self._done += 1
                self._progress(self._done, self._total)
        return troubles

    def _delete(self, rule: SecurityRule) -> Trouble | None:
        """Delete a rule and see it gone. Where the answer was lost it is sent again: that does no harm."""
        trouble = ""
        is_accepted = is_lost = False
        for _look in self._deadline.looks(_LOOK_EVERY):
            try:
                if not is_accepted:
                    self._network.delete_rule(rule.id)
                    is_accepted = True
                if not self._network.has_rule(rule.id):
                    return None
            except (ReplyLost, AzureUnreachable) as error:
                trouble = str(error)
                is_lost |= isinstance(error, ReplyLost)
            except AzureError as error:
                trouble = str(error)
                if not isinstance(error, AzureRefused) or not _is_passing(error):
                    return _final(rule, error, is_accepted=is_accepted)
                is_lost |= error.left_outcome_open
                self._deadline.pause(error.retry_after or 0.0)
        return _too_late(
            rule, self._deadline, trouble, is_accepted=is_accepted, may_be_gone=is_accepted or is_lost
        )


def _final(rule: SecurityRule, error: AzureError, *, is_accepted: bool) -> Trouble:
    if is_accepted:
        problem = f"Azure accepted the deletion of rule {rule.name}, but whether it is gone can't be seen: {error}"
        return Trouble(problem, is_accepted=True, may_be_gone=True)
    hint = ""
    if isinstance(error, AzureRefused) and error.status == 403:
        hint = " (it takes Microsoft.Network/networkSecurityGroups/securityRules/delete)"
    return Trouble(f"rule {rule.name} can't be deleted: {error}{hint}")


def _too_late(
    rule: SecurityRule, deadline: Deadline, trouble: str, *, is_accepted: bool, may_be_gone: bool
) -> Trouble:
    seconds = int(deadline.timeout.total_seconds())
    done = "Azure accepted the deletion of" if is_accepted else "it can't be told whether Azure is deleting"
    what = (
        f"{done} rule {rule.name}, which was not seen gone" if may_be_gone else f"rule {rule.name} was not deleted"
    )
    problem = (
        f"{what} within {seconds} s. {trouble}".rstrip(" .")
        + ": a deletion takes some ten seconds, and a security group takes one at a time; run again, or raise "
        "wait_timeout"
    )
    return Trouble(problem, is_accepted, may_be_gone)


def _is_passing(error: AzureRefused) -> bool:
    return error.is_busy or error.left_outcome_open
