# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our inventory beside azure.azcollection's: one file, of which only the plugin's name is changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure_rm_files import FILES, MORE_VARIABLES, SAID_OTHERWISE, SUBSCRIPTION, File, fleet
from installed_clients import Client, InstalledClient
from inventories import Listing
from running_simulator import ROOT, running_simulator

THEIRS, OURS = "azure.azcollection.azure_rm", "jitfleet.azure.jit_vms"
# The documentation's example signs in by `az login`, and asks for machines that the simulator hasn't got.
LEFT_OUT = ("auth_source", "include_hcivm_resource_groups", "include_arc_resource_groups")


@pytest.fixture(scope="module")
def ansible(installed: InstalledClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("inventories")
    path = folder / "fleet.yml"
    path.write_text(yaml.safe_dump(fleet()))
    client = installed(
        "ansible",
        AZURE_CONFIG_DIR=str(folder),
        HOME=str(folder),
        ANSIBLE_COLLECTIONS_PATH=str(ROOT / ".cache" / "tree"),
        ANSIBLE_DEPRECATION_WARNINGS="false",
    )
    with running_simulator(folder, "--fleet", str(path), "--data-plane", "off") as simulator:
        yield replace(client, environment={**client.environment, **simulator.variables})


def listed(ansible: Client, folder: Path, plugin: str, options: Mapping[str, Any]) -> Listing:
    source = folder / f"fleet.{plugin.rpartition('.')[2]}.yml"
    source.write_text(yaml.safe_dump({"plugin": plugin, **options}))
    printed = ansible.run("ansible-inventory", "--inventory", source, "--list")
    return Listing(json.loads(printed), printed)


def comparable(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Leave aside what the two are agreed to say otherwise."""
    kept = copy.deepcopy({name: value for name, value in variables.items() if name not in MORE_VARIABLES})
    kept = {name: value for name, value in kept.items() if not name.startswith("jit_")}
    kept["id"] = kept["id"].lower()
    for interface in kept["network_interface_properties"]:
        interface.pop("etag", None)
        for configuration in interface["properties"]["ipConfigurations"]:
            configuration.pop("etag", None)
    kept.pop("inventory_file", None)
    return kept


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.title)
def test_both_make_the_same_of_a_file(ansible: Client, tmp_path: Path, file: File) -> None:
    client = replace(ansible, environment={**ansible.environment, **file.environment})
    theirs, ours = (listed(client, tmp_path, plugin, file.options) for plugin in (THEIRS, OURS))
    assert sorted(theirs.hosts) == sorted(ours.hosts) == sorted(file.hosts)
    assert theirs.constructed_groups() == {group: sorted(hosts) for group, hosts in file.groups.items()}
    assert ours.constructed_groups() == {g: sorted(hosts) for g, hosts in {**file.groups, **file.also}.items()}
    for name in file.hosts:
        assert comparable(ours.hosts[name]) == comparable(theirs.hosts[name])


def test_nothing_is_agreed_to_differ_that_does_not(ansible: Client, tmp_path: Path) -> None:
    theirs, ours = (listed(ansible, tmp_path, plugin, {"plain_host_names": True}) for plugin in (THEIRS, OURS))
    pairs = [(theirs.hosts[name], ours.hosts[name]) for name in theirs.hosts]
    assert all(own[name] != their[name] for their, own in pairs for name in SAID_OTHERWISE)
    assert not any(MORE_VARIABLES & their.keys() for their, _own in pairs)
    assert all(their.keys() <= own.keys() for their, own in pairs)


@pytest.mark.parametrize(
    ("filters", "hosts"),
    [
        # As it stands, the example lets in what it leaves out.
        ({}, []),
        (
            {
                "exclude_host_filters": ["location in ['eastus']", "powerstate != 'running'"],
                "include_host_filters": [True],
            },
            ["web.one", "win.one"],
        ),
    ],
    ids=["as it stands", "with wider filters"],
)
def test_the_example_of_the_documentation(
    ansible: Client, tmp_path: Path, filters: Mapping[str, Any], hosts: list[str]
) -> None:
    documentation = ansible.ask("ansible-doc", "--type", "inventory", "--json", THEIRS)
    options = yaml.safe_load(documentation[THEIRS]["examples"])
    assert options.pop("plugin") == THEIRS
    options = {name: value for name, value in {**options, **filters}.items() if name not in LEFT_OUT}
    # azure_rm gives a host no groups after an expression that is null.
    expressions = options["hostvar_expressions"]
    options["hostvar_expressions"] = {name: value for name, value in expressions.items() if value is not None}
    theirs, ours = (listed(ansible, tmp_path, plugin, options) for plugin in (THEIRS, OURS))
    assert sorted(ours.hosts) == sorted(theirs.hosts) == hosts
    assert ours.constructed_groups() == theirs.constructed_groups()
    assert theirs.group("all_the_hosts") == hosts
    for name, variables in theirs.hosts.items():
        assert comparable(ours.hosts[name]) == comparable(variables)


def test_the_first_subscription_is_azure_rms(ansible: Client) -> None:
    assert ansible.environment["AZURE_SUBSCRIPTION_ID"] == SUBSCRIPTION
