# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a play, and in which job: by variables, since AWX tells it in no other way."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..module_utils._controller import process_identity, this_place
from ..module_utils._jit.orphans import Run

# AWX and Automation Platform set each variable under both names; older ones under the second alone.
_PRODUCTS = ("awx", "tower")
# Launches of which the user's, the workflow's or the schedule's name says enough.
_USUAL_LAUNCHES = ("manual", "workflow", "scheduled")
_LONGEST_NAME = 80
# What has a meaning in the text around a name.
_MARKS = str.maketrans('"[]', "'()")


@dataclass(frozen=True, slots=True)
class Requester:
    """`who` is the same from run to run of one user (or schedule, or rule) on one machine; `job` names the run."""

    who: str
    job: str = ""


def find_requester(variables: Mapping[str, Any], user: str, machine: str, run: str = "") -> Requester:
    """Name who runs this: AWX's job and what started it, an event's rule, else the user at his machine.

    `run` is the name of a run that is no job.
    """
    for product in _PRODUCTS:
        if variables.get(f"{product}_job_id"):
            return _in_job(product, variables)
    account = f"{_plain(user)}@{_plain(machine)}"
    rule = _rule(variables)
    return Requester(f"{rule} as {account}" if rule else account, run)


def _in_job(product: str, variables: Mapping[str, Any]) -> Requester:
    def said(name: str) -> str:
        return _plain(variables.get(f"{product}_{name}"))

    job = f"{product} job {said('job_id')}"
    if template := said("job_template_name"):
        job += f" {_quoted(template)}"
    if workflow := said("workflow_job_id"):
        job += f" in workflow {workflow} {_quoted(said('workflow_job_name'))}".removesuffix(' ""')
    launch = said("job_launch_type")
    if launch and launch not in _USUAL_LAUNCHES:
        job += f" ({launch})"
    # The public address belongs to the node that runs the job, so nodes are told apart.
    node = said("execution_node")
    started_by = _started_by(said, variables) or launch or "nobody known"
    return Requester(f"{started_by} on {node}" if node else started_by, job)


def _started_by(said: Any, variables: Mapping[str, Any]) -> str:
    user = str(said("user_name"))
    if rule := _rule(variables):
        # The user is then the owner of the token by which the event's rule started the job.
        return f"{rule} as {user}" if user else rule
    schedule = said("schedule_name") or said("parent_job_schedule_name")
    return user or (f"schedule {_quoted(schedule)}" if schedule else "")


def _rule(variables: Mapping[str, Any]) -> str:
    event = variables.get("ansible_eda")
    if not isinstance(event, Mapping):
        return ""
    names = [_plain(event.get(key)) for key in ("ruleset", "rule")]
    return f"rule {_quoted(': '.join(filter(None, names)))}"


def _plain(value: Any) -> str:
    """Make a name a part of one line whose own quotes and brackets keep their meaning."""
    text = "".join(character if character.isprintable() else " " for character in str(value or ""))
    return text.translate(_MARKS).strip()


def _quoted(name: str) -> str:
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    return f'"{shown}"'


def this_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id may have no name
        return str(os.getuid())


def this_machine() -> str:
    return socket.gethostname()


def this_run() -> str:
    """Name the run of Ansible that this process works for: actions run in processes of their own."""
    parent = multiprocessing.parent_process()
    process = parent.pid if parent and parent.pid else os.getpid()
    return str(Run(process_identity(process), this_place()))
