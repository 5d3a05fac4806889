#!/usr/bin/env python3
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test sanity on the newest ansible-core that an interpreter of this machine can run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "sanity"


@dataclass(frozen=True, slots=True)
class Choice:
    """An ansible-core series, the Pythons that run it, and the pip that its ansible-test would download."""

    core: str
    pythons: tuple[str, ...]


CHOICES = (
    Choice(">=2.21,<2.22", ("3.13", "3.12")),
    Choice(">=2.19,<2.20", ("3.11",)),
)


def main() -> None:
    choice, python = newest_choice()
    if choice is not CHOICES[0]:
        wanted = " or ".join(CHOICES[0].pythons)
        print(f"sanity: no Python {wanted} here, so ansible-core {CHOICES[0].core} is left out")
    version = interpreter_version(python)
    print(f"sanity: ansible-core {choice.core} on Python {version}", flush=True)
    environment = CACHE / f"venv-{version}"
    subprocess.run([python, ROOT / "tests/tools/setup.py", "--venv", environment, "--core", choice.core], check=True)
    home = CACHE / "home"
    provide_pip(home, environment)
    content = CACHE / "tree" / "ansible_collections" / "jitfleet" / "azure"
    link(content)
    # ansible-test finds its other interpreters on PATH; one is enough: the checks of syntax that depend on
    # the version are run for the one it runs on.
    result = subprocess.run(
        [environment / "bin" / "ansible-test", "sanity", "--python", version, "--color", "no", *sys.argv[1:]],
        cwd=content,
        env={
            **os.environ,
            "HOME": str(home),
            "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_TEST_CONTENT_ROOT": str(content),
        },
        check=False,
    )
    sys.exit(result.returncode)


def newest_choice() -> tuple[Choice, str]:
    for choice in CHOICES:
        for version in choice.pythons:
            for candidate in interpreters(version):
                if interpreter_version(candidate) == version:
                    return choice, candidate
    sys.exit("sanity: none of the Pythons that ansible-core runs on was found")


def interpreters(version: str) -> Iterator[str]:
    """Name the places where this machine may keep a Python of one version."""
    if found := shutil.which(f"python{version}"):
        yield found
    if pyenv := os.environ.get("PYENV_ROOT") or shutil.which("pyenv"):
        root = Path(os.environ.get("PYENV_ROOT", Path(pyenv).resolve().parents[1]))
        yield from (str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python{version}")))


def interpreter_version(python: str | Path) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    return result.stdout.strip() or None


def provide_pip(home: Path, environment: Path) -> None:
    """Put a bootstrap in place of the pip that ansible-test would fetch from outside the package registry."""
    (util,) = environment.glob("lib/python3*/site-packages/ansible_test/_util/target/setup/bootstrap.sh")
    assert util.exists()
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("get_pip_21_3_1", "get_pip_24_2", "get_pip_25_3"):
        (cache / f"{name.replace('_', '-', 2)}.py").write_text("import ensurepip\nensurepip.bootstrap()\n")


def link(content: Path) -> None:
    content.parent.mkdir(parents=True, exist_ok=True)
    if not content.is_symlink():
        content.symlink_to(ROOT, target_is_directory=True)


if __name__ == "__main__":
    main()
