# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, by `ansible-inventory` on the simulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from inventories import Inventories
from running_simulator import RunningSimulator, running_simulator

from playbooks import BIN

TEMPLATE = "{{ lookup('pipe', 'id') }}"
RUNNING = sorted(IDS.keys() - {"batch-01"})
BY_ROLE = {"key": "tags.role | default('')", "prefix": "", "separator": ""}


@pytest.fixture
def inventories(simulator: RunningSimulator, tmp_path: Path) -> Inventories:
    return Inventories(tmp_path, simulator.environment)


def test_running_vms_of_all_subscriptions_are_hosts_in_few_requests(
    inventories: Inventories, simulator: RunningSimulator
) -> None:
    listing = inventories.list()
    assert sorted(listing.hosts) == RUNNING
    assert listing.group("jit_configured") == ["jump-01"]
    assert listing.group("jit_unsupported") == ["legacy-01"]
    assert listing.group("jit_not_configured") == sorted(set(RUNNING) - {"jump-01", "legacy-01"})
    assert listing.group("jit_open") == []
    # one page, two subscriptions
    assert len(simulator.journal()) <= 1 + 2 + 5
    assert simulator.writes() == []


def test_a_host_has_azure_rms_variables_and_its_just_in_time_state(inventories: Inventories) -> None:
    jump = inventories.list().hosts["jump-01"]
    assert jump["azure_vm_id"].lower() == IDS["jump-01"].lower()
    assert jump["tags"] == {"role": "jump"}
    assert jump["resource_group"] == "rg-web"
    assert jump["subscription_id"] == PRODUCTION
    assert jump["powerstate"] == "running"
    assert jump["os_profile"] == {"system": "linux"}
    assert jump["public_ipv4_address"] == [jump["ansible_host"]]
    assert jump["ansible_connection"] == "ssh"
    assert jump["ansible_port"] == 22
    assert len(jump["network_interface"]) == len(jump["security_group"]) == 1
    assert jump["jit_ports"] == [{"port": 22, "protocol": "any", "sources": ["*"], "max_duration": "3h"}]
    assert jump["jit_policy_id"].endswith("/jitNetworkAccessPolicies/default")
    assert jump["jit_open_ports"] == []
    assert jump["jit_open_until"] is None


def test_windows_vms_are_reached_by_psrp(inventories: Inventories) -> None:
    desktop = inventories.list().hosts["vdi-win-01"]
    assert (desktop["ansible_connection"], desktop["ansible_port"]) == ("psrp", 5986)
    bare = inventories.list(connection_defaults=False).hosts["vdi-win-01"]
    assert not {"ansible_connection", "ansible_port"} & bare.keys()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include_powered_off": True}, sorted(IDS)),
        ({"subscriptions": [WORKPLACE]}, [name for name in RUNNING if name.startswith("vdi-")]),
        ({"resource_groups": ["RG-Web"]}, ["jump-01", "legacy-01", "web-01", "web-02"]),
        ({"resource_groups": ["it's not there"]}, []),
        ({"filter": "tags.role == 'db' || os_profile.system == 'windows' && jit_status == 'unsupported'"},
         ["db-01", "db-02", "legacy-01"]),
    ],
    ids=["powered off", "subscription", "group in another case", "group with a quote", "filter"],
)  # fmt: skip
def test_the_fleet_can_be_narrowed(inventories: Inventories, options: dict[str, Any], expected: list[str]) -> None:
    assert sorted(inventories.list(**options).hosts) == expected


def test_the_environments_subscription_does_not_narrow_the_fleet(inventories: Inventories) -> None:
    assert sorted(inventories.list(env={"AZURE_SUBSCRIPTION_ID": WORKPLACE}).hosts) == RUNNING


def test_connect_via_chooses_the_address(inventories: Inventories) -> None:
    hosts = inventories.list(connect_via=["private_ip"]).hosts
    assert hosts["web-01"]["ansible_host"] == hosts["web-01"]["private_ipv4_addresses"][0]
    public = inventories.list(connect_via=["public_ip"]).hosts
    assert "ansible_host" not in public["db-01"]


def test_a_tag_makes_the_group_that_a_play_is_limited_to(inventories: Inventories) -> None:
    listing = inventories.list(
        keyed_groups=[BY_ROLE],
        groups={"desktops": "'vdi' in name"},
        compose={"shown_as": "name | upper"},
    )
    desktops = [name for name in RUNNING if name.startswith("vdi-")]
    assert listing.group("vdi") == listing.group("desktops") == desktops
    assert listing.hosts["vdi-win-01"]["shown_as"] == "VDI-WIN-01"


def test_names_follow_the_preferences_and_stay_unique(inventories: Inventories) -> None:
    hosts = inventories.list(hostnames=["tags.absent", "nothing.there", "name ~ '.example.com'"]).hosts
    assert sorted(hosts) == [f"{name}.example.com" for name in RUNNING]
    by_role = inventories.list(hostnames=["tags.role"]).hosts
    assert len(by_role) == len(RUNNING)
    assert "legacy" in by_role
    assert "vdi" not in by_role
    assert sum(name.startswith("vdi_") for name in by_role) == 6


def test_a_prefix_avoids_reserved_names_and_spares_what_others_read(inventories: Inventories) -> None:
    listing = inventories.list(hostvars_prefix="az_", hostvars_suffix="_", filter="az_name_ == 'jump-01'")
    jump = listing.hosts["jump-01"]
    assert jump["az_tags_"] == {"role": "jump"}
    assert not {"name", "tags", "id"} & jump.keys()
    assert {"azure_vm_id", "jit_status", "ansible_host"} <= jump.keys()
    assert "reserved name" not in listing.output


def test_an_open_port_shows_until_it_closes(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    arguments = "ports=22 sources=203.0.113.7 duration=1h"
    command = [
        "ansible",
        "-i",
        str(inventories.write()),
        "jump-01",
        "-m",
        "jitfleet.azure.jit_request",
        "-a",
        arguments,
    ]
    asked = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        env=simulator.environment,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    listing = inventories.list()
    assert listing.group("jit_open") == ["jump-01"]
    assert listing.group("jit_configured") == ["jump-01"]
    jump = listing.hosts["jump-01"]
    assert jump["jit_open_ports"] == [22]
    until = datetime.strptime(jump["jit_open_until"], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(minutes=55) < until - datetime.now(UTC) <= timedelta(hours=1, minutes=5)
    simulator.advance(3700)
    assert inventories.list().group("jit_open") == []


def caching_in(folder: Path) -> dict[str, Any]:
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}


def test_a_cached_fleet_costs_no_request_until_it_is_flushed(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    caching = caching_in(tmp_path / "cache")
    before = inventories.list(**caching)
    simulator.forget()
    again = inventories.list(**caching)
    assert again.document == before.document
    assert simulator.journal() == []
    inventories.list(inventories.write(**caching), "--flush-cache")
    assert simulator.calls()["POST resources"] == 1


def test_another_scope_is_not_served_from_the_cache_and_no_secret_is_in_it(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    caching = caching_in(cache)
    inventories.list(**caching)
    narrow = inventories.list(**caching, subscriptions=[WORKPLACE])
    assert len(narrow.hosts) == 6
    stored = "".join(path.read_text() for path in cache.iterdir())
    assert "vdi-win-01" in stored
    assert simulator.variables["AZURE_SECRET"] not in stored


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resource_group": ["x"]}, "resource_group: there is no such option; resource_groups was meant?"),
        ({"subscriptions": ["prod"]}, "subscriptions: 'prod' is not a subscription's id"),
        ({"filter": "tags.role =="}, "filter: 'tags.role ==' is no JMESPath expression"),
        ({"filter": "starts_with(tags, 'x')"}, "filter: \"starts_with(tags, 'x')\" fails for the VM "),
        ({"hostvars_prefix": "1-"}, "hostvars_prefix: '1-' can't be part of a variable's name"),
        ({"hostnames": ["nothing.there"], "strict": True}, "hostnames: 'nothing.there' fails for the VM "),
        ({"connect_via": ["carrier_pigeon"]}, "carrier_pigeon"),
        ({"secret": "wrong-secret"}, "AADSTS7000215"),
    ],
)
def test_what_is_wrong_is_named(inventories: Inventories, options: dict[str, Any], message: str) -> None:
    said = inventories.fail(**options)
    assert message in said
    assert "wrong-secret" not in said


def test_an_empty_sign_in_option_counts_as_not_set(inventories: Inventories) -> None:
    assert sorted(inventories.list(tenant="").hosts) == RUNNING


def test_sign_in_options_may_be_templates(inventories: Inventories, simulator: RunningSimulator) -> None:
    secret = "{{ lookup('ansible.builtin.env', 'OTHER_SECRET') }}"
    env = {"AZURE_SECRET": "", "OTHER_SECRET": simulator.variables["AZURE_SECRET"]}
    assert sorted(inventories.list(env=env, secret=secret).hosts) == RUNNING


def test_without_credential_the_options_to_set_are_named(inventories: Inventories) -> None:
    said = inventories.fail(env={"AZURE_SECRET": "", "AZURE_CLIENT_SECRET": ""})
    assert "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)" in said


def test_a_cloud_that_cant_be_reached_is_named(inventories: Inventories) -> None:
    assert "cloud_environment: " in inventories.fail(cloud_environment="https://127.0.0.1:9/")


def test_a_refused_query_is_quoted(inventories: Inventories, simulator: RunningSimulator) -> None:
    error = {"code": "AuthorizationFailed", "message": "no read over the scope"}
    simulator.fault(method="POST", path="ResourceGraph/resources$", status=403, body={"error": error})
    assert "refused with 403 AuthorizationFailed: no read over the scope" in inventories.fail()


def test_a_throttled_query_is_sent_again(inventories: Inventories, simulator: RunningSimulator) -> None:
    simulator.fault(method="POST", path="ResourceGraph/resources$", status=429, headers={"Retry-After": "0"})
    assert sorted(inventories.list().hosts) == RUNNING
    assert simulator.calls()["POST resources"] == 2


def test_hosts_are_not_called_closed_where_policies_cant_be_read(
    inventories: Inventories, simulator: RunningSimulator
) -> None:
    error = {"code": "AuthorizationFailed", "message": "no read over the scope"}
    simulator.fault(
        method="GET", path=f"{PRODUCTION}/.*jitNetworkAccessPolicies$", status=403, body={"error": error}, times=9
    )
    said = inventories.fail()
    assert f"the just-in-time policies of subscription {PRODUCTION} can't be read" in said
    assert "role Reader" in said


def test_a_wrong_file_name_is_named(inventories: Inventories) -> None:
    said = inventories.fail(inventories.write("fleet.yml"))
    assert "must end in jit_vms.yml or jit_vms.yaml: rename it" in said


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inventories]:
    """A fleet whose tags try to be templates, and whose names clash."""
    folder = tmp_path_factory.mktemp("hostile")
    fleet = folder / "fleet.yml"
    groups = [
        {
            "name": name,
            "location": "westeurope",
            "networks": [
                {
                    "name": "vnet",
                    "address_space": "10.1.0.0/16",
                    "subnets": [{"name": "s", "prefix": "10.1.1.0/24"}],
                }
            ],
            "vms": [
                {"name": "Web", "os": "linux", "tags": {"role": TEMPLATE, "who": "localhost", "it's": "größe"}}
            ],
        }
        for name in ("rg-a", "rg-b")
    ]
    subscription = {"name": "Hostile", "id": WORKPLACE, "groups": groups}
    fleet.write_text(yaml.safe_dump({"subscriptions": [subscription]}))
    with running_simulator(folder, "--fleet", str(fleet), "--data-plane", "off") as simulator:
        yield Inventories(folder, simulator.environment)


def test_what_comes_from_azure_is_never_a_template(hostile: Inventories) -> None:
    listing = hostile.list(keyed_groups=[BY_ROLE], compose={"copied": "tags.role"}, hostnames=["tags.role"])
    assert "uid=" not in listing.output
    for name, variables in listing.hosts.items():
        assert name.startswith(TEMPLATE)
        assert variables["tags"]["role"] == variables["copied"] == TEMPLATE
        assert variables["tags"]["it's"] == "größe"
    assert len(listing.hosts) == 2
    (group,) = [name for name in listing.document if "lookup" in name]
    assert len(listing.group(group)) == 2


def test_what_comes_from_the_cache_is_no_template_either(hostile: Inventories, tmp_path: Path) -> None:
    caching = caching_in(tmp_path)
    fresh = hostile.list(**caching)
    cached = hostile.list(**caching)
    assert cached.document == fresh.document
    # the marks of texts that are not to be templates
    assert json.dumps({"__ansible_unsafe": TEMPLATE}) in json.dumps(cached.document)


def test_vms_of_one_name_and_those_called_like_the_controller_stay_apart(hostile: Inventories) -> None:
    names = sorted(hostile.list().hosts)
    assert len(names) == 2
    assert all(name.startswith("Web_") for name in names)
    names = sorted(hostile.list(hostnames=["tags.who"], filter="resource_group == 'rg-a'").hosts)
    assert len(names) == 1
    assert names[0].startswith("localhost_")
