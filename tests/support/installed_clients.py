# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote, as `make clients` installs them, and the simulator's state that they change."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo_fleet import WORKPLACE

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clients"
POLICY = (
    f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi/providers/Microsoft.Security/locations/westeurope/"
    "jitNetworkAccessPolicies/default"
)


@dataclass(frozen=True, slots=True)
class Client:
    """An installed client; `environment` holds what the simulator hands out and what this client needs besides."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str | Path, given: Any = None) -> str:
        """Run one of its commands, perhaps with JSON to read, and return what it prints."""
        content = None if given is None else json.dumps(given)
        done = subprocess.run(
            command, env=self.environment, input=content, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, *command: str | Path, given: Any = None) -> Any:
        """Run one of its commands and return the JSON that it prints."""
        return json.loads(self.run(*command, given=given))


InstalledClient = Callable[..., Client]


@dataclass(frozen=True, slots=True)
class State:
    """What the simulator holds, apart from what any client says."""

    subscriptions: list[dict[str, Any]]

    def policy(self, policy_id: str = POLICY) -> dict[str, Any]:
        """Return a policy."""
        place = policy_id.lower().split("/")
        subscription_id, group, location, name = place[2], place[4], place[8], place[10]
        (found,) = (
            policy
            for subscription in self.subscriptions
            if subscription["id"].lower() == subscription_id
            for policy in subscription["policies"]
            if (policy["group"].lower(), policy["location"], policy["name"].lower()) == (group, location, name)
        )
        return dict(found)

    def rules(self, group: str, name: str) -> list[dict[str, Any]]:
        """Return the rules of a security group."""
        groups = [item for subscription in self.subscriptions for item in subscription["groups"]]
        (found,) = (nsg for item in groups if item["name"] == group for nsg in item["nsgs"] if nsg["name"] == name)
        return [{"name": rule["name"], **rule["properties"]} for rule in found["rules"]]
