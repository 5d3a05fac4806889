# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Know one's own requests again by what stands in the brackets of their justifications.

Only the last brackets count, and names there are compared whole: what people write before them may name anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from .orphans import Job, read_asker, read_requester

# Marks, behind the brackets, a request that left its address to the service.
OWN_ADDRESS = "(my_ip)"


@dataclass(frozen=True, slots=True)
class Ourselves:
    """Who asks, and in which run or job; nobody without a name.

    In a job of AWX the name ends with the node that runs it, which is another one from job to job.
    """

    who: str = ""
    job: str = ""

    def asked(self, justification: str) -> bool:
        """Tell whether the same one asked, in this run or another, or the very same job did."""
        mine, theirs = self._asker, read_asker(justification)
        if isinstance(mine, Job) or isinstance(theirs, Job):
            if not (isinstance(mine, Job) and isinstance(theirs, Job)):
                return False
            name = _without_node(read_requester(justification))
            return mine.number == theirs.number or (bool(name) and name == _without_node(self.who))
        return self._is_named(justification)

    def asked_from_here(self, justification: str) -> bool:
        """Tell whether the same one asked on the same machine for the address that the service saw."""
        return is_for_own_address(justification) and self._is_named(justification)

    @property
    def _asker(self) -> object:
        return read_asker(f"[{self.job} by {self.who}]" if self.who else f"[{self.job}]")

    def _is_named(self, justification: str) -> bool:
        """Tell whether the name is this one; behind a job that a user described in his own words, too."""
        name = read_requester(justification)
        return bool(self.who) and (name == self.who or name.endswith(f" by {self.who}"))


NOBODY = Ourselves()


def is_for_own_address(justification: str) -> bool:
    """Tell whether a request left its address to the service."""
    return OWN_ADDRESS in justification[justification.rfind("]") + 1 :].split()


def _without_node(name: str) -> str:
    who, on, _node = name.rpartition(" on ")
    return who if on else name
