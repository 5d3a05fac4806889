# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slips in the names of variables that the command line gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.jitfleet.azure.plugins.plugin_utils._misspelt import (
    slips,
    slips_in_role,
    variables_in,
    variables_of,
)
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[3]
OPENING = {"jit_hosts", "jit_duration", "jit_vm_limit", "jit_wait_timeout", "jit_wanted_ports", "jit_sources"}
DESCRIBED = re.compile(r"^# (jit_\w+)", re.MULTILINE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jit_host", "jit_hosts"),
        ("jit_durations", "jit_duration"),
        ("jit_duraton", "jit_duration"),
        ("jit_Duration", "jit_duration"),
        ("jit-duration", "jit_duration"),
        ("JIT_DURATION", "jit_duration"),
        ("jitduration", "jit_duration"),
        ("JitVmLimit", "jit_vm_limit"),
        ("jit_limit", "jit_vm_limit"),
        ("jit_ports", "jit_wanted_ports"),
        ("duration", "jit_duration"),
        ("wait_timeout", "jit_wait_timeout"),
        ("jit_color", None),
    ],
)
def test_a_slip_names_what_was_meant(typed: str, meant: str | None) -> None:
    (slip,) = slips([typed], OPENING)
    assert (slip.given, slip.meant) == (typed, meant)
    assert slip.is_bare == (not typed.lower().startswith("jit"))


@pytest.mark.parametrize("typed", ["colour", "ansible_user", "host", "limit", "jitter", "awx_job_id"])
def test_what_is_not_of_this_collection_is_no_slip(typed: str) -> None:
    assert slips([typed], OPENING) == []


def test_what_is_given_itself_was_not_meant_by_something_else() -> None:
    assert slips(["jit_duration", "jit_durations"], OPENING) == [("jit_durations", None, False)]
    assert slips(["jit_duration", "duration"], OPENING) == []


def test_of_several_that_may_be_meant_none_is_named() -> None:
    assert slips(["jit_timeout"], {"jit_wait_timeout", "jit_close_timeout"}) == [("jit_timeout", None, False)]


@given(st.sets(st.sampled_from(sorted(OPENING))))
def test_names_that_are_known_are_no_slips(typed: set[str]) -> None:
    assert slips(typed, OPENING) == []


def test_names_of_modules_are_no_variables_and_what_is_gone_has_none(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.yml"
    tasks.write_bytes(b"jitfleet.azure.jit_request: {hosts: '{{ jit_hosts }}', x: a.jit_x} # \xe9")

    assert variables_in([tasks, tmp_path / "gone.yml"]) == {"jit_hosts", "jit_x"}


ACCESS = {"jit_access_duration", "jit_access_ports", "jit_access_sources", "jit_access_wait_timeout"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jit_access_durration", "jit_access_duration"),
        ("jit_access_port", "jit_access_ports"),
        ("jit_access_soruces", "jit_access_sources"),
    ],
)
def test_a_slip_in_a_roles_variable_names_what_was_meant(typed: str, meant: str) -> None:
    assert slips_in_role([typed], ACCESS, "jit_access_") == [(typed, meant, False)]


@pytest.mark.parametrize(
    "typed", ["jit_access_ticket", "jit_access_timeout", "jit_access_ports_linux", "jit_access_sources_a", "jit_x"]
)
def test_what_begins_as_a_roles_variable_may_be_somebodys_own(typed: str) -> None:
    assert slips_in_role([typed], ACCESS, "jit_access_") == []


def test_what_another_playbook_or_role_knows_is_no_slip() -> None:
    assert slips(["jit_request_duration"], OPENING, {"jit_request_duration"}) == []


def test_what_playbooks_and_roles_document_is_known_so_one_set_of_variables_serves_all() -> None:
    described = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    entries = [entry for roles in described for entry in roles["argument_specs"].values()]
    options = {name for entry in entries for name in entry.get("options", ()) if name.startswith("jit_")}
    in_heads = {name for path in ROOT.glob("playbooks/*.yml") for name in DESCRIBED.findall(path.read_text())}

    assert len(options) > 30 < len(in_heads)
    assert options | in_heads <= variables_of(ROOT)
