# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 keeps of each kind of thing, by its models and serializers [docs: its source]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOTIFIED = ("notification_templates_started", "notification_templates_success", "notification_templates_error")
APPROVALS = "notification_templates_approvals"
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
# Where an association's things are listed, if not under its own name.
ELSEWHERE = {
    **dict.fromkeys((*NOTIFIED, APPROVALS), "notification_templates"),
    **dict.fromkeys(LINKS, "workflow_job_template_nodes"),
    "galaxy_credentials": "credentials",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field; `to` is the kind that it refers to, `kept` that it can't be changed later."""

    type: str = "text"
    default: Any = ""
    choices: tuple[Any, ...] = ()
    to: str = ""
    required: bool = False
    longest: int = 0
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its API's name for one, its fields, what can be attached, and what tells two apart."""

    type: str
    fields: Mapping[str, Field]
    attached: tuple[str, ...] = ()
    unique: tuple[str, ...] = ("name",)
    roles: tuple[str, ...] = ("admin_role", "read_role")
    read_only: tuple[str, ...] = ()
    template: bool = field(default=False)


def text(default: Any = "", longest: int = 0, *, required: bool = False) -> Field:
    return Field("text", default, required=required, longest=longest)


def choice(*choices: Any, default: Any = "", required: bool = False) -> Field:
    return Field("choice", default, choices, required=required)


def yes_or_no() -> Field:
    return Field("bool", False)


def number(default: int = 0) -> Field:
    return Field("number", default)


def reference(to: str, *, required: bool = False, kept: bool = False) -> Field:
    return Field("reference", None, to=to, required=required, kept=kept)


NAMED = {"name": text(longest=512, required=True), "description": text()}
VERBOSITIES = choice(0, 1, 2, 3, 4, 5, default=0)
ASKS = ("scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory")
ASKS_OF_JOBS = (
    "credential",
    "execution_environment",
    "labels",
    "forks",
    "job_slice_count",
    "timeout",
    "instance_groups",
)

# What a schedule or a node hands to what it starts, unless it is None.
PROMPTS = {
    "extra_data": Field("mapping", {}),
    "inventory": reference("inventories"),
    "scm_branch": text(None),
    "job_type": choice("run", "check", default=None),
    "job_tags": text(None),
    "skip_tags": text(None),
    "limit": text(None),
    "diff_mode": Field("bool", None),
    "verbosity": choice(0, 1, 2, 3, 4, 5, default=None),
    "execution_environment": reference("execution_environments"),
    "forks": Field("number", None),
    "job_slice_count": Field("number", None),
    "timeout": Field("number", None),
}

KINDS: dict[str, Kind] = {
    "organizations": Kind(
        "organization",
        {**NAMED, "max_hosts": number(), "default_environment": reference("execution_environments")},
        (*NOTIFIED, APPROVALS, "galaxy_credentials", "instance_groups"),
        roles=("admin_role", "execute_role", "approval_role", "read_role"),
    ),
    "teams": Kind(
        "team",
        {**NAMED, "organization": reference("organizations", required=True)},
        unique=("organization", "name"),
    ),
    "users": Kind("user", {"username": text(required=True)}, unique=("username",)),
    "instance_groups": Kind("instance_group", {"name": text(required=True)}),
    "credential_types": Kind(
        "credential_type",
        {**NAMED, "kind": text(), "namespace": text(), "inputs": Field("mapping", {})},
        unique=("name", "kind"),
    ),
    "credentials": Kind(
        "credential",
        {
            **NAMED,
            "organization": reference("organizations"),
            "credential_type": reference("credential_types", required=True),
            "inputs": Field("mapping", {}),
        },
        unique=("organization", "name", "credential_type"),
        roles=("admin_role", "use_role", "read_role"),
    ),
    "execution_environments": Kind(
        "execution_environment",
        {
            **NAMED,
            "organization": reference("organizations"),
            "image": text(longest=1024, required=True),
            "credential": reference("credentials"),
            "pull": choice("", "always", "missing", "never"),
        },
    ),
    "notification_templates": Kind(
        "notification_template",
        {
            **NAMED,
            "organization": reference("organizations", required=True),
            "notification_type": choice("email", "slack", "webhook", required=True),
            "notification_configuration": Field("mapping", {}),
            "messages": Field(
                "mapping", {"started": None, "success": None, "error": None, "workflow_approval": None}
            ),
        },
        unique=("organization", "name"),
    ),
    "projects": Kind(
        "project",
        {
            **NAMED,
            "organization": reference("organizations"),
            "scm_type": choice("", "git", "svn", "insights", "archive"),
            **dict.fromkeys(("local_path", "scm_url", "scm_branch", "scm_refspec"), text(longest=1024)),
            **dict.fromkeys(("scm_clean", "scm_delete_on_update", "scm_track_submodules"), yes_or_no()),
            **dict.fromkeys(("scm_update_on_launch", "allow_override"), yes_or_no()),
            **dict.fromkeys(("timeout", "scm_update_cache_timeout"), number()),
            "credential": reference("credentials"),
            "default_environment": reference("execution_environments"),
        },
        NOTIFIED,
        ("organization", "name"),
        ("admin_role", "use_role", "update_role", "read_role"),
        template=True,
    ),
    "inventories": Kind(
        "inventory",
        {
            **NAMED,
            "organization": reference("organizations", required=True),
            "kind": choice("", "smart", "constructed"),
            "host_filter": text(None),
            "variables": Field("mapping text", ""),
            "prevent_instance_group_fallback": yes_or_no(),
        },
        ("instance_groups",),
        ("organization", "name"),
        ("admin_role", "use_role", "update_role", "adhoc_role", "read_role"),
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {
            **NAMED,
            "inventory": reference("inventories", required=True, kept=True),
            "source": choice("file", "constructed", "scm", "ec2", "gce", "azure_rm", "controller", required=True),
            **dict.fromkeys(
                ("source_path", "scm_branch", "enabled_var", "enabled_value", "host_filter", "limit"), text()
            ),
            "source_vars": Field("mapping text", ""),
            "source_project": reference("projects"),
            "credential": reference("credentials"),
            "execution_environment": reference("execution_environments"),
            **dict.fromkeys(("overwrite", "overwrite_vars", "update_on_launch"), yes_or_no()),
            **dict.fromkeys(("timeout", "update_cache_timeout"), number()),
            "verbosity": choice(0, 1, 2, default=1),
        },
        NOTIFIED,
        ("inventory", "name"),
        template=True,
    ),
    "job_templates": Kind(
        "job_template",
        {
            **NAMED,
            "job_type": choice("run", "check", default="run"),
            "inventory": reference("inventories"),
            "project": reference("projects"),
            "playbook": text(longest=1024),
            "execution_environment": reference("execution_environments"),
            **dict.fromkeys(
                ("scm_branch", "limit", "job_tags", "skip_tags", "start_at_task", "host_config_key"), text()
            ),
            **dict.fromkeys(("forks", "timeout"), number()),
            "job_slice_count": number(1),
            "verbosity": VERBOSITIES,
            "extra_vars": Field("mapping text", ""),
            **{f"ask_{name}_on_launch": yes_or_no() for name in (*ASKS, *ASKS_OF_JOBS)},
            **dict.fromkeys(("force_handlers", "use_fact_cache", "survey_enabled", "become_enabled"), yes_or_no()),
            **dict.fromkeys(("diff_mode", "allow_simultaneous", "prevent_instance_group_fallback"), yes_or_no()),
            "webhook_service": choice("", "github", "gitlab"),
        },
        (*NOTIFIED, "credentials", "instance_groups", "labels"),
        ("organization", "name"),
        ("admin_role", "execute_role", "read_role"),
        ("organization",),
        template=True,
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {
            **NAMED,
            "organization": reference("organizations"),
            "inventory": reference("inventories"),
            **dict.fromkeys(("limit", "scm_branch", "job_tags", "skip_tags"), text(None)),
            "extra_vars": Field("mapping text", ""),
            **dict.fromkeys(("survey_enabled", "allow_simultaneous"), yes_or_no()),
            **{
                f"ask_{name}_on_launch": yes_or_no()
                for name in ("variables", "inventory", "scm_branch", "limit", "labels", "tags", "skip_tags")
            },
            "webhook_service": choice("", "github", "gitlab"),
        },
        (*NOTIFIED, APPROVALS, "labels"),
        ("organization", "name"),
        ("admin_role", "execute_role", "approval_role", "read_role"),
        template=True,
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {
            "identifier": text(longest=512, required=True),
            "workflow_job_template": reference("workflow_job_templates", required=True, kept=True),
            "unified_job_template": reference("unified_job_templates"),
            "all_parents_must_converge": yes_or_no(),
            **PROMPTS,
        },
        (*LINKS, "credentials", "labels", "instance_groups"),
        ("identifier", "workflow_job_template"),
    ),
    "workflow_approval_templates": Kind(
        "workflow_approval_template", {**NAMED, "timeout": number()}, unique=("id",), template=True
    ),
    "schedules": Kind(
        "schedule",
        {
            **NAMED,
            "unified_job_template": reference("unified_job_templates", required=True),
            "rrule": text(longest=1000, required=True),
            "enabled": Field("bool", True),
            **PROMPTS,
        },
        ("credentials", "labels", "instance_groups"),
        ("unified_job_template", "name"),
    ),
}
TEMPLATES = tuple(name for name, kind in KINDS.items() if kind.template)
