# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete network rules: asynchronous, and one change of a security group at a time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.security_rules import SecurityRule
from .parallel import each
from .seams import NetworkApi
from .waiting import Deadline

# A deletion takes some ten seconds [rec]; the SDK's own pollers would look every thirty.
_LOOK_EVERY = 1.0


def delete_rules(
    rules: Iterable[SecurityRule], network: NetworkApi, deadline: Deadline, progress: Callable[[int, int], None]
) -> dict[str, str | None]:
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

    def work_off(self, rules: Sequence[SecurityRule]) -> dict[str, str | None]:
        """Delete one group's rules, one after the other."""
        troubles = {}
        for rule in rules:
            troubles[rule.id.lower()] = self._delete(rule)
            with self._lock:
                self._done += 1
                self._progress(self._done, self._total)
        return troubles

    def _delete(self, rule: SecurityRule) -> str | None:
        """Delete a rule and see it gone. Where the answer was lost it is sent again: that does no harm."""
        trouble = ""
        is_sent = False
        for _look in self._deadline.looks(_LOOK_EVERY):
            try:
                if not is_sent:
                    self._network.delete_rule(rule.id)
                    is_sent = True
                if not self._network.has_rule(rule.id):
                    return None
            except (ReplyLost, AzureUnreachable) as error:
                trouble = str(error)
            except AzureRefused as error:
                trouble = str(error)
                if not _is_passing(error):
                    return f"rule {rule.name} can't be deleted: {error}{_hint(error)}"
                self._deadline.pause(error.retry_after or 0.0)
            except AzureError as error:
                return f"rule {rule.name} can't be deleted: {error}"
        seconds = int(self._deadline.timeout.total_seconds())
        return (
            f"rule {rule.name} was not seen gone within {seconds} s. {trouble}".rstrip()
            + ": a deletion takes some ten seconds, and a security group takes one at a time; run again, or raise "
            "wait_timeout"
        )


def _is_passing(error: AzureRefused) -> bool:
    return error.is_busy or error.left_outcome_open


def _hint(error: AzureRefused) -> str:
    if error.status == 403:
        return " (it takes Microsoft.Network/networkSecurityGroups/securityRules/delete)"
    return ""
