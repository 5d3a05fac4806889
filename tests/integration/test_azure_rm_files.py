# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory files that were written for azure.azcollection, of which only the plugin's name was changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure_rm_files import FILES, OTHER_SUBSCRIPTION, RUNNING, SUBSCRIPTION, File, fleet, hashed
from inventories import Inventories
from running_simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    folder = tmp_path_factory.mktemp("files")
    path = folder / "fleet.yml"
    path.write_text(yaml.safe_dump(fleet()))
    with running_simulator(folder, "--fleet", str(path), "--data-plane", "off") as simulator:
        yield simulator


@pytest.fixture
def inventories(cloud: RunningSimulator, tmp_path: Path) -> Inventories:
    return Inventories(tmp_path, cloud.environment)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.title)
def test_a_file_gives_the_hosts_and_groups_that_azure_rm_gives(inventories: Inventories, file: File) -> None:
    listing = inventories.list(env=file.environment, **file.options)
    assert sorted(listing.hosts) == sorted(file.hosts)
    expected = {group: sorted(hosts) for group, hosts in {**file.groups, **file.also}.items()}
    assert listing.constructed_groups() == expected


def test_a_file_without_azure_rms_own_options_is_ours(inventories: Inventories) -> None:
    hosts = inventories.list().hosts
    assert sorted(hosts) == sorted((*RUNNING, "elsewhere-01"))
    assert hosts["win-01"]["ansible_connection"] == "psrp"
    assert "network_interface_properties" not in hosts["win-01"]


@pytest.mark.traced
def test_a_file_with_one_of_them_is_read_with_azure_rms_defaults(inventories: Inventories) -> None:
    host = inventories.list(batch_fetch=True).hosts[hashed("win-01")]
    assert not {"ansible_connection", "ansible_port"} & host.keys()
    assert host["ansible_host"] == host["public_ipv4_address"][0]
    (interface,) = host["network_interface_properties"]
    assert interface["properties"]["macAddress"] == host["mac_address"][0]


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        ({"api_profile": "latest", "log_path": "x.log", "log_mode": "file"}, [hashed(name) for name in RUNNING]),
        ({"azure_rm_defaults": True}, [hashed(name) for name in RUNNING]),
        ({"azure_rm_defaults": False, "plain_host_names": True}, [*RUNNING, "elsewhere-01"]),
        ({"batch_fetch": True, "subscriptions": [OTHER_SUBSCRIPTION], "plain_host_names": True}, ["elsewhere-01"]),
        ({"batch_fetch": True, "subscription_id": OTHER_SUBSCRIPTION, "plain_host_names": True}, ["elsewhere-01"]),
        ({"subscription_id": SUBSCRIPTION}, list(RUNNING)),
        ({"plain_host_names": True, "include_powered_off": False, "default_host_filters": []}, list(RUNNING)),
    ],
    ids=[
        "of no effect",
        "said",
        "denied",
        "subscriptions",
        "subscription",
        "ours with a subscription",
        "powered off",
    ],
)
def test_what_the_file_says_beats_any_default(
    inventories: Inventories, options: dict[str, Any], hosts: list[str]
) -> None:
    assert sorted(inventories.list(**options).hosts) == sorted(hosts)


PROOF = ("cloud_environment", "disable_instance_discovery", "tenant", "client_id", "secret")


@pytest.mark.parametrize(
    ("profile", "options", "env", "subscription"),
    [
        ("default", {}, {}, OTHER_SUBSCRIPTION),
        ("other", {"profile": "other"}, {"AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}, OTHER_SUBSCRIPTION),
        ("other", {"profile": "other", "subscription_id": SUBSCRIPTION}, {}, SUBSCRIPTION),
        ("other", {"profile": "other", "azure_rm_defaults": False}, {}, None),
    ],
    ids=["default", "environment", "file", "ours"],
)
def test_the_subscription_of_a_profile_is_the_one_that_is_read(
    cloud: RunningSimulator,
    tmp_path: Path,
    profile: str,
    options: dict[str, Any],
    env: dict[str, str],
    subscription: str | None,
) -> None:
    (tmp_path / ".azure").mkdir()
    said = {name: cloud.variables[f"AZURE_{name.upper()}"] for name in PROOF}
    lines = [f"{name} = {value}" for name, value in {**said, "subscription_id": OTHER_SUBSCRIPTION}.items()]
    (tmp_path / ".azure" / "credentials").write_text("\n".join([f"[{profile}]", *lines]))
    bare = {name: value for name, value in cloud.environment.items() if not name.startswith("AZURE_")}
    inventories = Inventories(tmp_path, {**bare, "HOME": str(tmp_path), **env})
    hosts = inventories.list(plain_host_names=True, **options).hosts.values()
    expected = {SUBSCRIPTION, OTHER_SUBSCRIPTION} if subscription is None else {subscription}
    assert {host["subscription_id"] for host in hosts} == expected


def test_machines_that_are_no_vms_are_left_out_with_a_warning(inventories: Inventories) -> None:
    output = inventories.list(include_arc_resource_groups=["myrg1"], include_vmss_resource_groups=["*"]).output
    assert "include_arc_resource_groups: machines of Azure Arc are no hosts of this inventory" in output
    assert "include_vmss_resource_groups: instances of scale sets in uniform orchestration" in output


@pytest.mark.traced
def test_an_expression_that_fails_is_told_once_for_all_hosts(inventories: Inventories) -> None:
    listing = inventories.list(
        plain_host_names=True, hostvar_expressions={"wrong": "tags.nothing"}, conditional_groups={"all_same": True}
    )
    assert listing.group("all_same") == sorted(RUNNING)
    (told,) = [line for line in listing.output.splitlines() if "fails for 5 hosts, such as" in line]
    assert "hostvar_expressions: 'wrong: tags.nothing'" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"exclude_host_filters": ["tags.nothing == 'x'"]},
            "exclude_host_filters: \"tags.nothing == 'x'\" fails for the VM ",
        ),
        (
            {"include_host_filters": ["nothing.at.all"]},
            "include_host_filters: 'nothing.at.all' fails for the VM ",
        ),
        (
            {"include_vm_resource_groups": ["a"], "resource_groups": ["b"]},
            "include_vm_resource_groups: it can't be combined with resource_groups",
        ),
        ({"include_vm_resource_groups": []}, "include_vm_resource_groups: it names no group"),
        ({"subscription_id": "mine"}, "subscription_id: 'mine' is not a subscription's id"),
    ],
)
def test_what_is_wrong_is_named(inventories: Inventories, options: dict[str, Any], message: str) -> None:
    assert message in inventories.fail(**options)


def test_a_filter_that_may_fail_is_not_true_where_it_does(inventories: Inventories) -> None:
    options: dict[str, Any] = {"plain_host_names": True, "fail_on_template_errors": False}
    kept = inventories.list(exclude_host_filters=["tags.role == 'vdi'"], **options).hosts
    assert sorted(kept) == sorted(set(RUNNING) - {"win-01"})
    assert list(inventories.list(include_host_filters=["tags.role == 'vdi'"], **options).hosts) == ["win-01"]
