# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over VMs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._filter import Filter
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption

VM: dict[str, Any] = {"name": "vm-1", "tags": {"role": "vdi"}, "jit_open_ports": [22], "zones": []}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("tags.role == 'vdi'", True),
        ("tags.role == 'web'", False),
        ("tags.role == 'vdi' && contains(jit_open_ports, `22`)", True),
        ("tags.absent", False),
        ("zones", False),
        ("tags", True),
        ("length(zones)", True),
        ("''", False),
    ],
)
def test_vms_are_wanted_as_jmespath_sees_truth(expression: str, wanted: bool) -> None:
    assert Filter("filter", expression).wants("vm-1", VM) is wanted


def test_a_malformed_expression_names_the_option() -> None:
    with pytest.raises(InvalidOption, match=r"^filter: 'tags\.role ==' is no JMESPath expression"):
        Filter("filter", "tags.role ==")


def test_an_expression_that_fails_names_the_vm_and_itself() -> None:
    with pytest.raises(InvalidOption, match=r"^filter: 'starts_with\(zones, name\)' fails for the VM vm-1"):
        Filter("filter", "starts_with(zones, name)").wants("vm-1", VM)
