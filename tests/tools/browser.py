# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find or install what the report's browser tests need. Where that can't be had, they skip and say so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from environments import alone

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "browser"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def main() -> None:
    with alone(FOLDER):
        if chromium() is None:
            install_chromium()
        if not AXE.exists():
            install_axe()


def chromium() -> str | None:
    """Give the path of a Chromium: the one that JITFLEET_CHROMIUM names, or the first on the path."""
    named = os.environ.get("JITFLEET_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def install_chromium() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("browser: no Chromium is here; the tests that open the report in one will skip", flush=True)
        return
    print("browser: installing Debian's chromium by apt-get, as root", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        if not _succeeds(["apt-get", "--quiet", *arguments], environment):
            print("browser: apt-get failed; the tests that open the report in Chromium will skip", flush=True)
            return


def install_axe() -> None:
    if not shutil.which("npm"):
        print("browser: no npm is here; the report's accessibility check will skip", flush=True)
        return
    command = [
        "npm",
        "install",
        "--prefix",
        str(FOLDER),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "axe-core@4",
    ]
    if not _succeeds(command, dict(os.environ)):
        print("browser: npm failed; the report's accessibility check will skip", flush=True)


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    main()
