# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories of the plugin `jit_vms`, made of options and listed as users list them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from warm_ansible import run_ansible

from playbooks import BIN


@dataclass(frozen=True, slots=True)
class Listing:
    """What `ansible-inventory` printed."""

    document: dict[str, Any]
    output: str

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """Give the hosts' variables, without the marks by which core keeps texts from being templates."""
        hosts: dict[str, dict[str, Any]] = _unmarked(self.document["_meta"]["hostvars"])
        return hosts

    def group(self, name: str) -> list[str]:
        return sorted(self.document.get(name, {}).get("hosts", []))

    def constructed_groups(self) -> dict[str, list[str]]:
        """Give the groups with hosts that neither Ansible nor the plugin makes by itself."""
        made = {"_meta", "all", "ungrouped", "jit_configured", "jit_not_configured", "jit_unsupported", "jit_open"}
        return {name: self.group(name) for name in self.document if name not in made and self.group(name)}


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: _unmarked(inner) for key, inner in value.items()}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value


class Inventories:
    """Lists inventories made of options."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {
            **environment,
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "2000",
        }

    def write(self, name: str = "fleet.jit_vms.yml", **options: Any) -> Path:
        path = self._folder / name
        path.write_text(yaml.safe_dump({"plugin": "jitfleet.azure.jit_vms", **options}, sort_keys=False))
        return path

    def list(
        self, path: Path | None = None, *arguments: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> Listing:
        done = self._run(path or self.write(**options), arguments, env or {})
        assert done.returncode == 0, done.stderr
        return Listing(json.loads(done.stdout), done.stdout + done.stderr)

    def say(self, *arguments: str, env: Mapping[str, str] | None = None, **options: Any) -> str:
        """Give all that a listing prints, whatever becomes of it."""
        done = self._run(self.write(**options), arguments, env or {})
        return done.stdout + done.stderr

    def fail(self, path: Path | None = None, env: Mapping[str, str] | None = None, **options: Any) -> str:
        """Give the message of a listing that must not succeed."""
        strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **(env or {})}
        done = self._run(path or self.write(**options), (), strict)
        assert done.returncode != 0, done.stdout
        return " ".join(done.stderr.split())

    def _run(
        self, path: Path, arguments: tuple[str, ...], env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "ansible-inventory"), "-i", str(path), "--list", *arguments]
        environment = {**self._environment, **env}
        return run_ansible(command, environment)
