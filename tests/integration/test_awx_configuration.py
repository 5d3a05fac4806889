# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data file, applied by awx.awx to a small AWX: twice, in part, and taken away again."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from awx_collection import provide_awx_collection
from fake_awx.server import FakeAwx, fake_awx
from running_simulator import ROOT

from playbooks import Playbooks, Run

TEMPLATES = [
    "Close access",
    "Enable JIT",
    "JIT report",
    "Maintenance window",
    "Open RDP",
    "Open SSH",
    "Sweep orphaned access",
]
SECRETS = {"jit_awx_azure_secret": "s3cr3t-of-azure", "jit_awx_controller_token": "t0ken-of-awx"}
VALUES = {
    "jit_awx_azure_subscription": "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01",
    "jit_awx_azure_tenant": "tttt",
    "jit_awx_azure_client": "cccc",
    "jit_awx_controller_host": "https://awx.example.com",
    "jit_awx_webhook": "https://hooks.example.com/jit",
    **SECRETS,
}
# The organization, its credentials, a notification and an inventory are enough to look at some things.
FEW: dict[str, Any] = {
    f"controller_{name}": []
    for name in (
        "execution_environments",
        "projects",
        "inventory_sources",
        "templates",
        "workflows",
        "schedules",
        "roles",
    )
}
# Modules load all certificates for each request, also where there is no TLS: half of their time.
ALONE = {"PATH": "/usr/bin:/bin", "SSL_CERT_FILE": os.devnull}
MARK = "made by (jitfleet.azure)"
# What awx.awx sends of itself, and AWX passes over.
PASSED_OVER = {("job_templates", "organization"), ("workflow_job_template_nodes", "type")}

Apply = Callable[..., Run]


@pytest.fixture(scope="session")
def collections() -> Path:
    folder, why_not = provide_awx_collection()
    if why_not:
        pytest.skip(f"awx.awx can't be installed: {why_not}")
    return folder


@pytest.fixture
def awx() -> Iterator[FakeAwx]:
    playbooks = [f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")]
    with fake_awx(playbooks) as controller:
        # several pages, also of few things
        controller.page_size = 2
        yield controller


@pytest.fixture
def apply(awx: FakeAwx, collections: Path, tmp_path: Path) -> Apply:
    """Apply the data file, with values as a vault would give them."""
    playbooks = Playbooks(tmp_path, {**ALONE, "HOME": str(tmp_path), **awx.variables})
    playbooks.environment |= {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_PIPELINING": "1"}
    vault = tmp_path / "vault.yml"

    def run(*arguments: str, **values: Any) -> Run:
        vault.write_text(yaml.safe_dump({**VALUES, **values}))
        return playbooks.run("jitfleet.azure.awx", "-e", f"@{vault}", *arguments)

    return run


def everything(awx: FakeAwx) -> Any:
    store = awx.store
    attached = {place: found for place, found in store.links.items() if found}
    return copy.deepcopy((store.things, store.surveys, attached))


def changed(run: Run) -> list[str]:
    assert run.returncode == 0, run.output
    return [task.name for task in run.tasks if task.result.get("changed")]


@pytest.mark.timeout(900)
def test_the_data_file_is_applied_once_and_taken_away_again(awx: FakeAwx, apply: Apply) -> None:
    fresh = everything(awx)

    predicted = apply("--check")
    assert "job template Open RDP" in predicted.output
    assert changed(predicted) == ["Predict what would be made"]
    assert awx.calls == []

    assert changed(apply())
    assert awx.names("job_templates") == TEMPLATES
    assert awx.store.ignored <= PASSED_OVER
    look_at_schedules(awx)
    look_at_the_workflow(awx)
    look_at_the_sweep(awx)
    made = everything(awx)
    awx.calls.clear()

    assert changed(apply()) == []
    assert awx.calls == []
    assert everything(awx) == made

    assert changed(apply(jit_awx_state="absent"))
    # AWX deletes an inventory when it finds the time.
    while_it_deletes = changed(apply(jit_awx_state="absent"))
    awx.store.finish_deletions()
    awx.calls.clear()
    assert while_it_deletes == []
    assert everything(awx) == fresh
    assert changed(apply(jit_awx_state="absent")) == []
    assert awx.calls == []


def look_at_schedules(awx: FakeAwx) -> None:
    shown = awx.answer("GET", "/api/v2/schedules/?page_size=50", {})[1]["results"]
    started = {item["name"]: item["summary_fields"]["unified_job_template"]["name"] for item in shown}
    assert started == {
        "Enable JIT nightly": "Enable JIT",
        "Sweep orphaned access hourly": "Sweep orphaned access",
        "JIT report weekly": "JIT report",
    }


def look_at_the_workflow(awx: FakeAwx) -> None:
    nodes = {item["identifier"]: item for item in awx.store.things["workflow_job_template_nodes"].values()}
    (workflow,) = awx.store.things["workflow_job_templates"].values()
    assert workflow["name"] == "Request with approval"
    assert awx.store.attached(nodes["predict"], "success_nodes") == [nodes["approve"]["id"]]
    assert awx.store.attached(nodes["approve"], "success_nodes") == [nodes["open"]["id"]]
    assert awx.store.template(nodes["approve"]["unified_job_template"])[1]["name"] == "Approve JIT access"
    assert nodes["predict"]["unified_job_template"] == nodes["open"]["unified_job_template"]
    assert (nodes["predict"]["job_type"], nodes["open"]["job_type"]) == ("check", None)
    assert len(awx.store.attached(workflow, "notification_templates_approvals")) == 1


def look_at_the_sweep(awx: FakeAwx) -> None:
    names = {item["id"]: item["name"] for item in awx.store.things["credentials"].values()}
    holders = {
        item["name"]: {names[number] for number in awx.store.attached(item, "credentials")}
        for item in awx.store.things["job_templates"].values()
    }
    assert holders.pop("Sweep orphaned access") == {"JIT Azure", "JIT controller"}
    assert set(map(frozenset, holders.values())) == {frozenset({"JIT Azure"})}


@pytest.mark.timeout(900)
def test_an_organization_that_was_there_stays_as_it_is(awx: FakeAwx, apply: Apply) -> None:
    before = everything(awx)
    values = {
        "jit_awx_organization": "Default",
        "jit_awx_operators": ["Desktop operators"],
        "jit_awx_approvers": ["Change board"],
        "controller_schedules": [],
        "controller_notifications": [],
        "jit_awx_webhook": "",
    }

    assert "Organizations" not in changed(apply(**values))
    kept = everything(awx)[0]["organizations"]
    roles = sorted(len(members) for members in awx.store.members.values())
    removed = changed(apply(**values, jit_awx_state="absent"))
    awx.store.finish_deletions()

    assert kept == before[0]["organizations"]
    # five templates and the workflow for the operators, the workflow's approvals and the prediction for the others
    assert roles == [1] * 8
    assert removed
    assert everything(awx) == before


def test_secrets_are_kept_by_awx_and_shown_by_nobody(awx: FakeAwx, apply: Apply) -> None:
    done = apply("-vvv", "--diff", **FEW)
    rotated = apply("-vvv", **FEW, jit_awx_azure_secret="n3w-s3cr3t", jit_awx_update_secrets=True)

    kept = {item["name"]: item["inputs"] for item in awx.store.things["credentials"].values()}
    assert changed(done)
    assert changed(rotated)
    assert kept["JIT Azure"]["secret"] == "n3w-s3cr3t"
    assert kept["JIT controller"]["oauth_token"] == SECRETS["jit_awx_controller_token"]
    told = done.output + rotated.output
    assert [name for name in (*SECRETS.values(), "n3w-s3cr3t") if name in told] == []


def test_a_managed_identity_has_no_more_than_its_subscription(awx: FakeAwx, apply: Apply) -> None:
    done = apply(
        **FEW, jit_awx_azure_tenant="", jit_awx_azure_client="", jit_awx_azure_secret="", jit_awx_webhook=""
    )

    assert changed(done)
    inputs = next(
        item["inputs"] for item in awx.store.things["credentials"].values() if item["name"] == "JIT Azure"
    )
    assert inputs == {"subscription": VALUES["jit_awx_azure_subscription"]}
    assert awx.names("notification_templates") == []


def test_things_of_others_are_neither_taken_over_nor_removed(awx: FakeAwx, apply: Apply) -> None:
    default = next(iter(awx.store.things["organizations"]))
    foreign = awx.store.create(
        "inventories", {"name": "JIT VMs", "organization": default, "description": "of the desktop team"}
    )
    before = everything(awx)

    refused = apply(**FEW, jit_awx_organization="Default")
    untouched = everything(awx)
    assert changed(apply(**FEW, jit_awx_prefix="Desks"))
    ours = next(item for item in awx.store.things["organizations"].values() if item["name"] == "JIT access")
    theirs = awx.store.create("inventories", {"name": "Labs", "organization": ours["id"]})
    removed = apply(**FEW, jit_awx_prefix="Desks", jit_awx_state="absent")
    awx.store.finish_deletions()

    assert refused.returncode != 0
    assert "inventory JIT VMs" in refused.output
    assert untouched == before
    assert "JIT access holds 1 other things" in removed.output
    assert changed(removed)
    assert {foreign["id"], theirs["id"]} < set(awx.store.things["inventories"])
    assert awx.names("inventories") == ["Demo Inventory", "JIT VMs", "Labs"]
    assert awx.names("credentials") == ["Demo Credential"]


def test_names_that_another_organization_has_are_refused_before_anything_is_made(
    awx: FakeAwx, apply: Apply
) -> None:
    default = next(iter(awx.store.things["organizations"]))
    awx.store.create("inventories", {"name": "JIT VMs", "organization": default, "description": MARK})
    before = everything(awx)

    refused = apply(**FEW)

    assert refused.returncode != 0
    assert "the inventory JIT VMs (Default)" in refused.output
    assert "jit_awx_prefix" in refused.output
    assert everything(awx) == before


def test_a_notification_that_is_no_longer_wanted_is_removed_with_the_rest(awx: FakeAwx, apply: Apply) -> None:
    before = everything(awx)
    ours = awx.store.create("organizations", {"name": "JIT access", "description": MARK})
    webhook = {"url": "https://hooks.example.com/jit", "headers": {}}
    awx.store.create(
        "notification_templates",
        {
            "name": "JIT webhook",
            "description": MARK,
            "organization": ours["id"],
            "notification_type": "webhook",
            "notification_configuration": webhook,
        },
    )

    assert changed(apply(**FEW, jit_awx_webhook="", jit_awx_state="absent"))

    assert everything(awx) == before


def test_what_was_taken_over_is_removed_one_day(awx: FakeAwx, apply: Apply) -> None:
    default = next(iter(awx.store.things["organizations"]))
    awx.store.create("inventories", {"name": "JIT VMs", "organization": default})

    assert changed(apply(**FEW, jit_awx_organization="Default", jit_awx_take_over=True))
    assert changed(apply(**FEW, jit_awx_organization="Default", jit_awx_state="absent"))
    awx.store.finish_deletions()

    assert awx.names("inventories") == ["Demo Inventory"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"jit_awx_azure_subscription": ""}, "JIT Azure has no subscription"),
        ({"jit_awx_controller_token": ""}, "JIT controller has no oauth_token"),
        ({"controller_inventories": [{"name": "x", "description": "y"}]}, "lacks (jitfleet.azure)"),
        (
            {"controller_inventories": [{"name": "x", "description": "(jitfleet.azure)", "colour": "red"}]},
            "colour, which this role does not apply",
        ),
    ],
)
def test_data_that_would_not_do_is_refused_before_anything_is_made(
    values: dict[str, Any], said: str, awx: FakeAwx, apply: Apply
) -> None:
    done = apply(**values)

    assert done.returncode != 0
    assert said in done.output
    assert awx.calls == []


def test_without_the_collection_the_role_says_what_is_missing(awx: FakeAwx, tmp_path: Path) -> None:
    alone = Playbooks(tmp_path, {**ALONE, "HOME": str(tmp_path), **awx.variables})

    done = alone.run("jitfleet.azure.awx", "-e", json.dumps(VALUES))

    assert done.returncode != 0
    assert "The collection awx.awx is missing" in done.output
