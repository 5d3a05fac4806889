# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the virtual environment in which everything of this repository runs.

Does nothing when the environment is already what the requirements files ask for.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from environments import ROOT, VENV, install, install_uv

FOLDERS = ("", "extensions/azure_simulator", "tests")
REQUIREMENTS = [ROOT / folder / "requirements.txt" for folder in FOLDERS]
INSTALLER = Path(__file__).with_name("environments.py")
OLDEST_PYTHON = (3, 11)


def main() -> None:
    arguments = parse_arguments()
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"setup: Python 3.11 or newer is needed, this is {sys.version.split()[0]}: set PYTHON=python3.11")
    environment: Path = arguments.venv.resolve()
    stamp = environment / "setup-stamp"
    wanted = fingerprint(arguments.core)
    if not stamp.exists() or stamp.read_text() != wanted:
        make(environment, arguments.core)
        stamp.write_text(wanted)
    link_collection(environment)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=VENV, help="where the environment goes")
    parser.add_argument("--core", default="", help="an ansible-core version range, such as '>=2.21,<2.22'")
    return parser.parse_args()


def fingerprint(core: str) -> str:
    content = b"".join(path.read_bytes() for path in (*REQUIREMENTS, INSTALLER))
    return hashlib.sha256(content + core.encode() + sys.version.encode() + str(ROOT).encode()).hexdigest()


def make(environment: Path, core: str) -> None:
    print(f"setup: installing into {environment.name} (a few seconds with uv, half a minute with pip)", flush=True)
    ours = environment == VENV.resolve()
    try:
        # An environment of this Python is kept and completed: somebody may be using it.
        venv.create(environment, clear=not is_of_this_python(environment), with_pip=ours)
    except subprocess.CalledProcessError:
        sys.exit("setup: this Python can't make virtual environments: install its venv and ensurepip modules")
    if ours:
        install_uv()
    files = [part for path in REQUIREMENTS for part in ("--requirement", str(path))]
    install(environment, *files, *([f"ansible-core{core}"] if core else []))


def is_of_this_python(environment: Path) -> bool:
    settings = environment / "pyvenv.cfg"
    return settings.exists() and f"version = {sys.version.split()[0]}" in settings.read_text().splitlines()


def link_collection(environment: Path) -> None:
    """Let Python and Ansible find the collection and the simulator with no variable set."""
    (site_packages,) = environment.glob("lib/python3*/site-packages")
    for parent in (site_packages, ROOT / ".cache" / "tree"):
        link = parent / "ansible_collections" / "jitfleet" / "azure"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.resolve() != ROOT:
            link.unlink(missing_ok=True)
            link.symlink_to(ROOT, target_is_directory=True)
    (site_packages / "azure_simulator.pth").write_text(f"{ROOT / 'extensions'}\n")


if __name__ == "__main__":
    main()
