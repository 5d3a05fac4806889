# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks as users do, and read what became of each task."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from warm_ansible import run_ansible

IN_A_HURRY = {"write_budget": 0.3, "quiet_window": 0.3}
SUPPORT = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Task:
    """One host's result of one task; `status` is ok, failed, skipped or unreachable."""

    status: str
    host: str
    name: str
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What a command printed, and what its tasks did."""

    returncode: int
    output: str
    tasks: tuple[Task, ...]

    def named(self, name: str) -> Task:
        """Give the only result of a task."""
        (task,) = [task for task in self.tasks if task.name == name]
        return task

    @property
    def last(self) -> Task:
        return self.tasks[-1]


def printed(*command: str | Path, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and give what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Playbooks:
    """Runs plays in a folder of their own, with an inventory of hosts and their variables."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self.environment = {
            **environment,
            "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorded_results",
            "ANSIBLE_NOCOLOR": "1",
            "RECORDED_RESULTS": str(folder / "results.jsonl"),
        }
        self.inventory = folder / "hosts.yml"
        self.write_inventory({})

    def write_inventory(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        document = {"all": {"hosts": {name: dict(variables) for name, variables in hosts.items()}}}
        self.inventory.write_text(yaml.safe_dump(document, sort_keys=False))

    def play(self, tasks: Sequence[Mapping[str, Any]], *arguments: str, **play: Any) -> Run:
        """Run a play of these tasks over all hosts of the inventory.

        Nobody else writes policies here, so there is no waiting for others.
        """
        hurried = dict.fromkeys(("jitfleet.azure.jit_policy", "jitfleet.azure.jit_request"), IN_A_HURRY)
        defaults = {**hurried, **play.pop("module_defaults", {})}
        document = [
            {"hosts": "all", "gather_facts": False, "module_defaults": defaults, **play, "tasks": list(tasks)}
        ]
        playbook = self._folder / "play.yml"
        playbook.write_text(yaml.safe_dump(document, sort_keys=False))
        return self.run(str(playbook), *arguments)

    def run(self, playbook: str, *arguments: str, **variables: str) -> Run:
        """Run a playbook file, or one of the collection by its full name."""
        results = Path(self.environment["RECORDED_RESULTS"])
        results.unlink(missing_ok=True)
        command = [str(BIN / "ansible-playbook"), "-i", str(self.inventory), playbook, *arguments]
        done = run_ansible(command, {**self.environment, **variables}, self._folder, merged=True)
        lines = results.read_text().splitlines() if results.exists() else []
        return Run(done.returncode, done.stdout, tuple(_read(json.loads(line)) for line in lines))


def _read(line: Mapping[str, Any]) -> Task:
    return Task(line["status"], line["host"], line["task"], line["result"])
