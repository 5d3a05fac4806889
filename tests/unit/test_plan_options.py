# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What costs money is done only where it is said clearly."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption, InvalidOptions
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import PlanWish
from ansible_collections.jitfleet.azure.plugins.module_utils._plan_options import read_plan_request
from samples import SUBSCRIPTION

UNSAID: dict[str, Any] = {
    "state": "present",
    "tier": None,
    "sub_plan": None,
    "subscriptions": None,
    "subscription_id": SUBSCRIPTION,
    "wait_timeout": 60,
}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "costs money for every server"),
        ({"sub_plan": "P2"}, "costs money for every server"),
        ({"tier": "free", "sub_plan": "P2"}, "the free tier has none"),
        ({"state": "absent", "sub_plan": "P2"}, "the free tier has none"),
        ({"state": "absent", "tier": "standard"}, "say one of them"),
        ({"subscriptions": [], "tier": "standard"}, "the list is empty"),
        ({"subscriptions": ["mine"], "tier": "standard"}, "not a subscription's id"),
        ({"subscription_id": None, "tier": "standard"}, "in which subscriptions"),
        ({"tier": "standard", "wait_timeout": -1}, "is no time to wait"),
    ],
)
def test_what_is_not_said_clearly_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises((InvalidOption, InvalidOptions), match=named):
        read_plan_request({**UNSAID, **options})


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidOptions) as caught:
        read_plan_request({**UNSAID, "subscriptions": ["mine"], "wait_timeout": -1})
    assert [problem.option for problem in caught.value.problems] == ["subscriptions", "tier", "wait_timeout"]


@pytest.mark.parametrize(
    ("options", "wish"),
    [
        ({"tier": "standard"}, PlanWish("standard")),
        ({"tier": "standard", "sub_plan": "P1"}, PlanWish("standard", "P1")),
        ({"tier": "free"}, PlanWish("free")),
        ({"state": "absent"}, PlanWish("free")),
        ({"state": "absent", "tier": "free"}, PlanWish("free")),
    ],
)
def test_wishes_are_read(options: dict[str, Any], wish: PlanWish) -> None:
    request = read_plan_request({**UNSAID, **options})
    assert request.wish == wish
    assert request.scope.subscriptions == (SUBSCRIPTION,)
    everywhere = read_plan_request({**UNSAID, **options, "subscriptions": ["*"]})
    assert everywhere.scope.subscriptions == (), "all that the credential sees"
