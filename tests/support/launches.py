# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX launched them: arguments, environment, variables. They are not part of the project."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from running_simulator import ROOT, RunningSimulator
from warm_ansible import command_folder

from playbooks import BIN

# Places inside AWX's container; ansible-runner names those of its own machine itself.
CONTAINERS_OWN = ("/runner", "/PRIVATE_DATA_DIR")
# Set by ansible-runner itself, which takes one that is set already for the user's.
CALLBACK = "ANSIBLE_STDOUT_CALLBACK"


@dataclass(frozen=True, slots=True)
class Launch:
    """One recorded job."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    variables: dict[str, Any]

    @property
    def limit(self) -> str:
        return self.arguments[self.arguments.index("-l") + 1]


# What each of them is to write into a request's justification, behind the text of its survey.
EXPECTED = {
    "job_manual": 'INC0012345 patching [awx job 11 "JIT - open RDP" by admin on exec-1]',
    "job_scheduled": (
        'scheduled maintenance [awx job 19 "JIT - open RDP" by schedule "once 20261122T061817Z" on exec-1]'
    ),
    "job_workflow": (
        'workflow maintenance [awx job 17 "JIT - open RDP" in workflow 16 "JIT maintenance workflow" '
        "by admin on exec-1]"
    ),
    "job_slice_1_of_3": (
        'sliced run 1 [awx job 13 "JIT - open RDP" in workflow 12 "JIT - open RDP" by admin on exec-1]'
    ),
    "job_eda": (
        'ServiceNow CHG0042 approved [awx job 46 "JIT - open RDP" '
        'by rule "JIT webhook: open access via AWX" as admin on exec-1]'
    ),
}


def recorded_launches() -> dict[str, Launch]:
    """Read all recorded jobs by name, or skip the test."""
    folder = Path(os.environ.get("JITFLEET_AWX_DATA", ROOT.parent / "shared" / "awx")) / "recorded"
    if not folder.is_dir():
        pytest.skip(f"no recorded launches in {folder}: set JITFLEET_AWX_DATA to a folder with recorded/")
    return {path.stem: _read(path) for path in sorted(folder.glob("job_*.json"))}


def _read(path: Path) -> Launch:
    document = json.loads(path.read_text())
    variables = {**json.loads(document["extra_vars"]), **document["meta_vars_seen_by_play"]}
    return Launch(path.stem, json.loads(document["job_args"]), document["job_env"], variables)


@dataclass(frozen=True, slots=True)
class Job:
    """A folder as AWX lays it out for a job, and the command that runs it there."""

    command: list[str]
    environment: dict[str, str]


def lay_out(
    launch: Launch,
    simulator: RunningSimulator,
    folder: Path,
    playbook: str,
    hosts: Mapping[str, Any],
    **more: Any,
) -> Job:
    """Write what a job needs into a folder: its environment, variables, inventory (group vdi) and playbook."""
    for name in ("env", "inventory", "project"):
        (folder / name).mkdir(parents=True)
    recorded = {k: v for k, v in launch.environment.items() if not v.startswith(CONTAINERS_OWN) and k != CALLBACK}
    (folder / "env" / "envvars").write_text(json.dumps({**recorded, **simulator.variables}))
    (folder / "env" / "extravars").write_text(json.dumps({**launch.variables, **more}))
    (folder / "env" / "cmdline").write_text("-u root")
    groups = {"vdi": {"hosts": dict(hosts)}}
    (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
    shutil.copy(ROOT / "playbooks" / playbook, folder / "project")
    shutil.copytree(ROOT / "playbooks" / "vars", folder / "project" / "vars")
    command = [str(BIN / "ansible-runner"), "run", str(folder), "-p", playbook, "--limit", launch.limit]
    return Job(command, {**simulator.environment, "PATH": f"{command_folder()}:{simulator.environment['PATH']}"})
