# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, by `ansible-inventory` on the simulator."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from inventories import Inventories
from running_simulator import RunningSimulator

from playbooks import BIN

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


@pytest.mark.traced
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


@pytest.mark.traced
def test_options_come_from_the_environment_too(inventories: Inventories) -> None:
    variables = {
        "JIT_VMS_SUBSCRIPTIONS": f"{PRODUCTION},{WORKPLACE}",
        "JIT_VMS_RESOURCE_GROUPS": "rg-vdi,rg-web",
        "JIT_VMS_FILTER": "os_profile.system == 'windows'",
        "JIT_VMS_HOSTNAMES": "tags.absent,name ~ '.example.com'",
        "JIT_VMS_SOURCE": "arm",
        "JIT_VMS_CONNECT_VIA": "private_ip",
        "JIT_VMS_WINDOWS_CONNECTION": "winrm",
        "JIT_VMS_HOSTVARS_PREFIX": "",
    }
    hosts = inventories.list(env=variables).hosts
    assert sorted(hosts) == ["legacy-01.example.com", *(f"vdi-win-0{n}.example.com" for n in (1, 2, 3, 4))]
    desktop = hosts["vdi-win-01.example.com"]
    assert desktop["ansible_host"] == desktop["private_ipv4_addresses"][0]
    assert (desktop["ansible_connection"], desktop["ansible_port"]) == ("winrm", 5986)


def test_an_empty_variable_counts_as_not_set(inventories: Inventories) -> None:
    names = (
        "CONNECT_VIA",
        "CONNECTION_DEFAULTS",
        "FILTER",
        "HOSTNAMES",
        "INCLUDE_POWERED_OFF",
        "SOURCE",
        "SUBSCRIPTIONS",
    )
    hosts = inventories.list(env={f"JIT_VMS_{name}": "" for name in names}).hosts
    assert sorted(hosts) == RUNNING
    assert hosts["web-01"]["ansible_host"] == hosts["web-01"]["public_ipv4_address"][0]


def test_management_groups_are_the_subscriptions_in_them(
    inventories: Inventories, simulator: RunningSimulator
) -> None:
    root = simulator.variables["AZURE_TENANT"]
    for source in ("resource_graph", "arm"):
        assert sorted(inventories.list(management_groups=[root], source=source).hosts) == RUNNING


@pytest.mark.traced
def test_resource_managers_lists_give_the_same_hosts(
    inventories: Inventories, simulator: RunningSimulator
) -> None:
    graph = inventories.list(include_powered_off=True).hosts
    simulator.forget()
    lists = inventories.list(include_powered_off=True, source="arm").hosts
    of_guests = ("os_name", "os_version", "hyper_v_generation")
    assert lists == {
        name: {key: value for key, value in variables.items() if key not in of_guests}
        for name, variables in graph.items()
    }
    assert "POST resources" not in simulator.calls()
    assert not [call for call in simulator.journal() if "/virtualMachines/" in call["path"]]


def test_a_source_that_may_choose_falls_back_and_says_so(
    inventories: Inventories, simulator: RunningSimulator
) -> None:
    error = {"code": "AuthorizationFailed", "message": "no read over the scope"}
    simulator.fault(method="POST", path="ResourceGraph/resources$", status=403, times=9, body={"error": error})
    listing = inventories.list(source="auto")
    assert sorted(listing.hosts) == RUNNING
    assert listing.output.count("Azure Resource Graph can't be asked, so Resource Manager's lists are read") == 1


def test_azure_leaves_out_what_a_plain_filter_rules_out(inventories: Inventories, tmp_path: Path) -> None:
    wanted = "tags.role == 'web' && starts_with(name, 'web-0')"
    hosts = inventories.list(filter=wanted, **caching_in(tmp_path / "cache")).hosts
    assert sorted(hosts) == ["web-01", "web-02"]
    # The cache holds what Azure sent: nothing of the others.
    sent = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert "web-01" in sent
    assert not [name for name in RUNNING if f'"name": "{name}"' in sent and name not in hosts]


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


@pytest.mark.traced
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


@pytest.mark.traced
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


@pytest.mark.parametrize(
    ("options", "env"),
    [
        ({"source": "arm"}, {}),
        ({"filter": "location == 'westeurope'"}, {}),
        ({"include_powered_off": True}, {}),
        ({}, {"AZURE_CLIENT_ID": "73950da1-0000-4cb6-a3a9-41eadb6cdec8"}),
        ({}, {"AZURE_CLOUD_ENVIRONMENT": "https://127.0.0.1:9/"}),
    ],
    ids=["source", "filter", "powered off", "principal", "cloud"],
)
def test_a_cache_answers_the_question_that_was_asked(
    inventories: Inventories, tmp_path: Path, options: dict[str, Any], env: dict[str, str]
) -> None:
    caching = caching_in(tmp_path / "cache")
    inventories.list(**caching)
    if "include_powered_off" in options:
        assert "batch-01" in inventories.list(**caching, **options).hosts
    elif options:
        assert inventories.list(**caching, **options).hosts
    else:  # nobody else gets to see what this principal saw
        assert "Failed to parse inventory" in inventories.fail(env=env, **caching)


def test_a_cache_of_another_version_is_not_read(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    caching = caching_in(tmp_path / "cache")
    before = inventories.list(**caching)
    (kept,) = (tmp_path / "cache").iterdir()
    # as a version wrote it that knew one thing less
    document = json.loads(kept.read_text())
    payload = json.loads(document["__payload__"])
    payload["scope"]["rows"] = payload["scope"]["rows"].replace(" hyperVGeneration", "")
    for row in payload["vms"]:
        del row["hyperVGeneration"]
    kept.write_text(json.dumps({**document, "__payload__": json.dumps(payload)}))
    simulator.forget()
    assert inventories.list(**caching).document == before.document
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
        ({"include_powered_off": "maybe"}, "include_powered_off: 'maybe' is neither true nor false"),
        ({"include_powered_off": [True]}, "include_powered_off: [True] is neither true nor false"),
        ({"env": {"JIT_VMS_INCLUDE_POWERED_OFF": "ja"}}, "include_powered_off: 'ja' is neither true nor false"),
        (
            {"resource_groups": ["rg-*"]},
            "resource_groups: 'rg-*' is no name of a group",
        ),
        ({"secret": "{{ nosuch.thing }}"}, "secret: its template fails: "),
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


@pytest.mark.traced
def test_without_credential_the_options_to_set_are_named(inventories: Inventories) -> None:
    said = inventories.fail(env={"AZURE_SECRET": "", "AZURE_CLIENT_SECRET": ""})
    assert "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)" in said


def test_a_cloud_that_cant_be_reached_is_named(inventories: Inventories) -> None:
    said = inventories.fail(cloud_environment="https://127.0.0.1:9/")
    assert "cloud_environment: the cloud's metadata can't be read" in said
    # Ansible itself says what is wrong twice, and then once for each cause.
    assert said.count("the cloud's metadata can't be read") == 2


def test_a_refused_query_is_quoted(inventories: Inventories, simulator: RunningSimulator) -> None:
    error = {"code": "AuthorizationFailed", "message": "no read over the scope"}
    simulator.fault(method="POST", path="ResourceGraph/resources$", status=403, body={"error": error})
    said = inventories.fail()
    assert "refused with 403 AuthorizationFailed: no read over the scope" in said
    assert "say source: arm, or source: auto" in said


def test_a_throttled_query_is_sent_again(inventories: Inventories, simulator: RunningSimulator) -> None:
    simulator.fault(method="POST", path="ResourceGraph/resources$", status=429, headers={"Retry-After": "0"})
    assert sorted(inventories.list().hosts) == RUNNING
    assert simulator.calls()["POST resources"] == 2


def test_hosts_are_not_called_closed_where_policies_cant_be_read(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    error = {"code": "AuthorizationFailed", "message": "no read over the scope"}
    simulator.fault(
        method="GET", path=f"{PRODUCTION}/.*jitNetworkAccessPolicies$", status=403, body={"error": error}, times=9
    )
    unreadable = f"the just-in-time policies of subscription {PRODUCTION} can't be read"
    for _fresh_then_cached in range(2):
        listing = inventories.list(**caching_in(tmp_path / "cache"))
        assert {host["subscription_id"] for host in listing.hosts.values()} == {WORKPLACE}
        assert unreadable in listing.output
        assert "role Reader" in listing.output
    said = inventories.fail(strict=True)
    assert unreadable in said
    assert "role Reader" in said


def test_a_wrong_file_name_is_named(inventories: Inventories) -> None:
    said = inventories.fail(inventories.write("fleet.yml"))
    assert "must end in jit_vms.yml or jit_vms.yaml: rename it" in said


def test_awx_sources_the_inventory_from_a_project(simulator: RunningSimulator, tmp_path: Path) -> None:
    """Run what AWX runs: the file is found by its `plugin` line, and nobody is there to answer a question."""
    (tmp_path / "fleet.jit_vms.yml").write_text("plugin: jitfleet.azure.jit_vms\n")
    listed = tmp_path / "listed.json"
    command = [str(BIN / "ansible-inventory"), "-i", "fleet.jit_vms.yml", "--list", "--export"]
    done = subprocess.run(
        [*command, "--output", str(listed), "--playbook-dir", str(tmp_path), "-vvv"],
        cwd=tmp_path,
        env={
            **simulator.environment,
            "JIT_VMS_RESOURCE_GROUPS": "rg-vdi",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(listed.read_text())
    assert len(document["jit_not_configured"]["hosts"]) == 6
    assert simulator.variables["AZURE_SECRET"] not in done.stdout + done.stderr + listed.read_text()


def test_the_graph_shows_the_groups(simulator: RunningSimulator, inventories: Inventories) -> None:
    command = [
        str(BIN / "ansible-inventory"),
        "-i",
        str(inventories.write(keyed_groups=[BY_ROLE])),
        "--graph",
        "vdi",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=simulator.environment).stdout
    assert [line.strip("| -") for line in shown.splitlines()][1:] == [n for n in RUNNING if n.startswith("vdi-")]


@pytest.mark.parametrize(
    ("variables", "returncode"),
    [
        ({}, 0),
        ({"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}, 1),
        ({"ANSIBLE_INVENTORY_UNPARSED_FAILED": "1"}, 1),
    ],
    ids=["as Ansible comes", "any source", "all sources"],
)
def test_an_inventory_that_fails_goes_unnoticed_unless_ansible_is_told(
    simulator: RunningSimulator,
    inventories: Inventories,
    tmp_path: Path,
    variables: dict[str, str],
    returncode: int,
) -> None:
    """The guide says so; it is Ansible's doing, and this would show a change of it."""
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": "vdi", "gather_facts": False, "tasks": []}]))
    command = [str(BIN / "ansible-playbook"), "-i", str(inventories.write(secret="wrong")), str(play)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**simulator.environment, **variables}
    )
    assert done.returncode == returncode
    assert ("no hosts matched" in done.stdout) is (returncode == 0)
