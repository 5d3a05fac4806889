# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks for access, as a recorded AWX tells it."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.justification import read_justification
from ansible_collections.jitfleet.azure.plugins.plugin_utils._requester import find_requester
from launches import EXPECTED, recorded_launches


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_job_gives_the_expected_justification(name: str) -> None:
    variables = recorded_launches()[name].variables
    requester = find_requester(variables, "root", "container-4711")

    found = read_justification(
        {
            "state": "open",
            "justification": variables["jit_justification"],
            "require_justification": True,
            "justification_pattern": None,
            "outlives_run": False,
            "requested_by": requester.who,
            "requested_in": requester.job,
        }
    )

    assert found.text == EXPECTED[name]
    assert found.ours.asked(found.text)
    assert str(variables["awx_job_id"]) not in found.ours.who


def test_every_recorded_kind_of_launch_is_looked_at() -> None:
    assert set(recorded_launches()) == set(EXPECTED)
