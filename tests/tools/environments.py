# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install into virtual environments: by uv, in a tenth of pip's time, or by pip where uv can't."""

from __future__ import annotations

import ast
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The environment of this checkout, whose tools serve all others.
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
# How uv takes those of pip's settings that say what is installed and from where.
AS_VARIABLES = {
    "cert": "SSL_CERT_FILE",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
}
# These say nothing of that. Where there are others, uv isn't asked.
HARMLESS = {
    *("cache-dir", "compile", "default-timeout", "disable-pip-version-check", "no-cache-dir", "no-color"),
    *("no-compile", "no-input", "no-warn-script-location", "progress-bar", "quiet", "require-virtualenv"),
    *("retries", "root-user-action", "timeout", "verbose"),
}


def install(environment: Path, *wanted: str) -> None:
    """Install what arguments of `pip install` name, or leave with pip's words."""
    if not PYTHON.exists():
        sys.exit(f"{VENV} is not there yet: run `make setup` first")
    python = str(environment / "bin" / "python")
    variables = uv_variables(pip_settings()) if UV.exists() else None
    if variables and _run([str(UV), "pip", "install", "--python", python, *wanted], variables) is None:
        return
    if (said := _run([str(PYTHON), "-m", "pip", "--python", python, "install", *wanted])) is not None:
        sys.exit(f"{said}\npip could not install into {environment}")


def install_uv() -> None:
    """Install uv into this checkout's environment; where there is none to be had, pip does its work."""
    if not UV.exists():
        _run([str(PYTHON), "-m", "pip", "install", "uv>=0.9,<1"])


def pip_settings() -> dict[str, str]:
    """Give the user's settings of `pip install`, from files and variables, or leave with pip's words."""
    listing = [str(PYTHON), "-m", "pip", "config", "list", "--disable-pip-version-check"]
    result = subprocess.run(listing, check=False, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{result.stderr}\npip can't read its settings")
    return read_settings(result.stdout)


def read_settings(listing: str) -> dict[str, str]:
    """Read what `pip config list` prints: what holds for `pip install`."""
    # by sections, of which a later one outdoes an earlier one
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in found:
            found[section][key] = ast.literal_eval(value)
    return {key: value for section in found.values() for key, value in section.items()}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let others who work in a folder wait until this is done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def uv_variables(settings: dict[str, str]) -> dict[str, str] | None:
    """Let uv, which doesn't read pip's settings, choose what pip would; None where it can't."""
    if settings.keys() - AS_VARIABLES.keys() - HARMLESS:
        return None
    asked = {AS_VARIABLES[key]: " ".join(value.split()) for key, value in settings.items() if key in AS_VARIABLES}
    if "UV_FIND_LINKS" in asked:
        asked["UV_FIND_LINKS"] = asked["UV_FIND_LINKS"].replace(" ", ",")
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **asked, **os.environ}


def _run(command: list[str], variables: dict[str, str] | None = None) -> str | None:
    """Run a command that installs; where it fails, return what it said."""
    quiet = {"PIP_QUIET": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_PROGRESS": "1"}
    result = subprocess.run(
        command,
        check=False,
        env={**(os.environ if variables is None else variables), **quiet},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.stdout if result.returncode else None
