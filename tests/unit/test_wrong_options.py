# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong options of modules: each is named, with what it may be, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from demo_fleet import HOSTS, vm_id
from doors import run_module

OPEN = "jit_request"
COVER = "jit_policy"
# Nothing listens there, so whatever is sent fails, with another message than the one that is waited for.
SIGN_IN = {
    "tenant": "a-tenant",
    "client_id": "an-application",
    "secret": "hush-4711",
    "cloud_environment": "https://127.0.0.1:9",
    "subscription_id": "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01",
}

WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    (OPEN, {"sources": ["10.0.0.300"]}, ["sources[0]", "'10.0.0.300'", "my_ip, policy, any"]),
    (OPEN, {"sources": ["any"]}, ["sources[0]", "allow_any_source: true"]),
    (OPEN, {"sources": ["203.0.113.7/0"]}, ["sources[0]", "203.0.113.7/0 opens", "allow_any_source: true"]),
    (OPEN, {"sources": ["::/0"]}, ["sources[0]", "allow_any_source: true"]),
    (OPEN, {"sources": ["0.0.0.0/1", "128.0.0.0/1"]}, ["sources", "together", "allow_any_source: true"]),
    (OPEN, {"duration": "1h", "minimum_remaining": "1h"}, ["minimum_remaining", "not shorter than duration, 1h"]),
    (OPEN, {"sources": ["policy", "10.0.0.1"]}, ["sources", "policy can't be combined"]),
    (OPEN, {"duration": "3 moons"}, ["duration", "'3 moons'", "write it as 3h"]),
    (OPEN, {"duration": "2m"}, ["duration", "'2m'", "5 minutes", "1 day"]),
    (OPEN, {"duration": "25h"}, ["duration", "'25h'", "1 day"]),
    (OPEN, {"ports": ["rpd"]}, ["ports[0]", "'rpd'", "rdp, ssh"]),
    (OPEN, {"ports": [70000]}, ["ports[0]", "70000", "65535"]),
    (OPEN, {"minimum_remaining": "soon"}, ["minimum_remaining", "'soon'"]),
    (OPEN, {"vms": ["web-01"]}, ["vms[0]", "'web-01'", "/subscriptions/<uuid>"]),
    (OPEN, {"vms": [{"name": "web-01"}]}, ["vms[0]", "resource_group and name"]),
    (OPEN, {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "port": 22}]}, ["vms[0]", "unknown key port"]),
    (OPEN, {"vms": []}, ["vms", "no virtual machine is named"]),
    (OPEN, {"ports": []}, ["ports", "the list is empty"]),
    (OPEN, {"sources": []}, ["sources", "the list is empty"]),
    (OPEN, {"state": "closed", "ports": []}, ["ports", "the list is empty"]),
    (OPEN, {"state": "closed", "sources": []}, ["sources", "the list is empty"]),
    (OPEN, {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": []}]}, ["vms[0].ports", "the list is empty"]),
    (COVER, {"ports": []}, ["ports", "the list is empty"]),
    (COVER, {"ports": [], "mode": "replace"}, ["ports", "the list is empty"]),
    (COVER, {"ports": [], "state": "absent"}, ["ports", "the list is empty"]),
    (COVER, {"ports": [{"port": 22, "sources": []}]}, ["ports[0].sources", "the list is empty"]),
    (COVER, {"ports": [{"number": 22}]}, ["ports[0]", "unknown key number", "max_duration, port"]),
    (COVER, {"ports": [{"port": 22, "protocol": "icmp"}]}, ["ports[0].protocol", "'icmp'", "tcp, udp, any"]),
    (COVER, {"ports": [{"port": 22, "sources": ["internal"]}]}, ["ports[0].sources[0]", "'internal'"]),
    (COVER, {"ports": [22, "ssh"]}, ["ports[1]", "22 is given twice"]),
    (COVER, {"ports": [0]}, ["ports[0]", "0 is neither a port from 1 to 65535"]),
    (COVER, {"ports": [{"port": 22, "max_duration": "4m"}]}, ["ports[0].max_duration", "5 minutes", "1 day"]),
    (COVER, {"ports": [{"port": 22, "max_duration": "25h"}]}, ["ports[0].max_duration", "5 minutes", "1 day"]),
    (COVER, {"state": "absent", "mode": "exact"}, ["mode", "exact", "state: absent"]),
    (COVER, {"state": "absent", "ports": [{"port": 22}]}, ["ports[0]", "state: absent takes out whole ports"]),
    (COVER, {"state": "absent", "ports": "portal_bulk"}, ["ports[0]", "state: absent takes out whole ports"]),
    (COVER, {"policy_name": "a/b"}, ["policy_name", "'a/b' is no name of a policy"]),
    (COVER, {"policy_name": ""}, ["policy_name", "'' is no name of a policy"]),
    (COVER, {"policy_name": ".."}, ["policy_name", "'..' is no name of a policy"]),
    (COVER, {"wait_timeout": 0, "wait": False}, ["wait_timeout", "0 is too short"]),
    (
        COVER,
        {"ports": [99999], "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": [22, "ssh"]}]},
        ["ports[0]: 99999", "vms[0].ports[1]: port 22 is given twice"],
    ),
    (COVER, {"widest_prefix": 33}, ["widest_prefix", "33", "from 0 to 32"]),
    (COVER, {"write_budget": 0}, ["write_budget", "above 0"]),
    (COVER, {"write_budget": 5, "quiet_window": 4}, ["quiet_window", "4 is shorter than write_budget, 5"]),
    (COVER, {"wait_timeout": 6, "write_budget": 5, "quiet_window": 6}, ["wait_timeout", "6 is not longer"]),
    (COVER, {"templates": {"vdi": {"ports": [22]}}}, ["template_tag", "go together"]),
    (COVER, {"template_tag": "role"}, ["templates", "go together"]),
    (COVER, {"templates": {"vdi": {"port": 22}}, "template_tag": "role"}, ["templates.vdi", "one key ports"]),
    (
        COVER,
        {"templates": {"vdi": {"ports": []}}, "template_tag": "role"},
        ["templates.vdi.ports", "the list is empty"],
    ),
    (COVER, {"templates": {"a": {"ports": ["x"]}}, "template_tag": "r"}, ["templates.a.ports[0]", "'x'"]),
    (COVER, {"without_template": "skip"}, ["without_template", "where there are no templates"]),
    (
        COVER,
        {"ports": [99999], "policy_name": "a b", "quiet_window": 0.1},
        ["ports[0]: 99999", "policy_name: 'a b'", "quiet_window: 0.1"],
    ),
    (
        COVER,
        {"state": "absent", "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "public_ip_address": "192.0.2.1"}]},
        ["vms[0].public_ip_address", "state: absent"],
    ),
    (
        COVER,
        {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "public_ip_address": "192.0.2.0/24"}]},
        ["vms[0].public_ip_address", "'192.0.2.0/24' is not an IP address"],
    ),
    (
        COVER,
        {"ports": [443], "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": []}]},
        ["vms[0].ports", "the list is empty"],
    ),
    (COVER, {"vms": [vm_id("0" * 36, "rg", "a")]}, ["vms[0]", "/subscriptions/<uuid>"]),
]


@pytest.mark.parametrize(("module", "options", "expected"), WRONG)
def test_a_wrong_option_is_named_and_nothing_is_sent(
    module: str, options: dict[str, Any], expected: list[str]
) -> None:
    result = run_module(module, **{"vms": [HOSTS["vdi-win-01"]["azure_vm_id"]], **SIGN_IN, **options})

    assert result["failed"]
    for part in expected:
        assert part in result["msg"]
    assert "can't be reached" not in result["msg"]
