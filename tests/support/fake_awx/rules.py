# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 checks of a whole thing before it is kept [docs: its serializers]."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fake_awx.surveys import Refused, checked_answers

if TYPE_CHECKING:
    from fake_awx.store import Store

Thing = dict[str, Any]
# AWX's webhook; other types of notifications aren't looked into.
WEBHOOK: dict[str, tuple[type, Any]] = {
    "url": (str, ...),
    "http_method": (str, "POST"),
    "disable_ssl_verification": (bool, False),
    "username": (str, ""),
    "password": (str, ""),
    "headers": (dict, ...),
}
SECRET = "$encrypted$"
IMAGE = re.compile(r"^[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$")
# What a launch may bring, and the switch that allows it.
ASKED = {
    "limit": "limit",
    "job_type": "job_type",
    "inventory": "inventory",
    "scm_branch": "scm_branch",
    "job_tags": "tags",
    "skip_tags": "skip_tags",
    "diff_mode": "diff_mode",
    "verbosity": "verbosity",
    "execution_environment": "execution_environment",
    "forks": "forks",
    "job_slice_count": "job_slice_count",
    "timeout": "timeout",
}


def check(store: Store, kind: str, thing: Thing) -> None:
    """Raises Refused for what can't be kept; fills in what AWX fills in."""
    if kind in _CHECKS:
        _CHECKS[kind](store, thing)


def _credential(store: Store, thing: Thing) -> None:
    if thing["organization"] is None:
        raise Refused({"detail": "Missing 'user', 'team', or 'organization'."})
    known = {
        item["id"]: item for item in store.get("credential_types", thing["credential_type"])["inputs"]["fields"]
    }
    for name, value in thing["inputs"].items():
        if name not in known:
            raise Refused({"inputs": [f"Additional properties are not allowed ('{name}' was unexpected)"]})
        expected = bool if known[name]["type"] == "boolean" else str
        if not isinstance(value, expected):
            raise Refused({"inputs": {name: [f"{value} is not of type '{known[name]['type']}'"]}})


def _environment(store: Store, thing: Thing) -> None:
    if not IMAGE.match(thing["image"]):
        raise Refused({"image": [f"The container image name {thing['image']} is not valid"]})
    if thing["credential"] is not None and _credential_kind(store, thing["credential"]) != "registry":
        raise Refused({"credential": ["Only Container Registry credentials can be associated"]})


def _notification(store: Store, thing: Thing) -> None:
    if thing["notification_type"] != "webhook":
        return
    settings = thing["notification_configuration"]
    for name, (expected, default) in WEBHOOK.items():
        if name not in settings and default is ...:
            raise Refused({"__all__": [f"Missing required fields for Notification Configuration: ['{name}']."]})
        settings.setdefault(name, default)
        if type(settings[name]) is not expected:
            raise Refused({"__all__": [f"Configuration field '{name}' incorrect type"]})
    if settings["http_method"].lower() not in ("put", "post"):
        raise Refused({"__all__": ["HTTP method must be either 'POST' or 'PUT'."]})
    if not settings["url"]:
        raise Refused({"__all__": ["No values specified for field 'url'"]})


def _project(store: Store, thing: Thing) -> None:
    if thing["scm_type"] and not thing["scm_url"]:
        raise Refused({"scm_url": ["SCM URL is required."]})
    if thing["credential"] is not None and _credential_kind(store, thing["credential"]) != "scm":
        raise Refused({"credential": ["Credential kind must be 'scm'."]})
    for name in ("scm_update_on_launch", "scm_delete_on_update", "scm_track_submodules", "scm_clean"):
        if thing[name] and not thing["scm_type"]:
            raise Refused({name: ["Update options must be set to false for manual projects."]})
    thing["scm_revision"] = "5f0df0c9d15757a4bd1762fbc6440f20b38f4cbe" if thing["scm_type"] else ""


def _inventory(store: Store, thing: Thing) -> None:
    if thing["kind"] == "smart" and not thing["host_filter"]:
        raise Refused({"host_filter": ["Smart inventories must specify host_filter"]})
    thing.setdefault("pending_deletion", False)


def _source(store: Store, thing: Thing) -> None:
    if store.get("inventories", thing["inventory"])["kind"]:
        raise Refused(
            {"inventory": {"detail": "Cannot create Inventory Source for Smart or Constructed Inventories"}}
        )
    if thing["source"] == "scm":
        if thing["source_project"] is None:
            raise Refused({"source_project": ["Project required for scm type sources."]})
        if not store.get("projects", thing["source_project"])["scm_type"]:
            raise Refused({"source_project": ["Cannot use manual project for SCM-based inventory."]})
    elif thing["source"] in ("constructed", "file"):
        raise Refused({"error": f"{thing['source']} not a valid source for inventory"})
    elif any(thing[name] for name in ("source_project", "source_path", "scm_branch")):
        raise Refused({"detail": "Cannot set source_project if not SCM type."})
    elif thing["credential"] is None:
        raise Refused({"credential": ["Credential is required for a cloud source."]})


def _job_template(store: Store, thing: Thing) -> None:
    if thing["project"] is None:
        raise Refused({"project": ["This field is required."]})
    project = store.get("projects", thing["project"])
    if not thing["playbook"]:
        raise Refused({"playbook": ["Must select playbook for project."]})
    if thing["playbook"] not in store.playbooks:
        raise Refused({"playbook": ["Playbook not found for project."]})
    if (thing["scm_branch"] or thing["ask_scm_branch_on_launch"]) and not project["allow_override"]:
        raise Refused({"scm_branch": ["Project does not allow overriding branch."]})
    if thing["inventory"] is None and not thing["ask_inventory_on_launch"]:
        raise Refused({"inventory": ["You must either set a default value or ask to prompt on launch."]})
    if thing["job_slice_count"] < 1:
        raise Refused({"job_slice_count": ["Ensure this value is greater than or equal to 1."]})
    # It follows the project, whatever is sent.
    thing["organization"] = project["organization"]


def _schedule(store: Store, thing: Thing) -> None:
    rule = thing["rrule"]
    starts = re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rule)
    errors = []
    if len(starts) != 1:
        errors.append("Valid DTSTART required in rrule, once.")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", rule):
        errors.append("DTSTART cannot be a naive datetime.")
    if "rrule:" not in rule.lower():
        errors.append("One or more rule required in rrule.")
    for one in re.findall(r"RULE:\S*", rule):
        if "interval" not in one.lower():
            errors.append(f"INTERVAL required in rrule: {one}")
        if "secondly" in one.lower():
            errors.append(f"SECONDLY is not supported: {one}")
    if errors:
        raise Refused({"rrule": errors})
    _prompts(store, thing, need=True)


def _node(store: Store, thing: Thing) -> None:
    if thing["unified_job_template"] is not None:
        _prompts(store, thing, need=False)


def _prompts(store: Store, thing: Thing, *, need: bool) -> None:
    """What the template doesn't ask for can't be handed to it."""
    kind, template = store.template(thing["unified_job_template"])
    if kind not in ("job_templates", "workflow_job_templates"):
        return
    survey = store.surveys.get(template["id"], {})
    errors = checked_answers(template, survey, thing["extra_data"], need=need)
    if "extra_vars" in errors:
        errors["extra_data"] = errors.pop("extra_vars")
    for name, asked in ASKED.items():
        if thing[name] is None or thing[name] == template.get(name) or template.get(f"ask_{asked}_on_launch"):
            continue
        errors[name] = ["Field is not configured to prompt on launch."]
    if errors:
        raise Refused(errors)


def _credential_kind(store: Store, credential: int) -> str:
    found = store.get("credential_types", store.get("credentials", credential)["credential_type"])["kind"]
    return str(found)


def check_attachment(store: Store, kind: str, thing: Thing, name: str, other: int) -> None:
    """Raises Refused for what can't be attached."""
    if kind == "job_templates" and name == "credentials":
        new = store.get("credentials", other)
        if _credential_kind(store, other) not in ("ssh", "vault", "cloud", "net", "kubernetes"):
            raise Refused({"error": "Cannot assign a Credential of this kind."})
        types = [store.get("credentials", item)["credential_type"] for item in store.attached(thing, name)]
        if new["credential_type"] in types:
            raise Refused({"error": "Cannot assign multiple credentials of one type."})
    if kind == "workflow_job_template_nodes" and name.endswith("_nodes"):
        target = store.get(kind, other)
        if target["workflow_job_template"] != thing["workflow_job_template"]:
            raise Refused({"Error": "Both nodes have to be of one workflow."})
        if store.leads_to(other, thing["id"]):
            raise Refused({"Error": "Cycle detected."})
        if any(
            other in store.attached(thing, link) for link in ("success_nodes", "failure_nodes", "always_nodes")
        ):
            raise Refused({"Error": "Relationship not allowed."})


_CHECKS: dict[str, Callable[[Store, Thing], None]] = {
    "credentials": _credential,
    "execution_environments": _environment,
    "notification_templates": _notification,
    "projects": _project,
    "inventories": _inventory,
    "inventory_sources": _source,
    "job_templates": _job_template,
    "schedules": _schedule,
    "workflow_job_template_nodes": _node,
}
