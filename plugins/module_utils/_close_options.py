# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which open windows shall end."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ._controller import is_alive, this_place
from ._jit.access import Origin
from ._jit.closing import CloseWish, Whose
from ._jit.errors import InvalidOption
from ._jit.justification import Justification, read_justification
from ._jit.orphans import Job, Orphans, read_asker
from ._open_options import open_spec, read_my_ip_url
from ._operations.close_access import close_access
from ._operations.close_by_policy import close_by_policy
from ._operations.outcomes import Outcome
from ._operations.safe_write import Writer
from ._operations.windows import CloseRequest
from ._options import EMPTY_LIST, Selected, as_list, read_origin, read_ports
from ._policy_options import read_patience
from ._runner import Context
from ._selection import Selection, read_selection

Operate = Callable[[Context, Sequence[Any]], Outcome]

OWN_KEYS = ("ports", "sources", "duration", "address")
_CHOOSING = ("ports", "sources")
_ALL_END = (
    "close_method: policy ends all windows of the VMs; leave it out (where it is a host's variable, name the VMs "
    "in vms), or say close_method: rule"
)


def close_spec() -> dict[str, Any]:
    """Options that only matter where access is closed."""
    return {
        "close_method": {"type": "str", "choices": ["rule", "policy"], "default": "rule"},
        "only_mine": {"type": "bool", "default": True},
        "all_grants": {"type": "bool", "default": False},
        "requestors": {"type": "list", "elements": "str"},
        "orphans_of": {"type": "str", "choices": ["controller"]},
        "ended_jobs": {"type": "list", "elements": "int"},
    }


def refuse_with_open(params: Mapping[str, Any]) -> None:
    """Refuse what would make a task that opens look like one that closes."""
    for option in ("all_grants", "requestors", "orphans_of", "ended_jobs"):
        if params[option]:
            raise InvalidOption(option, "it chooses what is closed; it goes with state: closed")


# Options that do nothing in the other state. A team may set them for all its tasks, so they are no mistake for
# certain. What guards (`require_justification`), or serves both, is not among them.
_OPENING = (
    "duration",
    "clamp_duration",
    "force",
    "minimum_remaining",
    "outlives_run",
    "wait_for",
    "start_vms",
    "enable_missing",
)
_CLOSING = ("close_method", "only_mine")


def ignored(params: Mapping[str, Any]) -> str:
    """Name the options that are set and do nothing in this state, in a warning; nothing if there are none."""
    state = params["state"]
    names, spec = (_OPENING, open_spec()) if state == "closed" else (_CLOSING, close_spec())
    given = [name for name in names if params[name] != spec[name].get("default")]
    return f"with state: {state} these options do nothing: {', '.join(given)}" if given else ""


def warned(sentence: str, operate: Operate) -> Operate:
    """Put a warning before an operation, if there is one."""
    if not sentence:
        return operate

    def warn_first(context: Context, wishes: Sequence[Any]) -> Outcome:
        context.warn(sentence)
        return operate(context, wishes)

    return warn_first


def plan_close(
    params: Mapping[str, Any],
) -> tuple[Selection[CloseWish], Callable[[Context, Sequence[CloseWish]], Outcome]]:
    """Read the options into what to close."""
    ports, origin = read_ports("ports", params["ports"]), _read_origin("sources", params["sources"])

    by_policy = params["close_method"] == "policy"

    def wish(vm: Selected) -> CloseWish:
        if by_policy:
            vm.refuse(_CHOOSING, _ALL_END)
        return CloseWish(vm.vm, vm.read("ports", read_ports, ports), vm.read("sources", _read_origin, origin))

    whose = _read_whose(params)
    selection = read_selection(params, OWN_KEYS, wish)
    if by_policy:
        return selection, _by_policy(params)
    timeout = timedelta(seconds=params["wait_timeout"])
    located = read_my_ip_url(params)

    def operate(context: Context, wishes: Sequence[CloseWish]) -> Outcome:
        ours = whose if whose.ours is None else dataclasses.replace(whose, own_name=context.user_name())
        return close_access(
            CloseRequest(located(wishes), ours, timeout),
            context.jit,
            context.layouts,
            context.network,
            context.vms,
            context.clock,
            context.warn,
            context.progress.rules,
            check_mode=context.check_mode,
        )

    return selection, operate


def _by_policy(params: Mapping[str, Any]) -> Callable[[Context, Sequence[CloseWish]], Outcome]:
    """Read how VMs are taken out of their policies and put back, which ends all windows of theirs."""
    if not params["all_grants"]:
        raise InvalidOption(
            "close_method", "policy ends everybody's windows of the VMs; say all_grants: true to mean it"
        )
    for option in _CHOOSING:
        if as_list(params[option]):
            raise InvalidOption(option, _ALL_END)
    patience = read_patience(params)

    def operate(context: Context, wishes: Sequence[CloseWish]) -> Outcome:
        writer = Writer(context.jit, context.clock, random.random, patience, context.progress.policies)
        vms = [wish.vm for wish in wishes]
        return close_by_policy(vms, writer, context.warn, check_mode=context.check_mode)

    return operate


def _read_origin(option: str, raw: Any) -> Origin:
    """Read from where windows shall end; nothing said, and `policy`, mean from everywhere."""
    return read_origin(option, raw, allow_any=True) if raw is not None else Origin()


def _read_whose(params: Mapping[str, Any]) -> Whose:
    justification = read_justification(params)
    everybody = bool(params["all_grants"])
    orphans = _read_orphans(params, justification)
    ours = justification.ours if params["only_mine"] and not everybody and not orphans else None
    if ours is not None and not ours.who:
        raise InvalidOption(
            "only_mine", "what is yours can't be told without requested_by: give it, or say only_mine: false"
        )
    if params["requestors"] == []:
        raise InvalidOption("requestors", EMPTY_LIST)
    requestors = frozenset(str(name).strip().lower() for name in params["requestors"] or ())
    chosen = str(params["justification"] or "").strip()
    if everybody and (chosen or requestors):
        raise InvalidOption("all_grants", "it ends everybody's windows, so leave out justification and requestors")
    return Whose(ours, requestors, chosen, everybody, orphans=orphans)


def _read_orphans(params: Mapping[str, Any], justification: Justification) -> Orphans | None:
    ended = params["ended_jobs"]
    if not params["orphans_of"]:
        if ended is not None:
            raise InvalidOption("ended_jobs", "it tells which windows are orphans; it goes with orphans_of")
        return None
    if params["all_grants"]:
        raise InvalidOption("all_grants", "it ends everybody's windows, so leave out orphans_of")
    if ended is None and isinstance(read_asker(f"[{justification.ours.job}]"), Job):
        raise InvalidOption(
            "ended_jobs",
            "in a job of AWX or Automation Platform nobody but its controller knows which jobs are over: give "
            "their numbers (the playbook jitfleet.azure.close_access asks the controller)",
        )
    return Orphans(this_place(), is_alive, frozenset(ended or ()))
