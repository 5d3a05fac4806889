# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source as ansible-rulebook runs it, a file in a collection, against the simulator."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rulebooks import eventually
from running_simulator import ROOT
from small_fleet import SUBSCRIPTIONS, SmallFleet

SOURCE = ROOT / ".cache/tree/ansible_collections/jitfleet/azure/extensions/eda/plugins/event_source/jit_events.py"
LIST = "/providers/Microsoft.Security/jitNetworkAccessPolicies$"
WINDOWS = ["opened", "about_to_end", "ended", "closed_early"]


@dataclass
class Source:
    """A running event source: what it told, and what it logged."""

    events: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def told(self) -> list[tuple[str, str]]:
        return [(event["jit"]["type"], event["jit"]["name"]) for event in self.events]

    def awaits(self, *expected: tuple[str, str]) -> None:
        """Wait for events; these and no others have come then, in the order of their names."""
        eventually(lambda: len(self.events) >= len(expected), lambda: f"{self.told()}\n{''.join(self.log)}")
        assert sorted(self.told()) == sorted(expected)

    def awaits_log(self, text: str) -> None:
        eventually(lambda: any(text in line for line in self.log), lambda: f"{text!r}: {''.join(self.log)}")


@contextmanager
def running(fleet: SmallFleet, **args: Any) -> Iterator[Source]:
    """Run the source until the end of the block."""
    wanted = {"subscriptions": ["*"], "interval": 1, "exposure_interval": 1, "lead_time": "15m", **args}
    environment = {**fleet.cloud.environment, "JIT_EVENTS_ARGS": json.dumps(wanted)}
    command = [sys.executable, "-I", str(SOURCE)]
    source = Source()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:

        def read_events() -> None:
            source.events += (json.loads(line) for line in process.stdout or ())

        def read_log() -> None:
            for line in process.stderr or ():
                source.log.append(line)

        threads = [threading.Thread(target=each, daemon=True) for each in (read_events, read_log)]
        for thread in threads:
            thread.start()
        try:
            yield source
        finally:
            process.terminate()
            for thread in threads:
                thread.join()


def rounds(fleet: SmallFleet, number: int) -> None:
    """Wait until both subscriptions were looked at so often."""

    def looks() -> int:
        return fleet.cloud.calls()["GET jitNetworkAccessPolicies"]

    wanted = looks() + 2 * number
    eventually(lambda: looks() >= wanted, lambda: "the source doesn't look any more")


def test_windows_are_told_from_their_opening_to_their_end(fleet: SmallFleet) -> None:
    fleet.open("desk-1", "before the watch")
    with running(fleet, events=WINDOWS) as source:
        rounds(fleet, 1)
        fleet.open("desk-2", "CHG-1 {{ lookup('pipe', 'id') }}\nand more")
        fleet.open("lab-1", "CHG-2", "PT10M")
        fleet.open("lab-2", "CHG-3")
        begun = [("opened", "desk-2"), ("opened", "lab-1"), ("about_to_end", "lab-1"), ("opened", "lab-2")]
        source.awaits(*begun)
        fleet.delete_grants("desk-1")
        closed = [("closed_early", "desk-1"), ("closed_early", "desk-2")]
        source.awaits(*begun, *closed)
        fleet.cloud.advance(61 * 60)
        ended = [("ended", "lab-1"), ("ended", "lab-2")]
        source.awaits(*begun, *closed, *ended)
        rounds(fleet, 2)
        source.awaits(*begun, *closed, *ended)

    texts = {event["jit"]["name"]: event["jit"]["justification"] for event in source.events}
    assert texts["desk-2"] == "CHG-1 { { lookup('pipe', 'id') } } and more"


def test_what_is_there_already_is_told_on_request(fleet: SmallFleet) -> None:
    fleet.open("desk-1", "before the watch")
    with running(fleet, events=WINDOWS, emit_existing=True) as source:
        source.awaits(("opened", "desk-1"))


def test_exposures_are_told_once_and_windows_are_none(fleet: SmallFleet) -> None:
    with running(fleet, events=["exposure_found"], ports=["ssh"]) as source:
        rounds(fleet, 2)  # the second begins when the first has read all that it looks at
        fleet.open("desk-1", "CHG-1")
        fleet.expose("lab-1")
        found = [("exposure_found", f"lab-{number}") for number in (1, 2, 3)]
        source.awaits(*found)
        rounds(fleet, 2)
        source.awaits(*found)

    assert {event["jit"]["rule"] for event in source.events} == {"allow-ssh-for-a-test"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "times": 50},
        {"status": 429, "headers": {"Retry-After": "1"}, "times": 3},
        {"status": 401, "times": 2},
        {"truncate": 20, "times": 1},
    ],
    ids=["forbidden", "throttled", "signed out", "cut short"],
)
def test_a_subscription_in_trouble_stops_no_other_and_is_caught_up_with(
    fleet: SmallFleet, fault: dict[str, Any]
) -> None:
    with running(fleet, events=["opened"]) as source:
        rounds(fleet, 1)
        fleet.cloud.fault(method="GET", path=f"{SUBSCRIPTIONS['desk']}{LIST}", **fault)
        fleet.open("desk-1", "CHG-1")
        fleet.open("lab-1", "CHG-2")
        eventually(lambda: ("opened", "lab-1") in source.told(), lambda: "".join(source.log))
        if fault["times"] > 10:
            source.awaits_log(f"the windows of subscription {SUBSCRIPTIONS['desk']} can't be read")
            fleet.cloud.control("DELETE", "faults")
        source.awaits(("opened", "desk-1"), ("opened", "lab-1"))


def test_tokens_that_run_out_are_renewed(fleet: SmallFleet) -> None:
    fleet.cloud.control("PATCH", "behaviour", {"token_lifetime": "2s"})
    with running(fleet, events=["opened"]) as source:
        rounds(fleet, 3)
        fleet.open("desk-1", "CHG-1")
        source.awaits(("opened", "desk-1"))
    assert sum(call["path"].endswith("/token") for call in fleet.cloud.journal()) > 1


def test_a_sign_in_that_nobody_answers_at_the_start_is_tried_again(fleet: SmallFleet) -> None:
    fleet.open("desk-1", "before the watch")
    fleet.cloud.fault(method="POST", path="/token", reset="before", times=500)
    with running(fleet, events=["opened"], emit_existing=True) as source:
        source.awaits_log("nothing can be read")
        fleet.cloud.control("DELETE", "faults")
        source.awaits(("opened", "desk-1"))


@pytest.mark.parametrize(
    ("args", "environment", "said"),
    [
        ({"interval": 0}, {}, "interval: 0 is out of range, 1 to 3600 seconds"),
        ({"intervall": 9}, {}, "intervall: there is no such argument; interval was meant?"),
        ({}, {"JIT_EVENTS_ARGS": "{subscriptions: '*'}"}, "JIT_EVENTS_ARGS is no JSON: "),
        ({}, {"JIT_EVENTS_ARGS": "[]"}, "JIT_EVENTS_ARGS is no object of arguments"),
        ({}, {"AZURE_SECRET": "wrong-and-hush-hush"}, "AADSTS7000215"),
    ],
)
def test_a_mistake_ends_the_source_with_the_reason(
    fleet: SmallFleet, args: dict[str, Any], environment: dict[str, str], said: str
) -> None:
    variables = {**fleet.cloud.environment, "JIT_EVENTS_ARGS": json.dumps({"subscriptions": ["*"], **args})}
    done = subprocess.run(
        [sys.executable, "-I", str(SOURCE)],
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr


def test_a_copy_of_the_file_alone_says_what_it_lacks(fleet: SmallFleet, tmp_path: Path) -> None:
    copy = tmp_path / "jit_events.py"
    copy.write_text(SOURCE.read_text())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(copy)], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert f"{copy} is a copy without the rest of its collection" in said
