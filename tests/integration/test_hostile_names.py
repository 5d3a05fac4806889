# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from Azure is data, and makes no host that is taken for another one, or for a group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_fleet import STATEMENT, TAGS, TEMPLATE, fleet
from inventories import Inventories, Listing
from running_simulator import RunningSimulator, running_simulator
from warm_ansible import run_ansible

from playbooks import BIN

BY_ROLE = {"key": "tags.role", "prefix": "", "separator": ""}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "fleet.yml"
    path.write_text(yaml.safe_dump(fleet()))
    with running_simulator(folder, "--fleet", str(path), "--data-plane", "off") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def hostile(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Inventories:
    return Inventories(tmp_path_factory.mktemp("files"), cloud.environment)


def caching_in(folder: Path) -> dict[str, Any]:
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}


def test_what_comes_from_azure_is_never_a_template(hostile: Inventories) -> None:
    listing = hostile.list(
        keyed_groups=[BY_ROLE],
        compose={"copied": "tags.role", "joined": "tags.role ~ tags.statement"},
        hostnames=["tags.role"],
    )
    check(listing, 4)


@pytest.mark.parametrize("option", ["exclude_host_filters", "include_host_filters"])
def test_not_even_in_a_filter(hostile: Inventories, option: str) -> None:
    wanted: dict[str, Any] = {option: ["'uid=' in tags.role", "'uid=' in tags.statement"]}
    kept = hostile.list(**wanted, plain_host_names=True)
    assert len(kept.hosts) == (4 if option.startswith("exclude") else 0)


def check(listing: Listing, number: int) -> None:
    assert "uid=" not in listing.output
    for name, variables in listing.hosts.items():
        assert name.startswith("___lookup__pipe____id_____")
        assert variables["tags"]["role"] == variables["copied"] == TEMPLATE
        assert variables["joined"] == TEMPLATE + STATEMENT
        assert variables["tags"]["it's"] == TAGS["it's"]
    assert len(listing.hosts) == number
    (group,) = [name for name in listing.document if "lookup" in name]
    assert len(listing.group(group)) == number


def test_what_comes_from_the_cache_is_no_template_either(hostile: Inventories, tmp_path: Path) -> None:
    caching = caching_in(tmp_path)
    fresh = hostile.list(**caching)
    cached = hostile.list(**caching)
    assert cached.document == fresh.document
    # the marks of texts that are not to be templates
    assert json.dumps({"__ansible_unsafe": TEMPLATE}) in json.dumps(cached.document)


def test_hosts_of_one_name_stay_apart_and_none_is_taken_for_a_group(hostile: Inventories) -> None:
    listing = hostile.list()
    names = sorted(listing.hosts)
    assert len(names) == 4
    assert [name.rpartition("_")[0] for name in names] == ["Web", "all", "jit_open", "web"]
    assert listing.document["all"].get("vars", {}) == {}
    assert sorted(listing.hosts[name]["name"] for name in names) == ["Web", "all", "jit_open", "web"]
    assert listing.group("jit_open") == []


def test_a_host_is_named_the_same_whoever_else_is_there(hostile: Inventories) -> None:
    everybody = hostile.list(hostnames=["tags.role"]).hosts
    by_id = {variables["azure_vm_id"]: name for name, variables in everybody.items()}
    some = hostile.list(hostnames=["tags.role"], resource_groups=["rg-a"]).hosts
    assert {variables["azure_vm_id"]: name for name, variables in some.items()}.items() <= by_id.items()


def test_names_that_ansible_gives_to_groups_of_the_file_are_taken(hostile: Inventories) -> None:
    listing = hostile.list(groups={"Web": True}, resource_groups=["rg-a"])
    assert sorted(listing.hosts)[0].startswith("Web_")
    assert len(listing.group("Web")) == 3


def test_a_vm_is_never_called_like_the_controller(hostile: Inventories) -> None:
    names = list(hostile.list(hostnames=["tags.who"], filter="name == 'Web'").hosts)
    assert len(names) == 1
    assert names[0].startswith("localhost_")


def test_an_empty_tag_names_nobody(hostile: Inventories) -> None:
    listing = hostile.list(
        hostnames=["tags.empty", "tags.it's", "default"], keyed_groups=[{"key": "tags.empty", "prefix": "t"}]
    )
    assert [name.rpartition("_")[0] for name in sorted(listing.hosts)] == ["größe__quoted_"] * 4
    assert listing.constructed_groups() == {}


@pytest.mark.every_core
def test_on_every_ansible_core_it_is_data_in_inventories_plays_and_reports(
    hostile: Inventories, cloud: RunningSimulator, tmp_path: Path
) -> None:
    options: dict[str, Any] = {
        "keyed_groups": [BY_ROLE],
        "compose": {"copied": "tags.role", "joined": "tags.role ~ tags.statement"},
        "hostnames": ["tags.role"],
    }
    check(hostile.list(**options), 4)
    tasks = [
        {"ansible.builtin.debug": {"msg": "{{ tags.role }} {{ copied }} {{ joined }} {{ group_names | sort }}"}},
        {"ansible.builtin.debug": {"var": "hostvars[inventory_hostname].tags"}},
        {"jitfleet.azure.jit_policy": {"ports": ["ssh"]}, "check_mode": True, "ignore_errors": True},
    ]
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    done = run_ansible(
        [BIN / "ansible-playbook", "-i", hostile.write(**options), play, "-v"],
        {**cloud.environment, "ANSIBLE_NOCOLOR": "1"},
        merged=True,
    )
    output = done.stdout
    assert done.returncode == 0, output
    assert f"{TEMPLATE} {TEMPLATE} {TEMPLATE}{STATEMENT}" in output
    assert "uid=" not in output
