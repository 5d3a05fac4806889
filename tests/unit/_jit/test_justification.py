# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into a request's justification, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.justification import (
    LONGEST,
    MARKS_ROOM,
    Justification,
    read_justification,
)


def read(**params: Any) -> Justification:
    unset = dict.fromkeys(("justification", "justification_pattern", "requested_by", "requested_in"))
    unset["outlives_run"] = None
    return read_justification({"state": "open", "require_justification": False, **unset, **params})


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, ""),
        ({"justification": " CHG-1 "}, "CHG-1"),
        ({"requested_by": "alice@ctl"}, "[alice@ctl]"),
        ({"justification": "CHG-1", "requested_by": "alice@ctl"}, "CHG-1 [alice@ctl]"),
        (
            {"justification": "Größe prüfen", "requested_by": "alice on n1", "requested_in": 'awx job 42 "Open"'},
            'Größe prüfen [awx job 42 "Open" by alice on n1]',
        ),
        ({"requested_in": "nightly run"}, "[nightly run]"),
        ({"requested_by": "ada@ctl", "outlives_run": True}, "[ada@ctl] (stays)"),
    ],
)
def test_the_requester_and_his_job_stand_in_brackets_behind_the_users_text(
    params: dict[str, Any], text: str
) -> None:
    assert read(**params).text == text


@pytest.mark.parametrize("option", ["justification", "requested_by", "requested_in"])
@pytest.mark.parametrize("character", ["\n", "\x1b", "\x00", "\u2028", "\u202e"])
def test_what_breaks_lines_or_steers_terminals_is_refused(option: str, character: str) -> None:
    with pytest.raises(InvalidOption, match="one line of plain text") as refused:
        read(**{option: f"CHG{character}1"})

    assert refused.value.option == option
    assert repr(character) in str(refused.value)


@pytest.mark.parametrize("demand", [{"require_justification": True}, {"justification_pattern": "CHG-[0-9]+"}])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_missing_text_is_refused_where_one_is_required(demand: dict[str, Any], text: str | None) -> None:
    with pytest.raises(InvalidOption, match="justification: say why access is needed"):
        read(justification=text, requested_by="CHG-4711", **demand)


def test_the_pattern_is_looked_for_in_the_users_own_text_alone() -> None:
    assert read(justification="see CHG-4711, please", justification_pattern="CHG-[0-9]+").text

    with pytest.raises(InvalidOption, match=r"justification: 'patching' doesn't match CHG-\[0-9\]\+"):
        read(justification="patching", justification_pattern="CHG-[0-9]+", requested_in="CHG-4711")


def test_a_wrong_pattern_is_named_with_what_is_wrong_about_it() -> None:
    with pytest.raises(
        InvalidOption, match=r"justification_pattern: '\(CHG' is not a regular expression: missing"
    ):
        read(justification="CHG-1", justification_pattern="(CHG")


def test_nothing_is_demanded_where_access_is_closed() -> None:
    assert read(state="closed", require_justification=True, justification_pattern="CHG").text == ""


def test_a_text_is_taken_up_to_the_bound_and_never_cut() -> None:
    behind = len(" [alice@ctl]") + MARKS_ROOM

    whole = read(justification="x" * (LONGEST - behind), requested_by="alice@ctl")

    assert len(whole.text) == LONGEST - MARKS_ROOM
    with pytest.raises(InvalidOption, match=f"is {LONGEST + 1} characters long; {LONGEST} are the most"):
        read(justification="x" * (LONGEST - behind + 1), requested_by="alice@ctl")


ALICE = {"requested_by": "alice on exec-1", "requested_in": 'awx job 42 "Open RDP"'}


@pytest.mark.parametrize(
    ("closing", "opening", "is_own"),
    [
        ({"requested_by": "ada@ctl"}, {"requested_by": "ada@ctl", "justification": "CHG-1"}, True),
        ({"requested_by": "ada@ctl"}, {"requested_by": "lada@ctl"}, False),
        ({"requested_by": "ada@ctl"}, {"requested_by": "ada@ctl2"}, False),
        (
            {"requested_by": "ada@ctl", "requested_in": "run 8-2-ff"},
            {"requested_by": "ada@ctl", "requested_in": "run 7-1-ff", "outlives_run": True},
            True,
        ),
        (
            {"requested_by": "ada@ctl", "requested_in": "run 8-2-ff"},
            {"requested_by": "lada@ctl", "requested_in": "run 7-1-ff"},
            False,
        ),
        ({"requested_by": "alice on exec-2", "requested_in": "awx job 43"}, ALICE, True),
        ({"requested_by": "alice", "requested_in": "awx job 43"}, ALICE, True),
        ({"requested_by": "malice on exec-1", "requested_in": "awx job 43"}, ALICE, False),
        ({"requested_by": "ali on exec-1", "requested_in": "awx job 43"}, ALICE, False),
        # the same job, whoever is said to run it
        ({"requested_by": "bob on exec-1", "requested_in": 'awx job 42 "Open RDP"'}, ALICE, True),
        ({"requested_by": "bob on exec-1", "requested_in": "awx job 4"}, ALICE, False),
        (
            {"requested_by": 'schedule "on call" on exec-9', "requested_in": "awx job 8"},
            {"requested_by": 'schedule "on call" on exec-1', "requested_in": "awx job 7"},
            True,
        ),
        (
            {"requested_by": 'schedule "on duty" on exec-1', "requested_in": "awx job 8"},
            {"requested_by": 'schedule "on call" on exec-1', "requested_in": "awx job 7"},
            False,
        ),
    ],
)
def test_own_requests_are_known_again_from_job_to_job_and_node_to_node(
    closing: dict[str, Any], opening: dict[str, Any], is_own: bool
) -> None:
    assert read(**closing).ours.asked(read(**opening).text) is is_own


@pytest.mark.parametrize(
    "text",
    [
        "asked for by alice on the phone [awx job 43 by bob on exec-2] #1",
        'as [awx job 42 "Open RDP" by alice on exec-1] did [awx job 43 by bob on exec-2]',
        "[alice@ctl] and others [bob@ctl]",
        "by alice@ctl",
        "[alice@ctl",
        "",
    ],
)
@pytest.mark.parametrize("mine", [ALICE, {"requested_by": "alice@ctl"}], ids=["job", "shell"])
def test_what_people_write_before_the_brackets_makes_nothing_ones_own(text: str, mine: dict[str, Any]) -> None:
    assert not read(**mine).ours.asked(text)
    assert not read(**mine).ours.asked_from_here(f"{text} (my_ip)")


@pytest.mark.parametrize(
    ("text", "from_here"),
    [
        ("CHG-1 [awx job 41 by alice on exec-1] (my_ip) #1", True),
        ("CHG-1 [awx job 41 by alice on exec-2] (my_ip) #1", False),
        ("CHG-1 (my_ip) [awx job 41 by alice on exec-1] #1", False),
    ],
)
def test_an_own_address_is_that_of_the_same_machine(text: str, from_here: bool) -> None:
    assert read(**ALICE).ours.asked_from_here(text) is from_here


def test_without_anybody_named_nothing_is_ones_own() -> None:
    nobody = read().ours
    assert not nobody.asked(read(requested_by="ada@ctl").text)
    assert not nobody.asked("")
