# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet whose tags try to be templates, and whose names clash with each other and with Ansible's own."""

from __future__ import annotations

from typing import Any

TEMPLATE = "{{ lookup('pipe', 'id') }}"
STATEMENT = "{% for x in [1] %}{{ lookup('pipe', 'id') }}{% endfor %}"
SUBSCRIPTION = "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01"
TAGS = {"role": TEMPLATE, "who": "localhost", "it's": 'größe "quoted"', "empty": "", "statement": STATEMENT}
# Each is there in both groups, or is what Ansible calls a group.
NAMES = ("Web", "all", "jit_open")


def fleet() -> dict[str, Any]:
    """Write the fleet as the simulator reads it: names come twice, once in another case."""
    groups = []
    for place, group in enumerate(("rg-a", "rg-b"), 1):
        network = {
            "name": "vnet",
            "address_space": f"10.{place}.0.0/16",
            "subnets": [{"name": "s", "prefix": f"10.{place}.1.0/24"}],
        }
        names = NAMES if place == 1 else [NAMES[0].lower()]
        vms = [{"name": name, "os": "linux", "tags": {**TAGS, "group": group}} for name in names]
        groups.append({"name": group, "location": "westeurope", "networks": [network], "vms": vms})
    return {"subscriptions": [{"name": "Hostile", "id": SUBSCRIPTION, "groups": groups}]}
