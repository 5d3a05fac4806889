# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install into virtual environments: by uv, in a tenth of pip's time, or by pip where uv can't."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The environment of this checkout, whose tools serve all others.
HOME = ROOT / ".venv" / "bin"
UV = HOME / "uv"


def install(environment: Path, *wanted: str) -> None:
    """Install what arguments of `pip install` name, or leave with pip's words."""
    python = str(environment / "bin" / "python")
    if UV.exists() and _run([str(UV), "pip", "install", "--python", python, *wanted], _uv_variables()) is None:
        return
    if (said := _run([str(HOME / "python"), "-m", "pip", "--python", python, "install", *wanted])) is not None:
        sys.exit(f"{said}\npip could not install into {environment}")


def install_uv() -> None:
    """Install uv into this checkout's environment; where there is none to be had, pip does its work."""
    if not UV.exists():
        _run([str(HOME / "python"), "-m", "pip", "install", "uv>=0.9,<1"])


def pip_settings() -> Iterator[tuple[str, str, str]]:
    """Yield the user's settings of pip, from files and variables: section, key and value."""
    listing = [str(HOME / "python"), "-m", "pip", "config", "list", "--disable-pip-version-check"]
    result = subprocess.run(listing, check=True, capture_output=True, text=True)
    for line in result.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.removeprefix(":env:").rpartition(".")
        yield section or "global", key, ast.literal_eval(value)


def _uv_variables() -> dict[str, str]:
    """Let uv, which doesn't read pip's settings, ask the registry that pip would ask."""
    settings = {key: value for _section, key, value in pip_settings()}
    asked = {"UV_DEFAULT_INDEX": settings["index-url"]} if "index-url" in settings else {}
    return {**asked, **os.environ}


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
