# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests on each supported ansible-core that this environment doesn't have, as far as there is a Python for it.

All unit and contract tests run; on the oldest and the newest core the integration and end-to-end tests too, but
for those that another core changes nothing for; on those between, a few that are marked `every_core`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from interpreters import find_interpreter

ROOT = Path(__file__).resolve().parents[2]
SETUP = Path(__file__).with_name("setup.py")
CACHE = ROOT / ".cache" / "matrix"


@dataclass(frozen=True, slots=True)
class Pair:
    """A series of ansible-core, and the Python to run it on."""

    core: str
    python: str

    def __str__(self) -> str:
        return f"ansible-core {self.core} on Python {self.python}"


PAIRS = (Pair("2.19", "3.11"), Pair("2.20", "3.12"), Pair("2.21", "3.13"))
# Of AWX, other tools, Azure's answers, many writers at once and the report's page: run once, by `make test`.
ONCE = (
    "tests/integration/test_awx_configuration.py",
    "tests/integration/test_awx_jobs.py",
    "tests/integration/test_awx_surveys.py",
    "tests/integration/test_azure_rm_files.py",
    "tests/integration/test_event_source.py",
    "tests/integration/test_execution_environment.py",
    "tests/integration/test_faults.py",
    "tests/integration/test_hooks.py",
    "tests/integration/test_sign_in.py",
    "tests/integration/test_slices.py",
    "tests/integration/test_writers_beside_each_other.py",
    "tests/e2e/test_large_fleet.py",
    "tests/e2e/test_report_page.py",
    "tests/e2e/test_rulebooks.py",
)
# What is drawn is the same on any Python, so a few draws are enough.
FEW = {"JITFLEET_MODEL_SEEDS": "30"}


def main() -> None:
    here = Pair(".".join(version("ansible-core").split(".")[:2]), ".".join(map(str, sys.version_info[:2])))
    others = [pair for pair in PAIRS if pair != here]
    failed = [pair for pair in others if not passes(pair)]
    if failed:
        sys.exit(f"matrix: tests fail with {', '.join(map(str, failed))}")


def passes(pair: Pair) -> bool:
    """Run the tests in an environment of their own; where there is no such Python, say so and pass."""
    interpreter = find_interpreter(pair.python)
    if interpreter is None:
        say(f"left out: {pair}, for there is no such Python here")
        return True
    environment = CACHE / f"core-{pair.core}-python-{pair.python}"
    setup = [interpreter, str(SETUP), "--venv", str(environment), "--core", f"=={pair.core}.*"]
    subprocess.run(setup, check=True)
    say(str(pair))
    pytest = [str(environment / "bin" / "pytest"), "-q", "-n", str((os.cpu_count() or 1) + 1)]
    codes = [
        subprocess.run([*pytest, *tests], cwd=ROOT, env={**os.environ, **FEW}, check=False).returncode
        for tests in rounds(pair)
    ]
    return not any(codes)


def rounds(pair: Pair) -> Iterator[list[str]]:
    yield ["--hypothesis-profile=few", "tests/unit", "tests/contract"]
    if pair in (PAIRS[0], PAIRS[-1]):
        yield ["tests/integration", "tests/e2e", *(f"--ignore={path}" for path in ONCE)]
    else:
        yield ["-m", "every_core", "tests/integration", "tests/e2e"]


def say(text: str) -> None:
    print(f"matrix: {text}", flush=True)


if __name__ == "__main__":
    main()
