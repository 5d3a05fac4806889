# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which variables a task's options are set, depending on where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.plugin_utils._place import OWN_FOLDER, Place

OPEN_RDP = OWN_FOLDER / "playbooks" / "open_rdp.yml"
MAINTENANCE, REPORT = OPEN_RDP.with_name("maintenance.yml"), OPEN_RDP.with_name("report.yml")
ASK = OWN_FOLDER / "roles" / "jit_access" / "tasks" / "ask.yml"
THEIRS = Path("/srv/patch/site.yml")
OPTIONS = {"enable_missing", "clamp_duration", "write_budget", "sources"}
TEXT = "web-01: cover it, or say enable_missing: true. db-01: sources, or clamp_duration. Not allow_any_source."


@pytest.mark.parametrize(
    ("place", "added"),
    [
        (
            Place(OPEN_RDP, OPEN_RDP, None, {}),
            ". As variables of this playbook: enable_missing is jit_enable_missing, clamp_duration "
            "is jit_clamp_duration",
        ),
        (
            Place(THEIRS, ASK, "jit_access", {}),
            ". As variables of the role jit_access: enable_missing is jit_access_enable_missing, clamp_duration "
            "is jit_access_clamp_duration",
        ),
        (
            Place(MAINTENANCE, ASK, "jit_access", {}),
            ". As variables of this playbook: enable_missing is jit_enable_missing, clamp_duration "
            "is jit_clamp_duration",
        ),
        (
            Place(REPORT, ASK, "jit_access", {}),
            ". As variables of the role jit_access: enable_missing is jit_access_enable_missing, clamp_duration "
            "is jit_access_clamp_duration",
        ),
        (Place(THEIRS, THEIRS, None, {}), ""),
        (Place(THEIRS, THEIRS.parent / "roles" / "theirs" / "tasks" / "main.yml", "theirs", {}), ""),
    ],
)
def test_options_in_a_text_are_told_as_variables_where_such_set_them(place: Place, added: str) -> None:
    told = place.translate(TEXT, OPTIONS)
    assert told == (f"{TEXT.rstrip('.')}{added}" if added else TEXT)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("sources[0]: no prefix", "sources is jit_sources"),
        ("ports[1].port: no port; duration: too long", "ports is jit_wanted_ports, duration is jit_duration"),
        ("the sources: all of them. The duration is too long", ""),
    ],
)
def test_a_short_name_counts_where_a_sentence_begins_with_it(text: str, added: str) -> None:
    told = Place(OPEN_RDP, OPEN_RDP, None, {}).translate(text, {"sources", "duration", "ports"})
    assert told == (f"{text}. As variables of this playbook: {added}" if added else text)


def test_an_option_without_a_variable_is_left_as_it_is() -> None:
    text = "write_budget: it has to be positive"
    assert Place(OPEN_RDP, OPEN_RDP, None, {}).translate(text, OPTIONS) == text


def test_a_playbook_hands_some_options_on_under_names_of_its_own_and_leaves_others_to_the_role() -> None:
    told = Place(MAINTENANCE, ASK, "jit_access", {}).translate(
        "outlives_run, or wait_timeout", {"outlives_run", "wait_timeout"}
    )
    assert told == (
        "outlives_run, or wait_timeout. As variables of this playbook: wait_timeout is jit_wait_timeout. "
        "As variables of the role jit_access: outlives_run is jit_access_outlives_run"
    )


def test_only_our_own_roles_have_our_variables() -> None:
    assert Place(THEIRS, ASK, "jit_access", {}).own_role == "jit_access"
    assert Place(THEIRS, THEIRS, "jit_access", {}).own_role is None


@pytest.mark.parametrize(
    ("arguments", "is_named"),
    [
        (["jitfleet.azure.open_rdp"], True),
        (["other.yml", str(OPEN_RDP)], True),
        (["jitfleet.azure.open_ssh"], False),
        (["/srv/patch/site.yml"], False),
        ([], False),
    ],
)
def test_a_playbook_is_named_by_its_full_name_or_its_file(arguments: list[str], is_named: bool) -> None:
    assert Place(OPEN_RDP, OPEN_RDP, None, {}).is_named_by(arguments) is is_named
