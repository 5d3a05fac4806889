# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers' text stays text."""

from __future__ import annotations

import jinja2
import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.plain_text import plain
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("CHG-4711 [run 1 by ada@desk]", "CHG-4711 [run 1 by ada@desk]"),
        ("two\nlines\r\nand\ttabs", "two lines and tabs"),
        ("{{ lookup('pipe', 'id') }}", "{ { lookup('pipe', 'id') } }"),
        ("{% if x %}{# y #}", "{ % if x % }{ # y # }"),
        ("{{{x}}}", "{ { {x} } }"),
        ('{"a": 1}', '{"a": 1}'),
        ("in\u202evisible\x00\u2028", "in visible"),
        ("", ""),
    ],
)
def test_text_is_written_on_one_line_without_marks_of_templates(text: str, written: str) -> None:
    assert plain(text) == written


@given(st.text(alphabet=st.sampled_from("{}%# a\n\u200b")) | st.text())
def test_a_template_of_it_says_what_it_says_and_is_plain_already(text: str) -> None:
    written = plain(text)

    assert jinja2.Environment(keep_trailing_newline=True).from_string(written).render() == written
    assert plain(written) == written
    assert len(written.splitlines()) <= 1


def test_a_long_text_is_cut() -> None:
    assert plain("x" * 5000) == "x" * 1000
