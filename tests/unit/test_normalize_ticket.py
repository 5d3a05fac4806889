# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One shape of what ticket systems send, and nothing that a stranger could do harm with."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
FILTER = runpy.run_path(str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "normalize_ticket.py"))
normalize: Callable[..., dict[str, Any]] = FILTER["main"]

JIRA = {"id_path": "issue.key", "state_path": "issue.fields.status.name", "closed_states": ["Done"]}


def ticket(payload: Any, **options: Any) -> dict[str, Any]:
    written: dict[str, Any] = normalize({"payload": payload, "meta": {"headers": {"X": "{{ x }}"}}}, **options)
    assert list(written) == ["ticket"], "nothing else is let through"
    found: dict[str, Any] = written["ticket"]
    return found


@pytest.mark.parametrize(
    ("payload", "options", "number", "state", "is_closed"),
    [
        ({"ticket": "CHG-4711", "state": "Closed"}, {}, "CHG-4711", "closed", True),
        ({"ticket": "CHG0030002", "state": "in progress"}, {}, "CHG0030002", "in progress", False),
        ({"ticket": "inc-1", "state": "RESOLVED", "more": ["{{ x }}"]}, {}, "inc-1", "resolved", True),
        (
            {"issue": {"key": "OPS-12", "fields": {"status": {"name": "Done"}}}},
            JIRA,
            "OPS-12",
            "done",
            True,
        ),
        (
            {"ticket": "20260504-1", "state": "closed"},
            {"id_pattern": "[0-9]{8}-[0-9]+"},
            "20260504-1",
            "closed",
            True,
        ),
    ],
)
def test_number_and_state_are_read(
    payload: dict[str, Any], options: dict[str, Any], number: str, state: str, is_closed: bool
) -> None:
    assert ticket(payload, **options) == {
        "id": number,
        "state": state,
        "is_closed": is_closed,
        "is_valid": True,
        "problem": "",
    }


HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "CHG-4711\n",
    "CHG-4711\nCHG-4712",
    "CHG-4711 {{ 7*7 }}",
    "{% raw %}",
    ".*",
    "",
    "a",
    "CHG",
    "CHG-4711' or 1=1 --",
    "CHG-٤٧١١",
    "CHG-" + "1" * 500,
    4711,
    None,
    True,
    ["CHG-4711"],
    {"a": "CHG-4711"},
]


@pytest.mark.parametrize("number", HOSTILE, ids=repr)
def test_what_is_no_number_of_a_ticket_is_refused_and_not_quoted(number: Any) -> None:
    found = ticket({"ticket": number, "state": "closed"})

    assert (found["id"], found["is_valid"], found["is_closed"]) == (None, False, False)
    assert found["problem"] == "payload.ticket is missing, or no number of a ticket by id_pattern"


@pytest.mark.parametrize("state", ["", "{{ x }}", "closed\n", 1, None, "c" * 500], ids=repr)
def test_what_is_no_state_is_refused(state: Any) -> None:
    found = ticket({"ticket": "CHG-4711", "state": state})

    assert (found["id"], found["is_closed"], found["problem"]) == (
        None,
        False,
        "payload.state is missing, or no state",
    )


@pytest.mark.parametrize("number", ["{{ x }}", "CHG-1\n2", "50%CHG", "#CHG-1", "\x00\x00\x00\x00"], ids=repr)
def test_a_pattern_that_is_too_wide_lets_no_template_through(number: str) -> None:
    assert ticket({"ticket": number, "state": "closed"}, id_pattern="(?s).*")["is_valid"] is False


@pytest.mark.parametrize("payload", [[], "text", None, 7, [{"ticket": "CHG-4711"}]])
def test_a_payload_of_another_form_is_refused(payload: Any) -> None:
    assert ticket(payload)["is_valid"] is False


@given(st.text() | st.from_regex(r"[A-Z]{3}-[0-9]{1,6}", fullmatch=True))
def test_whatever_is_let_through_is_what_was_sent_and_no_template(number: str) -> None:
    found = ticket({"ticket": number, "state": "closed"})

    if found["is_valid"]:
        assert found["id"] == number
        assert jinja2.Environment().from_string(number).render() == number
        assert re.search(r"[\n\r\t]", number) is None


def test_an_event_that_is_no_message_goes_through() -> None:
    event = {"jit": {"type": "opened"}}

    assert normalize(event) is event


def test_the_documentation_says_what_the_code_takes() -> None:
    options = yaml.safe_load(FILTER["DOCUMENTATION"])["options"]
    parameters = inspect.signature(normalize).parameters

    assert list(options) == [name for name in parameters if name != "event"]
    for name, option in options.items():
        default = parameters[name].default
        assert option["default"] == (list(default) if isinstance(default, tuple) else default)


def test_the_examples_name_options_that_there_are() -> None:
    for example in yaml.safe_load(FILTER["EXAMPLES"]):
        (arguments,) = (each["jitfleet.azure.normalize_ticket"] for each in example["filters"])
        normalize({"payload": {}}, **(arguments or {}))
