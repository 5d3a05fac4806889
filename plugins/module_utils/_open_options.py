# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which ports shall be open, for whom and for how long."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from ._azure.own_address import ask_own_address, check_url
from ._jit.access import Origin, Wish
from ._jit.closing import CloseWish
from ._jit.errors import InvalidOption, NoAddress
from ._jit.justification import read_justification
from ._jit.times import human_duration
from ._operations.open_access import OpenRequest, open_access
from ._operations.outcomes import Outcome
from ._options import Selected, read_access_duration, read_origin, read_ports, read_span
from ._policy_options import read_patience
from ._runner import USER_AGENT, Context
from ._selection import Selection, read_selection

OWN_KEYS = ("ports", "sources", "duration", "address")


W = TypeVar("W", Wish, CloseWish)


def open_spec() -> dict[str, Any]:
    """Options that only matter where access is opened."""
    return {
        "allow_any_source": {"type": "bool", "default": False},
        "duration": {"type": "str"},
        "clamp_duration": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "minimum_remaining": {"type": "str"},
        "require_justification": {"type": "bool", "default": False},
        "justification_pattern": {"type": "str"},
        "outlives_run": {"type": "bool", "default": False},
        "wait_for": {"type": "str", "choices": ["accepted", "initiated", "rule", "port"], "default": "initiated"},
        "start_vms": {"type": "bool", "default": False},
        "enable_missing": {"type": "bool", "default": False},
        "write_budget": {"type": "float", "default": 5.0},
        "quiet_window": {"type": "float", "default": 6.0},
    }


def plan_open(
    params: Mapping[str, Any],
) -> tuple[Selection[Wish], Callable[[Context, Sequence[Wish]], Outcome]]:
    """Read the options into a request."""
    selection = read_selection(params, OWN_KEYS, _wish_reader(params))
    justification = read_justification(params)
    request = OpenRequest(
        wishes=(),
        justification=justification.text,
        ours=justification.ours,
        wait_for=params["wait_for"],
        wait_timeout=timedelta(seconds=params["wait_timeout"]),
        enabling=read_patience({**params, "wait": True}) if params["enable_missing"] else None,
        start_vms=params["start_vms"],
    )
    located = read_my_ip_url(params)

    def operate(context: Context, wishes: Sequence[Wish]) -> Outcome:
        reference = f"#{secrets.token_hex(4)}"
        asked = dataclasses.replace(request, wishes=located(wishes))
        return open_access(asked, context, reference, check_mode=context.check_mode)

    return selection, operate


def _wish_reader(params: Mapping[str, Any]) -> Callable[[Selected], Wish]:
    def origin(option: str, raw: Any) -> Origin:
        return read_origin(option, raw, allow_any=params["allow_any_source"])

    ports = read_ports("ports", params["ports"])
    sources = origin("sources", params["sources"])
    duration = read_access_duration("duration", params["duration"])
    remaining = read_span("minimum_remaining", params["minimum_remaining"])
    if remaining is not None and duration is not None and remaining >= duration:
        raise InvalidOption(
            "minimum_remaining",
            f"{human_duration(remaining)} is not shorter than duration, {human_duration(duration)}: each run "
            "would ask for one more window",
        )

    def wish(vm: Selected) -> Wish:
        return Wish(
            vm.vm,
            ports=vm.read("ports", read_ports, ports),
            origin=vm.read("sources", origin, sources),
            duration=vm.read("duration", read_access_duration, duration),
            minimum_remaining=remaining,
            clamp=params["clamp_duration"],
            force=params["force"],
            addresses=vm.addresses,
        )

    return wish


def read_my_ip_url(params: Mapping[str, Any]) -> Callable[[Sequence[W]], Sequence[W]]:
    """Give what puts the controller's address into wishes that say `my_ip`, asked for once and only if needed."""
    if not params["my_ip_url"]:
        return lambda wishes: wishes
    url = check_url("my_ip_url", params["my_ip_url"])

    def located(wishes: Sequence[W]) -> Sequence[W]:
        if not any(wish.origin.own_address for wish in wishes):
            return wishes
        try:
            here = Origin(prefixes=(ask_own_address(url, USER_AGENT),))
        except NoAddress as error:
            raise InvalidOption(
                "my_ip_url",
                f"{error}. Name a service that this controller reaches, say the address itself in sources, or "
                "leave my_ip_url out, so that Azure takes the address that it sees",
            ) from error
        return [dataclasses.replace(w, origin=here) if w.origin.own_address else w for w in wishes]

    return located
