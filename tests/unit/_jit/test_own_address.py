# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services answer that tell callers their address."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.own_address import read_own_address


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7\n", "203.0.113.7"),
        (" 10.1.2.3 ", "10.1.2.3"),
        ('{"ip": "203.0.113.7", "country": "NL"}', "203.0.113.7"),
        ('{"ip":" 203.0.113.7\\n"}', "203.0.113.7"),
        ('"203.0.113.7"', "203.0.113.7"),
        ("2001:DB8::0007", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_one_address_is_read_from_plain_text_or_json(answer: str, address: str) -> None:
    assert read_own_address(answer) == address


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html><body>203.0.113.7</body></html>",
        "203.0.113.0/24",
        "203.0.113.7, 10.0.0.1",
        "203.0.113.7 10.0.0.1",
        "203.0.113.300",
        "*",
        "any",
        "3405803783",
        '{"address": "203.0.113.7"}',
        '{"ip": ["203.0.113.7"]}',
        '{"ip": 3405803783}',
        '["203.0.113.7"]',
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "169.254.1.1",
        "fe80::1",
    ],
)
def test_everything_else_is_refused_with_what_came(answer: str) -> None:
    with pytest.raises(ValueError, match="it answered"):
        read_own_address(answer)


def test_a_long_answer_is_quoted_in_part() -> None:
    with pytest.raises(ValueError, match="no IP address") as caught:
        read_own_address("<p>" + "x" * 4000)
    assert len(str(caught.value)) < 120
