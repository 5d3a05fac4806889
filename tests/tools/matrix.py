# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests on a supported ansible-core that this environment doesn't have, if there is a Python for it.

On the oldest and the newest all tests run, on others all unit and contract tests, and of the integration and
end-to-end tests those that are marked `every_core`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
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
# What is drawn is the same on any Python, so a few draws are enough.
FEW = {"JITFLEET_MODEL_SEEDS": "30"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", choices=[pair.core for pair in PAIRS], required=True, help="the series")
    parser.add_argument("--workers", default="auto", help="how many tests run beside each other")
    parser.add_argument("--waiting", default="auto", help="how many, where they wait for processes of their own")
    arguments = parser.parse_args()
    core = arguments.core
    (pair,) = [pair for pair in PAIRS if pair.core == core]
    here = Pair(".".join(version("ansible-core").split(".")[:2]), ".".join(map(str, sys.version_info[:2])))
    if pair == here:
        say(f"left out: {pair}, for that is what all tests run on here")
    elif not passes(pair, arguments.workers, arguments.waiting):
        sys.exit(f"matrix: tests fail with {pair}")


def passes(pair: Pair, workers: str, waiting: str) -> bool:
    """Run the tests in an environment of their own; where there is no such Python, say so and pass."""
    interpreter = find_interpreter(pair.python)
    if interpreter is None:
        say(f"left out: {pair}, for there is no such Python here")
        return True
    environment = CACHE / f"core-{pair.core}-python-{pair.python}"
    setup = [interpreter, str(SETUP), "--venv", str(environment), "--core", f"=={pair.core}.*"]
    subprocess.run(setup, check=True)
    say(str(pair))
    chosen = [] if pair in (PAIRS[0], PAIRS[-1]) else ["-m", "every_core"]
    rounds = (
        ["-n", workers, "--hypothesis-profile=few", "tests/unit", "tests/contract"],
        ["-n", waiting, *chosen, "tests/integration", "tests/e2e"],
    )
    pytest = [str(environment / "bin" / "pytest"), "-q"]
    codes = [
        subprocess.run([*pytest, *tests], cwd=ROOT, env={**os.environ, **FEW}, check=False).returncode
        for tests in rounds
    ]
    return not any(codes)


def say(text: str) -> None:
    print(f"matrix: {text}", flush=True)


if __name__ == "__main__":
    main()
