# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the core's code in many small ways, and fail where a change goes unnoticed by the file's own tests.

It works on the files where a mistake lets somebody in. Arguments choose some of them, for example "sources".
Changes that make no difference are in tests/mutants.toml, each with the reason. Decorators don't count: caches and
frozen classes change no result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from clients import CACHE, Client, install_python, provide

ROOT = Path(__file__).resolve().parents[2]
STAGES = ROOT / ".cache" / "mutants"
CORE = "plugins/module_utils/_jit"
# Files of the core, and the tests that must notice a mistake in them.
SAMPLE: Mapping[str, tuple[str, ...]] = {
    "access": ("test_access.py",),
    "closing": ("test_closing.py",),
    "exposure": ("test_exposure.py",),
    "allowed_actions": ("test_allowed_actions.py",),
    "grants": ("test_grants.py",),
    "rule_terms": ("test_security_rules.py",),
    "sources": ("test_sources.py",),
}
SETTINGS = """\
[cosmic-ray]
module-path = "{module}"
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -q -x --no-header -p no:cacheprovider -p no:xdist {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = [
  # annotations, which nobody evaluates: the core has no other use of it that decides anything
  "core/ReplaceBinaryOperator_BitOr_.*",
  # caches only make it quicker
  "core/RemoveDecorator",
  # the same for None, True and small numbers
  "core/ReplaceComparisonOperator_(Is_Eq|IsNot_NotEq|Eq_Is|NotEq_IsNot)",
]
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A line of a file as it became, without its indentation, and what the tests made of that."""

    file: str
    line: str
    outcome: str


COSMIC_RAY = Client(
    "mutants",
    tuple(
        line
        for line in Path(__file__).with_name("mutants-requirements.txt").read_text().splitlines()
        if line and line[0] != "#"
    ),
    install_python,
)


def main() -> None:
    arguments = parse_arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    provide(COSMIC_RAY)
    if not (COSMIC_RAY.folder / "stamp").exists():
        sys.exit("mutants: the tool can't be installed here")
    with ThreadPoolExecutor(arguments.workers) as pool:
        found = [mutant for mutants in pool.map(work_on, arguments.files) for mutant in mutants]
    known = equivalents(arguments.files)
    survivors = [mutant for mutant in found if mutant.outcome == "survived"]
    unknown = [mutant for mutant in survivors if (mutant.file, mutant.line) not in known]
    stale = known.keys() - {(mutant.file, mutant.line) for mutant in survivors}
    print(f"mutants: {len(found)}, unnoticed {len(survivors)}, of them explained {len(survivors) - len(unknown)}")
    for mutant in unknown:
        print(f"{mutant.file}: nobody notices: {mutant.line}")
    for file, line in sorted(stale):
        print(f"{file}: is noticed, or no longer made: {line}")
    sys.exit(bool(unknown or stale))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=sorted(SAMPLE), help="files of the core, without .py")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="files worked on beside each other")
    arguments = parser.parse_args()
    if strangers := set(arguments.files) - SAMPLE.keys():
        parser.error(f"{', '.join(sorted(strangers))}: choose among {', '.join(SAMPLE)}")
    return arguments


def work_on(file: str) -> list[Mutant]:
    """Try all changes of a file."""
    stage = STAGES / file
    copy = lay_out(stage)
    tests = " ".join(f"tests/unit/_jit/{test}" for test in SAMPLE[file])
    (stage / "settings.toml").write_text(
        SETTINGS.format(module=f"{CORE}/{file}.py", python=sys.executable, tests=tests)
    )
    settings, session = str(stage / "settings.toml"), str(stage / "session.sqlite")
    # First the tests on the code as it is: it must pass, and leaves all other files compiled.
    run(copy, sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *tests.split())
    for compiled in (copy / CORE / "__pycache__").glob(f"{file}.*.pyc"):
        compiled.unlink()
    run(copy, tool("cosmic-ray"), "init", settings, session)
    run(copy, tool("cr-filter-operators"), session, settings)
    run(copy, tool("cosmic-ray"), "exec", settings, session)
    found = list(read(file, run(copy, tool("cosmic-ray"), "dump", session)))
    print(f"mutants: {file}: {len(found)} tried", flush=True)
    return found


def lay_out(stage: Path) -> Path:
    """Copy what the tests need to where Python finds it as the collection."""
    shutil.rmtree(stage, ignore_errors=True)
    copy = stage / "ansible_collections" / "jitfleet" / "azure"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("plugins", "tests", "extensions"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def tool(name: str) -> str:
    return str(COSMIC_RAY.folder / "bin" / name)


def run(copy: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy.parents[2])}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nmutants: {command[0]} failed with {done.returncode}")
    return done.stdout


def read(file: str, dump: str) -> Iterator[Mutant]:
    """Read what was tried: a line for each change, with what came of it."""
    for line in dump.splitlines():
        _item, result = json.loads(line)
        if result and result["worker_outcome"] == "normal":
            changed = [text[1:] for text in result["diff"].splitlines() if text[:1] == "+" and text[:3] != "+++"]
            text = " ".join(" ".join(changed).split())
            if not text.startswith("@"):
                yield Mutant(file, text, result["test_outcome"])


def equivalents(files: list[str]) -> dict[tuple[str, str], str]:
    """Read which changes make no difference, and why."""
    document = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text())
    return {
        (file, line): entry["why"]
        for file, entries in document.items()
        if file in files
        for entry in entries
        for line in entry["lines"]
    }


if __name__ == "__main__":
    main()
