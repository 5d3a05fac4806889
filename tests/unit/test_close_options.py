# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of closing that contradict each other, or leave too much to guess."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._close_options import (
    close_spec,
    ignored,
    plan_close,
    refuse_with_open,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption, InvalidOptions
from ansible_collections.jitfleet.azure.plugins.module_utils._open_options import open_spec

DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("ports", "sources", "justification", "requested_by", "requested_in", "requestors")),
    **dict.fromkeys(("orphans_of", "ended_jobs", "my_ip_url", "resource_groups", "subscriptions", "filter")),
    "state": "closed",
    "only_mine": True,
    "all_grants": False,
    "outlives_run": False,
    "close_method": "rule",
    "wait_timeout": 300,
    "subscription_id": None,
    "vms": [
        "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg/providers/"
        "Microsoft.Compute/virtualMachines/vm"
    ],
}
PATIENCE = {"write_budget": 5.0, "quiet_window": 6.0, "wait": True}
SWEEP = {"orphans_of": "controller", "requested_by": "ada@ctl"}


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({**SWEEP, "requested_in": "awx job 7"}, "ended_jobs"),
        ({**SWEEP, "requested_in": 'tower job 7 "Sweep" in workflow 6'}, "ended_jobs"),
        ({**SWEEP, "all_grants": True}, "all_grants"),
        ({"ended_jobs": [], "requested_by": "ada@ctl"}, "ended_jobs"),
    ],
)
def test_what_contradicts_itself_or_cannot_be_known_is_refused(params: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        plan_close({**DEFAULTS, **params})

    assert refused.value.option == option


@pytest.mark.parametrize(
    "params",
    [
        SWEEP,
        {"orphans_of": "controller"},
        {**SWEEP, "requested_in": "run 7-1-ff"},
        {**SWEEP, "requested_in": "awx job 7", "ended_jobs": []},
        {**SWEEP, "requested_in": "awx job 7", "ended_jobs": [6], "only_mine": False},
    ],
)
def test_orphans_are_chosen_whoever_asked_for_them(params: dict[str, Any]) -> None:
    assert plan_close({**DEFAULTS, **params})


@pytest.mark.parametrize("params", [{"orphans_of": "controller"}, {"ended_jobs": [1]}])
def test_a_task_that_opens_chooses_no_orphans(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="state: closed"):
        refuse_with_open({**DEFAULTS, **params})


@pytest.mark.parametrize("own", [{"ports": [22]}, {"sources": ["203.0.113.7"]}, {"ports": [22], "hosts": ["web"]}])
def test_closing_by_the_policy_refuses_what_would_choose_among_a_vms_windows(own: dict[str, Any]) -> None:
    everything = {**DEFAULTS, "close_method": "policy", "all_grants": True, **PATIENCE}
    vm = {"id": DEFAULTS["vms"][0], **own}
    with pytest.raises(InvalidOptions, match="close_method: policy ends all windows") as refused:
        plan_close({**everything, "vms": [vm]})
    (problem,) = refused.value.problems
    assert problem.option.startswith(f"vms[0].{next(iter(own))}")
    assert ("web" in problem.option) == ("hosts" in own)
    assert plan_close({**everything, "vms": [{**vm, "ports": None, "sources": None}]})


# -- what belongs to the other state ------------------------------------------------------------------------------

OPEN = {**{name: spec.get("default") for name, spec in {**open_spec(), **close_spec()}.items()}, "state": "open"}


def test_what_does_nothing_in_this_state_is_named() -> None:
    assert ignored(OPEN) == ""
    assert ignored({**OPEN, "state": "closed"}) == ""
    assert "close_method, only_mine" in ignored({**OPEN, "close_method": "policy", "only_mine": False})
    opening = {"duration": "1h", "force": True, "wait_for": "port", "start_vms": True, "minimum_remaining": "5m"}
    said = ignored({**OPEN, **opening, "state": "closed"})
    assert "duration, force, minimum_remaining, wait_for, start_vms" in said
    assert "state: closed" in said
    assert ignored({**OPEN, **opening}) == ""


@pytest.mark.parametrize("common", [{"require_justification": True}, {"justification_pattern": "CHG"}])
def test_what_a_team_sets_for_all_its_tasks_is_not_complained_about(common: dict[str, Any]) -> None:
    assert ignored({**OPEN, **common, "state": "closed"}) == ""
