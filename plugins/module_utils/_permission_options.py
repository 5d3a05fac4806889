# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions a task's options ask for, and the option that asks for them first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ._jit import permissions as table
from ._jit.ids import VmId
from ._jit.permissions import Deed
from ._operations.check_permissions import check_permissions
from ._operations.outcomes import Outcome
from ._runner import Context


class OfVm(Protocol):
    """A wish for one VM."""

    @property
    def vm(self) -> VmId: ...


W = TypeVar("W", bound=OfVm)
Operate = Callable[[Context, Sequence[W]], Outcome]


def permissions_spec() -> dict[str, Any]:
    """Options of the documentation fragment `jitfleet.azure.permissions`."""
    return {"permissions_check": {"type": "bool", "default": False}}


def checked(params: Mapping[str, Any], deeds: Sequence[Deed], operate: Operate[W]) -> Operate[W]:
    """Put the check before an operation, where it is asked for."""
    if not params["permissions_check"]:
        return operate

    def check_first(context: Context, wishes: Sequence[W]) -> Outcome:
        check_permissions(deeds, [wish.vm for wish in wishes], context)
        return operate(context, wishes)

    return check_first


def request_deeds(params: Mapping[str, Any]) -> list[Deed]:
    """Say what a task of `jit_request` does."""
    if params["state"] == "closed":
        return [table.CLOSE_BY_POLICY if params["close_method"] == "policy" else table.CLOSE_BY_RULE]
    deeds = [table.OPEN]
    if params["wait_for"] in ("rule", "port"):
        deeds.append(table.WAIT_FOR_RULE)
    if params["start_vms"]:
        deeds.append(table.START_VMS)
    if params["enable_missing"]:
        deeds.append(table.COVER)
    return deeds


def report_deeds(params: Mapping[str, Any]) -> list[Deed]:
    """Say what a task of `jit_vm_info` does."""
    return [table.INSPECT, table.EFFECTIVE_RULES] if params["effective_rules"] == "azure" else [table.INSPECT]


def policy_deeds(params: Mapping[str, Any]) -> list[Deed]:
    """Say what a task of `jit_policy` does."""
    return [table.UNCOVER if params["state"] == "absent" else table.COVER]
