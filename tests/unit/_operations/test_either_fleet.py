# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet from the second source where the first is shut."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.either_fleet import EitherFleet
from fleet_rows import vm_row
from memory_fleet import MemoryFleet
from samples import SUBSCRIPTION


def sources() -> tuple[MemoryFleet, MemoryFleet, list[str], EitherFleet]:
    graph, lists = MemoryFleet(vm_row("from-graph")), MemoryFleet(vm_row("from-lists"))
    warnings: list[str] = []
    return graph, lists, warnings, EitherFleet(graph, lists, warnings.append)


def names(fleet: EitherFleet) -> list[str]:
    return [row["name"] for row in fleet.list_vms([SUBSCRIPTION], ["rg"], include_powered_off=True)]


def test_the_graph_is_asked_as_long_as_it_answers() -> None:
    _graph, lists, warnings, fleet = sources()
    assert names(fleet) == ["from-graph"]
    assert (lists.asked, warnings) == ([], [])


@pytest.mark.parametrize("status", [403, 404])
def test_where_it_is_shut_the_lists_answer_and_that_is_said_once(status: int) -> None:
    graph, lists, warnings, fleet = sources()
    graph.vms_refusal = AzureRefused("POST resources", status, "Shut", "not for you")
    assert names(fleet) == names(fleet) == ["from-lists"]
    assert lists.asked[0] == ((SUBSCRIPTION,), ("rg",), True)
    (warning,) = warnings
    assert "Azure Resource Graph can't be asked" in warning
    assert "not for you" in warning


def test_another_failure_is_not_hidden() -> None:
    graph, lists, _warnings, fleet = sources()
    graph.vms_refusal = AzureRefused("POST resources", 429, "RateLimiting", "later")
    with pytest.raises(AzureRefused, match="RateLimiting"):
        names(fleet)
    assert lists.asked == []
