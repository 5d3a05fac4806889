# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task stands, and so by which variables its options are set."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._misspelt import PREFIX, variables_in, variables_of

# The collection's root, also where a checkout is played from.
OWN_FOLDER = Path(__file__).resolve().parents[2]
_OWN_NAME = "jitfleet.azure."
# Names of options of one word are words of other sentences too, but not where one begins with it and a colon.
_NAME = re.compile(r"(?:(?:^|[.;] )([a-z]+)(?=[^\s:]*: )|\b([a-z]+(?:_[a-z]+)+)\b)")
# An option whose variable has another name: jit_ports is a host's, from the inventory.
_OTHERWISE = {"jit_ports": "jit_wanted_ports"}


@dataclass(frozen=True)
class Place:
    """The files of a task's play and of the task, and the role that it belongs to with its defaults."""

    play: Path
    tasks: Path
    role: str | None
    defaults: Mapping[str, Any]

    @classmethod
    def of(cls, task: Any) -> Place:
        """Read what Ansible keeps with a task."""
        play, tasks = (Path(one.get_path().rpartition(":")[0]) for one in (task.get_play(), task))
        role = task._role
        return cls(play, tasks, role._role_name if role else None, role.get_default_vars() if role else {})

    @property
    def is_known(self) -> bool:
        """Tell whether the play's file can be read: not with the command `ansible`, nor from standard input."""
        return self.play.is_file()

    @property
    def is_own_playbook(self) -> bool:
        return self.is_known and self.play.resolve().is_relative_to(OWN_FOLDER / "playbooks")

    def is_named_by(self, arguments: Iterable[str]) -> bool:
        """Tell whether the command names the play's file, or its playbook of this collection, itself."""
        files = (
            OWN_FOLDER / "playbooks" / f"{name.removeprefix(_OWN_NAME)}.yml"
            if name.startswith(_OWN_NAME)
            else Path(name).resolve()
            for name in arguments
        )
        return self.play.resolve() in files

    @property
    def own_role(self) -> str | None:
        """Name the role if it is one of this collection."""
        return self.role if self.tasks.resolve().is_relative_to(OWN_FOLDER / "roles") else None

    def variables(self) -> set[str]:
        """Find what reads like a variable of this collection in the play and around the task."""
        return {*variables_in([self.play, self.tasks]), *self.defaults}

    def role_options(self) -> set[str]:
        """Find the variables that are the options of the task's role, if it is one of this collection."""
        return variables_in(OWN_FOLDER.glob(f"roles/{self.own_role}/meta/argument_specs.yml"))

    def translate(self, text: str, options: Container[str]) -> str:
        """Add to a text that names options by which variables they are set here.

        A playbook of the collection hands its own on to the role.
        """
        found = (short or long for short, long in _NAME.findall(text))
        left = dict.fromkeys(name for name in found if name in options)
        for whose, prefix, known in self._vocabularies():
            variables = {name: _OTHERWISE.get(f"{prefix}{name}", f"{prefix}{name}") for name in left}
            here = {name: variable for name, variable in variables.items() if variable in known}
            if here:
                told = ", ".join(f"{name} is {variable}" for name, variable in here.items())
                text = f"{text.rstrip('.')}. As variables of {whose}: {told}"
            left = {name: None for name in left if name not in here}
        return text

    def _vocabularies(self) -> Iterator[tuple[str, str, set[str]]]:
        """Give whose variables set options here: whose, what they begin with, and what there is."""
        if self.is_own_playbook:
            yield "this playbook", PREFIX, variables_in([self.play])
        if self.own_role:
            yield f"the role {self.own_role}", f"{self.own_role}_", variables_of(OWN_FOLDER)
