# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand secrets of a task's environment to the module's process by another way than its command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..module_utils._jit.sign_in import SECRETS, VARIABLES

NAMES = frozenset(name for option in SECRETS for name in VARIABLES[option])


def without_secrets(
    environments: Iterable[Any], template: Callable[[Any], Any]
) -> tuple[list[Any], dict[str, str]]:
    """Part what a task says of its environment, where a later entry wins, into the rest and the secrets."""
    rest: list[Any] = []
    secrets: dict[str, str] = {}
    for entry in environments:
        values = template(entry) if entry else entry
        if isinstance(values, Mapping):
            secrets.update({name: str(value) for name, value in values.items() if name in NAMES})
            values = {name: value for name, value in values.items() if name not in NAMES}
        rest.append(values)  # what is no mapping is for Ansible to refuse
    return rest, secrets


@contextmanager
def inherited(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process, of which there is one for each task, while a child is started."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
