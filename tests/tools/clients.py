# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install clients of Azure that nobody here wrote, each into an environment of its own, and test them.

They run against the simulator, unchanged. One that can't be installed here is left out, with the reason; the
others still run. Arguments go to pytest, for example "-k az". The first run takes ten minutes and gigabytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from environments import alone
from interpreters import find_interpreter

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "clients"
PYTHONS = ("3.12", "3.13", "3.11")
SIMULATOR = [sys.executable, "-m", "azure_simulator", "exec", "--data-plane", "off", "--"]


class LeftOut(Exception):
    """A client can't be installed here; the text says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its name is the folder's, and `wanted` is what is installed there."""

    name: str
    wanted: tuple[str, ...]
    install: Callable[[Path, tuple[str, ...]], None]

    @property
    def folder(self) -> Path:
        return CACHE / self.name

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(repr((self.wanted, str(self.folder))).encode()).hexdigest()


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    for client in CLIENTS:
        provide(client)
    tests = [sys.executable, "-m", "pytest", "-q", "tests/clients", *sys.argv[1:]]
    sys.exit(subprocess.run([*SIMULATOR, *tests], cwd=ROOT, check=False).returncode)


def provide(client: Client) -> None:
    """Install a client unless it is there; note why if it can't be."""
    with alone(CACHE):
        _provide(client)


def _provide(client: Client) -> None:
    stamp, left_out = client.folder / "stamp", CACHE / f"{client.name}.left-out"
    if stamp.exists() and stamp.read_text() == client.fingerprint:
        left_out.unlink(missing_ok=True)
        return
    print(f"clients: installing {client.name}", flush=True)
    shutil.rmtree(client.folder, ignore_errors=True)
    try:
        client.install(client.folder, client.wanted)
    except LeftOut as error:
        print(f"clients: {client.name} is left out: {error}", flush=True)
        left_out.write_text(str(error))
    else:
        stamp.write_text(client.fingerprint)
        left_out.unlink(missing_ok=True)


def install_python(folder: Path, wanted: tuple[str, ...]) -> None:
    """Install packages into a virtual environment. Raises LeftOut."""
    python = next(interpreters(), None)
    if python is None:
        raise LeftOut(f"no Python {' or '.join(PYTHONS)} here")
    run([python, "-m", "venv", str(folder)])
    run([*pip(folder), "install", *wanted])


def install_ansible(folder: Path, wanted: tuple[str, ...]) -> None:
    """Install Ansible with its collections, and what azure.azcollection needs. Raises LeftOut."""
    install_python(folder, wanted)
    places = folder.glob("lib/python3*/site-packages/ansible_collections/azure/azcollection/requirements.txt")
    requirements = next(places, None)
    if requirements is None:
        raise LeftOut("azure.azcollection is not among the collections")
    run([*pip(folder), "install", "--requirement", str(requirements)])


def install_extension(folder: Path, wanted: tuple[str, ...]) -> None:
    """Lay an extension of az where az finds it, as `az extension add` does. Raises LeftOut."""
    az = CACHE / "az"
    if not (az / "stamp").exists():
        raise LeftOut("az itself is left out")
    run([*pip(az), "install", "--no-deps", "--target", str(folder / "extension"), *wanted])


def install_javascript(folder: Path, wanted: tuple[str, ...]) -> None:
    """Install packages for node. Raises LeftOut."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise LeftOut(f"no {tool} here")
    folder.mkdir(parents=True)
    run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel", "error", *wanted])


def interpreters() -> Iterator[str]:
    for version in PYTHONS:
        if python := find_interpreter(version):
            yield python


def pip(environment: Path) -> list[str]:
    return [f"{environment}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]


def run(command: list[str]) -> None:
    """Run a command. Raises LeftOut with the last thing that it said."""
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=dict(os.environ))
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()
        raise LeftOut(said[-1] if said else f"{command[0]} failed with {result.returncode}")


CLIENTS = (
    Client("az", ("azure-cli>=2.91",), install_python),
    Client("az-graph", ("resource-graph",), install_extension),
    Client("ansible", ("ansible>=14",), install_ansible),
    Client(
        "python",
        (
            "aiohttp",
            "azure-identity",
            "azure-mgmt-compute",
            "azure-mgmt-network",
            "azure-mgmt-resource",
            "azure-mgmt-resourcegraph",
            "azure-mgmt-security",
        ),
        install_python,
    ),
    Client("javascript", ("@azure/arm-security", "@azure/identity"), install_javascript),
)


if __name__ == "__main__":
    main()
