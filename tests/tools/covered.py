# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run all unit tests, and fail where they reach too few of the plugins' lines and branches.

What only Ansible runs is reached by the integration tests marked `traced`: coverage.py follows them into what
Ansible forks, and into the archives in which it sends modules.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from coverage import CoverageData
from coverage.exceptions import DataError

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".cache" / "coverage"
CORE = "plugins/module_utils/_jit/"
# What must be reached of statements and branches together, in per cent.
LIMITS = {CORE: 100.0, "plugins/": 95.0}
# They test the simulator, or by many drawn cases what tables reach as well; so nobody looks what they reach.
UNWATCHED = (
    "tests/unit/azure_simulator",
    "tests/unit/azure_simulator_dataplane",
    "tests/unit/_jit/test_exposure_by_trying.py",
    "tests/unit/_operations/test_concurrent_writers.py",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="auto", help="how many tests run beside each other")
    parser.add_argument("--waiting", default="auto", help="how many, where they wait for processes of their own")
    arguments = parser.parse_args()
    workers = arguments.workers
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    run(sys.executable, "-m", "pytest", "-q", "-n", workers, *UNWATCHED)
    watch(workers, "tests/unit", *(f"--ignore={path}" for path in UNWATCHED))
    watch(arguments.waiting, "-m", "traced", "tests/integration")
    drop_torn_files()
    coverage("combine", "--quiet")
    coverage("report")
    coverage("json", "--quiet", "-o", str(DATA / "report.json"))
    files = json.loads((DATA / "report.json").read_text())["files"]
    shares = {folder: reached(files, folder) for folder in LIMITS}
    for folder, share in shares.items():
        print(f"coverage: {share:6.2f} % of {folder}, at least {LIMITS[folder]:g} % wanted")
    sys.exit(any(share < LIMITS[folder] for folder, share in shares.items()))


def watch(workers: str, *tests: str) -> None:
    coverage("run", "-m", "pytest", "-q", "-n", workers, *tests)


def drop_torn_files() -> None:
    """Remove what a process wrote that a test ended meanwhile: coverage.py's words for it read like a failure."""
    for path in DATA.glob("data.*"):
        try:
            CoverageData(str(path)).read()
        except DataError:
            path.unlink()


def coverage(*arguments: str) -> None:
    run(sys.executable, "-m", "coverage", *arguments)


def run(*command: str) -> None:
    """Run a command, and leave with its code where it fails."""
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def reached(files: dict[str, Any], folder: str) -> float:
    """Give how much is reached of the statements and branches below a folder, in per cent."""
    sums = [found["summary"] for path, found in files.items() if path.startswith(folder)]
    there: int = sum(one["num_statements"] + one["num_branches"] for one in sums)
    found: int = sum(one["covered_lines"] + one["covered_branches"] for one in sums)
    return 100 * found / there


if __name__ == "__main__":
    main()
