# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the command line whose names are slips.

Ansible takes any name for a variable: `-e jit_host=vdi` would open every host that there is, and
nothing would come of `-e jit_limit=5`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import NamedTuple

PREFIX = "jit_"
# The names of modules and roles begin like those of variables.
VARIABLE = re.compile(rf"(?<!azure\.)\b{PREFIX}\w+")
# How alike two names are at least that are taken for the same one, from 0 to 1: one letter of five differs.
ALIKE = 0.8
NEARLY_THE_SAME = 0.85


class Slip(NamedTuple):
    """A variable that nothing reads, and the one that was meant, as far as can be told.

    Without the prefix of this collection, as `is_bare` says, a name may well be of something else.
    """

    given: str
    meant: str | None
    is_bare: bool = False

    def describe(self, where: str) -> str:
        """Say it; `where` tells who doesn't read the variable."""
        hint = f"{self.meant} was meant?" if self.meant else "the playbook's head lists those it has."
        return f"{self.given}: {where}; {hint}"


def slips(given: Iterable[str], known: Iterable[str], elsewhere: Container[str] = ()) -> list[Slip]:
    """Find the variables that read like those of this collection and aren't among the `known` ones.

    Those of its other playbooks and roles, `elsewhere`, are no slips: one set of variables may serve several. What
    is given itself isn't taken for what was meant by another.
    """
    given, known = sorted(given), set(known)
    free = {_bare(name): name for name in sorted(known.difference(given))}
    joined = {_joined(name): name for name in free.values()}
    found = []
    for name in given:
        if name in known or name in elsewhere:
            continue
        ours = _normal(name).startswith(PREFIX) or _joined(name) in joined
        meant = joined.get(_joined(name)) or (_nearest(_bare(name), free) if ours else free.get(_bare(name)))
        if ours or meant:
            found.append(Slip(name, meant, not ours))
    return found


def slips_in_role(given: Iterable[str], options: Iterable[str], prefix: str) -> list[Slip]:
    """Find the variables that are those of a role, by their prefix, but for a letter or two.

    All variables of a host are looked at, and what begins as a role's may be somebody's own: a name that merely
    resembles an option, or begins with it such as jit_access_ports_linux, is no slip.
    """
    known = {name.removeprefix(prefix): name for name in options if name.startswith(prefix)}
    found = []
    for name in sorted(given):
        bare = name.removeprefix(prefix)
        near = get_close_matches(bare, known, 1, NEARLY_THE_SAME)
        if near and not bare.startswith(f"{near[0]}_"):
            found.append(Slip(name, known[near[0]]))
    return found


def variables_in(paths: Iterable[Path]) -> set[str]:
    """Find what reads like a variable of this collection in playbooks and in files of tasks and variables."""
    found: set[str] = set()
    for path in paths:
        with suppress(OSError):  # it may be gone by now
            found.update(VARIABLE.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


def variables_of(collection: Path) -> set[str]:
    """Find the variables of all playbooks, roles and modules of the collection that is in this folder."""
    patterns = ("playbooks/*.yml", "roles/*/*/*.yml", "plugins/action/*.py")
    return variables_in(chain.from_iterable(map(collection.glob, patterns)))


def _nearest(bare: str, known: Mapping[str, str]) -> str | None:
    if near := get_close_matches(bare, known, 1, ALIKE):
        return known[near[0]]
    # jit_limit for jit_vm_limit
    longer = [name for short, name in known.items() if short.split("_")[1:] == [bare]]
    return longer[0] if len(longer) == 1 else None


def _bare(name: str) -> str:
    return _normal(name).removeprefix(PREFIX)


def _joined(name: str) -> str:
    return _normal(name).replace("_", "")


def _normal(name: str) -> str:
    return name.lower().replace("-", "_")
