# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the watch as an event source of Event-Driven Ansible: arguments to a watch, its events into a queue."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Protocol

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ._auth_options import auth_spec, read_sign_in
from ._azure.arm import Arm
from ._azure.session import connect
from ._jit.errors import AzureError, InvalidOption, InvalidOptions, JitFleetError, SignInFailed
from ._jit.events import ABOUT_TO_END, Telling
from ._jit.policies import Json
from ._jit.sign_in import SECRETS, SignIn
from ._jit.times import LONGEST, not_a_duration, read_duration
from ._operations.watch import EVENTS, LONGEST_PAUSE, Watch, WatchRequest
from ._options import read_ports
from ._posture_options import fleet_for
from ._runner import USER_AGENT, Context, context_of
from ._selection import read_scope

SHORTEST_INTERVAL, LONGEST_INTERVAL = 1, 3600
# ansible-rulebook may hand it over beside the arguments.
_FEEDBACK = "eda_feedback_queue"

logger = logging.getLogger("jitfleet.azure.jit_events")


class Queue(Protocol):
    """Where events go."""

    async def put(self, event: Json, /) -> None: ...


def source_spec() -> dict[str, Any]:
    """Arguments of the event source, without those of the sign-in."""
    return {
        "subscriptions": {"type": "list", "elements": "str"},
        "resource_groups": {"type": "list", "elements": "str"},
        "ports": {"type": "list", "elements": "raw"},
        "events": {"type": "list", "elements": "str", "choices": list(EVENTS), "default": list(EVENTS)},
        "lead_time": {"type": "str", "default": "15m"},
        "interval": {"type": "int", "default": 60},
        "exposure_interval": {"type": "int", "default": 600},
        "check_rules": {"type": "bool", "default": True},
        "emit_existing": {"type": "bool", "default": False},
    }


async def serve(queue: Queue, args: Mapping[str, Any]) -> None:
    """Put events into the queue until the task is cancelled."""
    source = EventSource.read(args)
    logger.info("watching %s", ", ".join(sorted(source.request.events)))
    failures = 0
    while True:
        pause = source.pause
        try:
            # Azure's answers are waited for in a thread: other sources share this loop.
            events = await asyncio.to_thread(source.look)
        except AzureError as error:
            # A network that isn't there yet, as after a start of the machine, is no mistake.
            if isinstance(error, SignInFailed) and not source.is_signed_in:
                raise
            failures += 1
            pause = max(min(pause * 2 ** min(failures, 10), LONGEST_PAUSE), pause)
            logger.error("nothing can be read, the next try is in %d s: %s", pause.total_seconds(), error)
        else:
            failures = 0
            for event in events:
                await queue.put({"jit": event})
        await asyncio.sleep(pause.total_seconds())


class _PrintedQueue:
    async def put(self, event: Json, /) -> None:
        sys.stdout.write(f"{json.dumps(event)}\n")
        sys.stdout.flush()


def print_events(text: str) -> None:
    """Print what would be told, to try arguments that are given as JSON. Exits with one line if one is wrong."""
    try:
        args = json.loads(text)
    except ValueError as error:
        raise SystemExit(f"JIT_EVENTS_ARGS is no JSON: {error}") from None
    if not isinstance(args, dict):
        raise SystemExit('JIT_EVENTS_ARGS is no object of arguments; write it as {"subscriptions": ["*"]}')
    # that it watches, and what it can't read
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler())
    try:
        asyncio.run(serve(_PrintedQueue(), args))
    except JitFleetError as error:
        raise SystemExit(str(error)) from None


@dataclass(slots=True)
class EventSource:
    """A watch with its sign-in; the connection is made by the first look."""

    request: WatchRequest
    params: Mapping[str, Any]
    sign_in: SignIn
    _arm: Arm | None = None
    _watch: Watch | None = None

    @classmethod
    def read(cls, args: Mapping[str, Any]) -> EventSource:
        """Read the arguments. Raises an `InvalidOption` that names all that is wrong."""
        params = _validated({name: value for name, value in args.items() if name != _FEEDBACK})
        sign_in = read_sign_in(params, logger.warning)
        params["subscription_id"] = sign_in.subscription_id
        return cls(read_request(params), params, sign_in)

    @property
    def is_signed_in(self) -> bool:
        """Tell whether a token was ever had: a mistake in the sign-in ends the source, a failure later doesn't."""
        return self._arm is not None

    @property
    def pause(self) -> timedelta:
        return self.request.interval if self.request.wants_windows else self.request.exposure_interval

    def look(self) -> list[Json]:
        if self._arm is None:
            arm = connect(self.sign_in, USER_AGENT, time.time)
            arm.user_name()
            self._arm = arm
        if self._watch is None:
            self._watch = Watch(self.request, self._services(self._arm), logger.warning)
        return self._watch.look()

    def _services(self, arm: Arm) -> Callable[[], Context]:
        def make() -> Context:
            context = context_of(arm, self.params, logger.warning, check_mode=True)
            return dataclasses.replace(
                context, fleet=fleet_for("auto", context.fleet, context.lists, context.warn)
            )

        return make


def read_request(params: Mapping[str, Any]) -> WatchRequest:
    """Read what to watch from validated arguments."""
    problems: list[InvalidOption] = []
    interval = _read_interval("interval", params["interval"], problems)
    exposure_interval = _read_interval("exposure_interval", params["exposure_interval"], problems)
    events = frozenset(params["events"] or ())
    if not events:
        problems.append(InvalidOption("events", "the list is empty: leave it out for all events"))
    lead = read_duration(params["lead_time"])
    if lead is None:
        problems.append(InvalidOption("lead_time", not_a_duration(params["lead_time"])))
    elif ABOUT_TO_END in events and not interval < lead <= LONGEST:
        problems.append(
            InvalidOption(
                "lead_time",
                f"{params['lead_time']!r} is out of range: it is more than interval ({params['interval']} s), so "
                "that a window is seen before it ends, and at most 1 day (24h)",
            )
        )
    if problems:
        raise InvalidOptions(problems)
    return WatchRequest(
        scope=read_scope(params),
        events=events,
        interval=interval,
        exposure_interval=exposure_interval,
        telling=Telling(lead or timedelta(), emit_existing=params["emit_existing"]),
        ports=tuple(read_ports("ports", params["ports"])),
        check_rules=params["check_rules"],
    )


def _read_interval(option: str, seconds: int, problems: list[InvalidOption]) -> timedelta:
    if not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        problems.append(
            InvalidOption(option, f"{seconds} is out of range, {SHORTEST_INTERVAL} to {LONGEST_INTERVAL} seconds")
        )
    return timedelta(seconds=seconds)


def _validated(args: Mapping[str, Any]) -> dict[str, Any]:
    """Check the arguments as Ansible checks a module's."""
    spec = {**auth_spec(), **source_spec()}
    if strangers := [str(name) for name in args if name not in spec]:
        raise InvalidOptions(
            [InvalidOption(name, f"there is no such argument{_meant(name, spec)}") for name in strangers]
        )
    result = ArgumentSpecValidator(spec).validate(args)
    if result.error_messages:
        raise InvalidOption("jit_events", _without_secrets("; ".join(result.error_messages), args))
    return dict(result.validated_parameters)


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; {near[0]} was meant?" if near else "; the documentation in jit_events.py lists them"


def _without_secrets(text: str, args: Mapping[str, Any]) -> str:
    for name in SECRETS:
        if value := args.get(name):
            text = text.replace(str(value), "********")
    return text
