# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results on their way from the module to the action plugin."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.jitfleet.azure.plugins.module_utils._packing import pack, unpack
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text()
VMS = st.lists(st.dictionaries(TEXTS, TEXTS | st.integers() | st.lists(TEXTS) | st.none()))
RESULTS = st.fixed_dictionaries(
    {"changed": st.booleans(), "summary": st.dictionaries(TEXTS, st.integers())},
    optional={"vms": VMS, "hosts": st.dictionaries(TEXTS, st.integers() | TEXTS), "msg": TEXTS},
)


def arrived(result: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    """Send a result on its way, on which Ansible masks secrets."""
    masked: dict[str, Any] = remove_values(pack(result, secrets), secrets)
    unpack(masked)
    return masked


@given(RESULTS, st.sets(st.text(min_size=1)))
def test_a_result_arrives_as_ansible_itself_would_send_it(result: dict[str, Any], secrets: set[str]) -> None:
    assert arrived(result, secrets) == remove_values(result, secrets)


@pytest.mark.parametrize(
    "secret", ["geheim", 'with "quotes"', "Schl\u00fcssel", "a\\b", "line\nline", "3389", "true"]
)
def test_a_secret_among_the_vms_is_masked(secret: str) -> None:
    result = {"vms": [{"error": f"Azure says {secret}!", "port": 3389}], "hosts": {"a": 0}}
    arriving = arrived(result, {secret})
    assert secret not in arriving["vms"][0]["error"]
    assert arriving["hosts"] == {"a": 0}


def test_vms_travel_as_one_text() -> None:
    packed = pack({"changed": True, "vms": [{"id": "x"}], "hosts": {"a": 0}}, {"geheim"})
    assert sorted(packed) == ["changed", "packed"]
    assert isinstance(packed["packed"], str)
