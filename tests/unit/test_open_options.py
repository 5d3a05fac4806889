# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where a task may let in, and that the whole internet is never meant by accident."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._options import read_origin

HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
# All that a packet from the internet may have as its source.
GLOBAL = ["2000::/4", "3000::/4"]
LOWER = ["0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2"]
PUBLIC = [*LOWER, *HALVES[1:]]


@pytest.mark.parametrize("sources", [HALVES, GLOBAL, PUBLIC, ["2000::/3"], [*HALVES, "2001:db8::1"]])
def test_sources_that_together_are_the_whole_internet_have_to_be_meant(sources: list[str]) -> None:
    with pytest.raises(InvalidOption, match="allow_any_source: true"):
        read_origin("sources", sources, allow_any=False)
    assert set(read_origin("sources", sources, allow_any=True).prefixes) == set(sources)


@pytest.mark.parametrize("sources", [HALVES[:1], GLOBAL[1:], PUBLIC[1:], ["10.0.0.0/8", "fd00::/8"], ["my_ip"]])
def test_a_part_of_the_internet_needs_no_leave(sources: list[str]) -> None:
    assert read_origin("sources", sources, allow_any=False)
