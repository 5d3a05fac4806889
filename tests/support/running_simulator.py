# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator in a process of its own, as users run it, and its control interface."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """`variables` is what the simulator tells its users to export."""

    variables: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.variables["AZURE_SIMULATOR_URL"]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables}

    def arm(self, method: str, path: str, body: Any = None, api_version: str = "2020-01-01") -> Any:
        """Call Resource Manager as a script of somebody else does."""
        token = self.token_of(self.variables["AZURE_CLIENT_ID"], self.variables["AZURE_SECRET"])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        query = "" if "?" in path else f"?api-version={api_version}"
        return self._call(method, f"{path}{query}", data, headers)

    def token_of(self, client_id: str, secret: str) -> str:
        """Ask for a token of Resource Manager's."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{self.url}/.default",
        }
        path = f"/{self.variables['AZURE_TENANT']}/oauth2/v2.0/token"
        token: str = self._call("POST", path, urllib.parse.urlencode(form).encode(), {})["access_token"]
        return token

    def _call(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=dict(headers))
        context = ssl.create_default_context(cafile=self.variables["SSL_CERT_FILE"])
        with urllib.request.urlopen(request, context=context) as response:
            content = response.read()
        return json.loads(content) if content else None

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Call the control interface."""
        data = json.dumps(body).encode() if body is not None else None
        return self._call(method, f"/_simulator/{name}", data, {})

    def address(self, vm: str) -> str:
        """Give a VM's public address: where a simulator's addresses lie depends on what else runs here."""
        state = self.control("GET", "state")
        addresses = {
            public["name"]: public["address"]
            for subscription in state["subscriptions"]
            for group in subscription["groups"]
            for public in group["public_addresses"]
        }
        address: str = addresses[f"{vm}-ip"]
        return address

    def reset(self) -> None:
        self.control("POST", "reset")
        self.control("DELETE", "faults")
        self.control("DELETE", "journal")

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def fault(self, **fault: Any) -> None:
        self.control("POST", "faults", fault)

    def journal(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.control("GET", "journal")["requests"]
        return requests

    def forget(self) -> None:
        self.control("DELETE", "journal")

    def calls(self) -> Counter[str]:
        """Count the requests to Resource Manager by method and last part of the path."""
        return Counter(
            f"{request['method']} {request['path'].rstrip('/').rpartition('/')[2]}"
            for request in self.journal()
            if "/subscriptions" in request["path"] or "/providers" in request["path"]
        )

    def writes(self) -> list[str]:
        """Name the requests to Resource Manager that change something."""
        return [
            f"{request['method']} {request['path']}"
            for request in self.journal()
            if request["method"] != "GET"
            and "/subscriptions/" in request["path"]
            and not request["path"].endswith("/resources")
        ]


@contextmanager
def running_simulator(folder: Path, *options: str, code: Path = ROOT / "extensions") -> Iterator[RunningSimulator]:
    """Start a simulator and stop it at the end."""
    env_file = folder / "simulator.env"
    command = [sys.executable, "-m", "azure_simulator", "serve", "--env-file", str(env_file), *options]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    # What it prints first says that it is up; reading that line is waiting for it.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            assert first, "the simulator ended at once"
            yield RunningSimulator(read_environment(env_file))
        finally:
            process.terminate()
            process.communicate()


def read_environment(path: Path) -> dict[str, str]:
    """Read lines of `export NAME=value`."""
    words = shlex.split(path.read_text(), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)
