# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller may do, from what Azure's permissions API tells."""

from __future__ import annotations

import fnmatch

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.allowed_actions import Granted, may
from hypothesis import given
from hypothesis import strategies as st

VM = "Microsoft.Compute/virtualMachines"
JIT = "Microsoft.Security/locations/jitNetworkAccessPolicies"


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        (f"{VM}/read", f"{VM}/read", True),
        (f"{VM}/read".upper(), f"{VM}/read", True),
        (f"{VM}/read", f"{VM}/readme", False),
        (f"{VM}/read", f"x/{VM}/read", False),
        ("*", f"{VM}/write", True),
        ("*/read", f"{VM}/read", True),
        ("*/read", f"{VM}/instanceView/read", True),
        ("*/read", f"{VM}/write", False),
        (f"{VM}/*", f"{VM}/start/action", True),
        (f"{VM}/*/read", f"{VM}/read", False),
        (f"{VM}/*/read", f"{VM}/instanceView/read", True),
        (f"{JIT}/*/action", f"{JIT}/initiate/action", True),
        ("Microsoft.Security/*/read", f"{JIT}/read", True),
        ("Microsoft.Compute/*", f"{JIT}/read", False),
        ("Microsoft.Compute/virtualMachines.read", f"{VM}/read", False),
        ("Microsoft+Compute/(virtualMachines)/read", f"{VM}/read", False),
        ("", f"{VM}/read", False),
    ],
)
def test_patterns(pattern: str, action: str, matches: bool) -> None:
    assert Granted((pattern,)).permits(action) is matches


@pytest.mark.parametrize(
    ("granted", "allowed"),
    [
        ([], False),
        ([Granted(())], False),
        ([Granted(("*",), (f"{VM}/start/action",))], False),
        ([Granted(("*",), ("Microsoft.Compute/*/action",))], False),
        ([Granted(("*",), (f"{VM}/deallocate/action",))], True),
        # what one role takes away another can give: they add up
        ([Granted(("*",), (f"{VM}/start/action",)), Granted((f"{VM}/start/action",))], True),
        ([Granted(("*/read",)), Granted((f"{VM}/start/*",))], True),
        ([Granted((), (f"{VM}/read",)), Granted(("*",))], True),
    ],
)
def test_roles_add_up_and_take_away_only_from_themselves(granted: list[Granted], allowed: bool) -> None:
    assert may(granted, f"{VM}/start/action") is allowed


def test_a_document_is_read() -> None:
    document = {"actions": ["*"], "notActions": ["a/b"], "dataActions": ["c"], "notDataActions": [], "new": 1}
    assert Granted.read(document) == Granted(("*",), ("a/b",))
    assert Granted.read({"actions": None}) == Granted(())
    assert Granted.read({}) == Granted(())


LETTERS = st.text("abX/.", max_size=6)
PATTERNS = st.text("abX/.*", max_size=6)


@given(PATTERNS, LETTERS)
def test_patterns_match_as_a_shells_do(pattern: str, action: str) -> None:
    """An implementation of somebody else's, in which a star is any text too."""
    assert Granted((pattern,)).permits(action) is fnmatch.fnmatchcase(action.lower(), pattern.lower())


@given(st.lists(PATTERNS), st.lists(PATTERNS), LETTERS)
def test_more_actions_never_forbid_and_more_not_actions_never_permit(
    patterns: list[str], more: list[str], action: str
) -> None:
    fewer, all_of_them = tuple(patterns), (*patterns, *more)
    if Granted(fewer).permits(action):
        assert Granted(all_of_them).permits(action)
    if Granted(("*",), all_of_them).permits(action):
        assert Granted(("*",), fewer).permits(action)


@given(st.lists(st.tuples(PATTERNS, PATTERNS), max_size=4), LETTERS)
def test_the_order_of_roles_is_no_matter(roles: list[tuple[str, str]], action: str) -> None:
    granted = [Granted((one,), (other,)) for one, other in roles]
    assert may(granted, action) == may(reversed(granted), action)
    assert may(granted, action) == any(one.permits(action) for one in granted)
