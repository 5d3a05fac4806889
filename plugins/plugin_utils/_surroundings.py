# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places in a playbook where a task can't know which hosts it stands for."""

from __future__ import annotations

from typing import Any


def blind_spot(task: Any) -> str | None:
    """Say where the task stands if Ansible doesn't tell there which hosts are meant; None anywhere else.

    In a `rescue`, and after an include with a condition, the batch that Ansible shows isn't the one that got here.
    """
    child, parent = task, task._parent
    while parent is not None:
        if any(member is child or _same(member, child) for member in getattr(parent, "rescue", None) or ()):
            return "in a rescue"
        if getattr(parent, "statically_loaded", True) is False and parent.when:
            return "in an include that has a condition"
        child, parent = parent, getattr(parent, "_parent", None)
    return None


def is_rescued(task: Any) -> bool:
    """Tell whether a failure of the task is caught by a `rescue`."""
    child, parent = task, task._parent
    while parent is not None:
        inside = any(_same(member, child) for member in getattr(parent, "block", None) or ())
        if inside and getattr(parent, "rescue", None):
            return True
        child, parent = parent, getattr(parent, "_parent", None)
    return False


def _same(one: Any, other: Any) -> bool:
    """Compare by identity number: workers have copies of tasks and blocks."""
    return bool(getattr(one, "_uuid", one) == getattr(other, "_uuid", other))
