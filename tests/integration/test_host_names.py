# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's name means that VM, and nothing else: no group, no VM of another file, no file of the controller's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from inventories import Inventories, Listing
from running_simulator import RunningSimulator, running_simulator
from warm_ansible import run_ansible

from playbooks import BIN

ONE = "0b9d7c2e-8f5b-4f0e-9a4e-6a3b5c1d2e01"
OTHER = "0b9d7c2e-8f5b-4f0e-9a4e-6a3b5c1d2e02"
# Each VM with the value of its tag "role"; two are called like roles.
VMS = {"a1": "vdi", "a2": "vdi", "vdi": "prod", "prod": "x", "web": "web_01", "VDI": "y"}
BY_ROLE = {"key": "tags.role | default('')", "prefix": "", "separator": ""}


def group_of(place: int, vms: dict[str, dict[str, str]]) -> dict[str, Any]:
    subnets = [{"name": "s", "prefix": f"10.{place}.1.0/24"}]
    return {
        "name": f"rg-{place}",
        "location": "westeurope",
        "networks": [{"name": "v", "address_space": f"10.{place}.0.0/16", "subnets": subnets}],
        "vms": [{"name": name, "os": "linux", "tags": tags} for name, tags in vms.items()],
    }


def fleet(path_of_another: str) -> dict[str, Any]:
    roles = {name: {"role": role} for name, role in VMS.items() if name != "VDI"}
    groups = [
        group_of(1, roles),
        group_of(2, {"VDI": {"role": "y"}}),
        group_of(3, {"tagged": {"host": path_of_another, "odd": "-a b:c,d"}}),
    ]
    return {
        "subscriptions": [
            {"name": "One", "id": ONE, "groups": groups},
            {"name": "Other", "id": OTHER, "groups": [group_of(4, {"web": {}, "only": {}})]},
        ]
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def cloud(folder: Path) -> Iterator[RunningSimulator]:
    path = folder / "fleet.yml"
    path.write_text(yaml.safe_dump(fleet("../elsewhere/trusted")))
    with running_simulator(folder, "--fleet", str(path), "--data-plane", "off") as simulator:
        yield simulator


@pytest.fixture
def inventories(cloud: RunningSimulator, tmp_path: Path) -> Inventories:
    return Inventories(tmp_path, cloud.environment)


def ids(listing: Listing, *names: str) -> list[str]:
    return [listing.hosts[name]["azure_vm_id"].rpartition("/")[2] for name in names]


def test_a_vm_that_is_called_like_a_keyed_group_gets_a_suffix(inventories: Inventories) -> None:
    listing = inventories.list(resource_groups=["rg-1"], keyed_groups=[BY_ROLE])
    assert listing.group("vdi") == ["a1", "a2"]
    (production,) = listing.group("prod")
    assert production.startswith("vdi_")
    assert ids(listing, production) == ["vdi"]
    (x,) = listing.group("x")
    assert x.startswith("prod_")
    assert sorted(listing.hosts) == sorted(["a1", "a2", "web", x, production])
    assert listing.group("jit_unsupported") + listing.group("jit_not_configured") == sorted(listing.hosts)
    assert "children" not in listing.document["vdi"]
    assert "same name" not in listing.output


@pytest.mark.traced
def test_its_conditional_groups_and_variables_are_its_own(inventories: Inventories) -> None:
    listing = inventories.list(
        resource_groups=["rg-1"],
        keyed_groups=[{**BY_ROLE, "parent_group": "roles"}],
        groups={"chosen": "name == 'vdi'", "known": "inventory_hostname.startswith('vdi')"},
        compose={"mine": "name | upper"},
    )
    (production,) = listing.group("prod")
    assert listing.group("chosen") == listing.group("known") == [production]
    assert listing.hosts[production]["mine"] == "VDI"
    assert {name: host["mine"] for name, host in listing.hosts.items() if name in ("a1", "a2")} == {
        "a1": "A1",
        "a2": "A2",
    }
    assert sorted(listing.document["roles"]["children"]) == ["prod", "vdi", "web_01", "x"]


def test_a_suffix_is_the_same_whether_the_group_is_known_before_or_not(inventories: Inventories) -> None:
    before = inventories.list(resource_groups=["rg-1"], groups={"vdi": "name == 'a1'"})
    after = inventories.list(resource_groups=["rg-1"], keyed_groups=[BY_ROLE])
    assert [name for name in before.hosts if name.startswith("vdi_")] == after.group("prod")


def test_a_group_of_the_files_is_known_by_the_name_that_it_will_have(inventories: Inventories) -> None:
    listing = inventories.list(
        subscriptions=[OTHER], hostnames=["'my_' ~ name"], groups={"my-only": "name == 'x'"}
    )
    assert sorted(name.rpartition("_")[0] for name in listing.hosts) == ["my", "my_only"]


def test_names_that_differ_from_a_group_by_case_are_others_for_ansible(inventories: Inventories) -> None:
    listing = inventories.list(resource_groups=["rg-1", "rg-2"], filter="name != 'vdi'", keyed_groups=[BY_ROLE])
    assert listing.group("vdi") == ["a1", "a2"]
    assert listing.group("y") == ["VDI"]


def test_a_play_is_limited_to_the_group_and_not_to_the_vm(
    cloud: RunningSimulator, inventories: Inventories
) -> None:
    file = inventories.write(keyed_groups=[BY_ROLE], resource_groups=["rg-1"])
    command = [str(BIN / "ansible"), "-i", str(file), "vdi", "--list-hosts"]
    said = done_by(command, cloud.environment).stdout
    assert said.split()[1:] == ["(2):", "a1", "a2"]


def done_by(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of Ansible that must succeed."""
    done = run_ansible(command, environment)
    assert done.returncode == 0, done.stderr
    return done


def together(environment: dict[str, str], *files: Path) -> dict[str, str]:
    """List several inventory files at once; give the hosts with their VMs' subscriptions."""
    sources = [part for file in files for part in ("-i", str(file))]
    command = [str(BIN / "ansible-inventory"), *sources, "--list"]
    done = done_by(command, environment)
    listing = Listing(json.loads(done.stdout), done.stderr)
    return {name: host["azure_vm_id"].split("/")[2] for name, host in listing.hosts.items()}


def test_vms_of_one_name_in_two_files_are_two_hosts(cloud: RunningSimulator, inventories: Inventories) -> None:
    first = inventories.write("first.jit_vms.yml", subscriptions=[ONE], filter="name == 'web'")
    second = inventories.write("second.jit_vms.yml", subscriptions=[OTHER])
    hosts = together(cloud.environment, first, second)
    assert hosts.pop("web") == ONE
    assert hosts.pop("only") == OTHER
    ((name, subscription),) = hosts.items()
    assert name.startswith("web_")
    assert subscription == OTHER


def test_one_vm_in_two_files_is_one_host(cloud: RunningSimulator, inventories: Inventories) -> None:
    first = inventories.write("first.jit_vms.yml", subscriptions=[OTHER], source="arm")
    second = inventories.write("second.jit_vms.yml", subscriptions=[OTHER])
    assert together(cloud.environment, first, second) == {"web": OTHER, "only": OTHER}


def test_a_host_that_a_list_of_hosts_knows_gets_both_variables(
    cloud: RunningSimulator, inventories: Inventories, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"all": {"hosts": {"only": {"tier": "gold"}}}}))
    file = inventories.write(subscriptions=[OTHER], keyed_groups=[{"key": "tier", "prefix": "tier"}])
    command = [str(BIN / "ansible"), "-i", str(hosts), "-i", str(file), "tier_gold", "--list-hosts"]
    said = done_by(command, cloud.environment).stdout
    assert said.split()[1:] == ["(1):", "only"]


def test_a_tag_names_no_file_of_the_controllers(
    cloud: RunningSimulator, inventories: Inventories, tmp_path: Path
) -> None:
    for name in ("host_vars", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere" / "trusted.yml").write_text("stolen: secret of another host\n")
    listing = inventories.list(resource_groups=["rg-3"], hostnames=["tags.host"])
    assert list(listing.hosts) == ["_._elsewhere_trusted"]
    assert "stolen" not in listing.hosts["_._elsewhere_trusted"]


def test_a_host_can_be_named_in_patterns_whatever_its_tag_says(
    cloud: RunningSimulator, inventories: Inventories
) -> None:
    file = inventories.write(resource_groups=["rg-3"], hostnames=["tags.odd"])
    command = [str(BIN / "ansible"), "-i", str(file), "_a_b_c_d", "--list-hosts"]
    said = done_by(command, cloud.environment).stdout
    assert said.split()[1:] == ["(1):", "_a_b_c_d"]
