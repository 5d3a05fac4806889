# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane's view of the demonstration fleet."""

from __future__ import annotations

import pytest
from azure_simulator.network.view import EffectiveReachability
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, WORKPLACE

WINDOWS, LINUX = "127.11.1.1", "127.11.1.5"


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    client.put({"id": IDS["vdi-win-01"], "ports": [rule(3389)]}, {"id": IDS["vdi-lnx-01"], "ports": [rule(22)]})
    cloud.advance(0)
    return cloud


def answering(cloud: Cloud) -> set[tuple[str, int, str]]:
    view = EffectiveReachability(cloud.world)
    return {(endpoint.address, endpoint.port, endpoint.service) for endpoint in view.endpoints()}


def test_at_first_only_the_older_rule_leaves_a_port_open(cloud: Cloud) -> None:
    assert answering(cloud) == {("127.21.1.2", 22, "ssh")}


def test_a_grant_opens_and_its_end_closes(cloud: Cloud) -> None:
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    client.initiate(
        {"id": IDS["vdi-win-01"], "ports": [wish(3389)]},
        {"id": IDS["vdi-lnx-01"], "ports": [wish(22, "127.0.0.7")]},
    )
    cloud.advance(0)
    view = EffectiveReachability(cloud.world)
    assert answering(cloud) >= {(WINDOWS, 3389, "tcp"), (LINUX, 22, "ssh")}
    assert view.admits(WINDOWS, 3389, "127.0.0.1")
    assert not view.admits(WINDOWS, 3389, "127.0.0.2")
    assert not view.admits(WINDOWS, 22, "127.0.0.1")
    assert view.admits(LINUX, 22, "127.0.0.7")
    assert not view.admits(LINUX, 22, "127.0.0.1")
    cloud.advance(3600)
    assert answering(cloud) == {("127.21.1.2", 22, "ssh")}
    assert not view.admits(WINDOWS, 3389, "127.0.0.1")


def test_far_sources_open_nothing_here(cloud: Cloud) -> None:
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    client.initiate({"id": IDS["vdi-win-01"], "ports": [wish(3389, "203.0.113.0/24")]})
    cloud.advance(0)
    assert (WINDOWS, 3389, "tcp") not in answering(cloud)


def test_a_stopped_vm_answers_nothing(cloud: Cloud) -> None:
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    client.initiate({"id": IDS["vdi-win-01"], "ports": [wish(3389)]})
    cloud.advance(0)
    assert cloud.call("POST", f"{IDS['vdi-win-01']}/deallocate?api-version=2024-07-01").status == 202
    cloud.advance(0)
    assert (WINDOWS, 3389, "tcp") not in answering(cloud)
    assert not EffectiveReachability(cloud.world).admits(WINDOWS, 3389, "127.0.0.1")
    assert cloud.call("POST", f"{IDS['vdi-win-01']}/start?api-version=2024-07-01").status == 202
    cloud.advance(0)
    assert (WINDOWS, 3389, "tcp") in answering(cloud)


def test_an_unknown_address_answers_nothing(cloud: Cloud) -> None:
    assert not EffectiveReachability(cloud.world).admits("127.99.99.99", 22, "127.0.0.1")
