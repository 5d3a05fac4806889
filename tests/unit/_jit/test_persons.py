# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names behind requests."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.persons import Person, person_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("requestor", "justification", "person"),
    [
        ("ada@example.com", "CHG-1 [bob@host]", Person("ada@example.com")),
        ("", "CHG-1 [alice@controller]", Person("alice@controller", is_stated=True)),
        ("", 'CHG-1 [awx job 42 "Open RDP" by alice on exec-1]', Person("alice", is_stated=True)),
        ("", "CHG-1 [run 30318-1805698-3ec074e8 by root@vm] (my_ip) #794d88ff", Person("root@vm", is_stated=True)),
        ("", '[awx job 7 by schedule "nightly run" on exec-1]', Person('schedule "nightly run"', is_stated=True)),
        ("", "CHG-1 [see wiki]", Person()),
        ("", "[ada@host] and later [bob@host]", Person("bob@host", is_stated=True)),
        ("", "approved by the board", Person()),
        ("", "[ada@host] as agreed [see wiki]", Person()),
        ("", "", Person()),
        ("  ", "[ada@host]", Person("ada@host", is_stated=True)),
    ],
)
def test_azures_name_comes_first_and_ours_is_marked(requestor: str, justification: str, person: Person) -> None:
    assert person_of(requestor, justification) == person


@given(st.text(), st.text())
def test_every_text_can_be_read(requestor: str, justification: str) -> None:
    person = person_of(requestor, justification)
    assert person.name == requestor.strip() if not person.is_stated else person.name in justification
