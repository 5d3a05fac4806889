# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what Galaxy and Automation Hub would check, on what they would get; build the documentation's site.

Everything works on the artifact, installed into an empty path. `--docs` builds the site only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from environments import ROOT, install
from interpreters import find_interpreter

CACHE = ROOT / ".cache" / "publishing"
REQUIREMENTS = Path(__file__).with_name("publishing-requirements.txt")
PYTHONS = ("3.13", "3.12", "3.11")
SITE = ROOT / ".cache" / "site"
# Pages of Ansible and of other collections, which a build with a network finds and one without can't.
FOREIGN = re.compile(
    r"undefined label: '(?!ansible_collections\.jitfleet\.)"
    r"|'envvar' reference target not found: (?!JIT_|AZURE_)"
    r"|failed to reach any of the inventories"
)


@dataclass(frozen=True, slots=True)
class Published:
    """The artifact, and where it is installed."""

    artifact: Path
    collections: Path

    @property
    def folder(self) -> Path:
        return self.collections / "ansible_collections" / "jitfleet" / "azure"


@dataclass(frozen=True, slots=True)
class Tools:
    """The environment that holds the checking tools."""

    folder: Path

    def run(self, *command: str | Path, cwd: Path, published: Published | None = None) -> str:
        """Run one of the tools and return what it printed, or leave with that."""
        name, *arguments = command
        done = subprocess.run(
            [str(self.folder / "bin" / name), *map(str, arguments)],
            cwd=cwd,
            env=self._environment(published),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{done.stdout}\npublishing: {name} failed with {done.returncode}")
        return done.stdout

    def _environment(self, published: Published | None) -> dict[str, str]:
        """Let the tools find each other, and the collection only where it was installed."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        collections = str(published.collections) if published else ""
        return {
            **kept,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(self.folder),  # without it, galaxy-importer skips what it can't find
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_NOCOLOR": "1",
            "NO_COLOR": "1",
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--docs", action="store_true", help="build the documentation's site, and check nothing else"
    )
    arguments = parser.parse_args()
    tools = provide_tools()
    published = publish(tools)
    if not arguments.docs:
        check(tools, published)
    build_site(tools, published)


def provide_tools() -> Tools:
    """Install the tools unless they are there."""
    python = next(found for version in PYTHONS if (found := find_interpreter(version)))
    folder = CACHE / "tools"
    stamp = folder / "stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + python.encode() + str(folder).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        say("installing the tools")
        subprocess.run([python, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
        install(folder, "--requirement", str(REQUIREMENTS))
        stamp.write_text(wanted)
    return Tools(folder)


def publish(tools: Tools) -> Published:
    """Build the artifact and install it into an empty path."""
    built, collections = CACHE / "built", CACHE / "collections"
    for folder in (built, collections):
        shutil.rmtree(folder, ignore_errors=True)
    tools.run("ansible-galaxy", "collection", "build", "--output-path", built, cwd=ROOT)
    (artifact,) = built.glob("*.tar.gz")
    tools.run(
        *("ansible-galaxy", "collection", "install", "--offline", "--collections-path"),
        *(collections, artifact),
        cwd=CACHE,
    )
    return Published(artifact, collections)


def check(tools: Tools, published: Published) -> None:
    say("antsibull-changelog lint")
    tools.run("antsibull-changelog", "lint", cwd=ROOT)
    say("antsibull-docs lint-collection-docs")
    tools.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", published.folder, cwd=CACHE)
    say("ansible-lint, profile production")
    tools.run(
        *("ansible-lint", "--offline", "--strict", "--profile", "production"),
        cwd=published.folder,
        published=published,
    )
    say("galaxy-importer")
    told = tools.run("python", "-m", "galaxy_importer.main", published.artifact, cwd=CACHE)
    if findings := re.findall(r"^.*\b(?:WARNING|ERROR|not found|skipping)\b.*$", told, re.MULTILINE):
        sys.exit("\n".join([*findings, "publishing: galaxy-importer has something to say"]))


def build_site(tools: Tools, published: Published) -> None:
    """Build the HTML pages; a warning of ours is an error."""
    say("antsibull-docs and Sphinx")
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir(parents=True, mode=0o755)
    named = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir")
    tools.run(
        *("antsibull-docs", "sphinx-init", *named),
        *(SITE, "jitfleet.azure"),
        cwd=CACHE,
        published=published,
    )
    (SITE / "rst").chmod(0o755)
    tools.run(
        *("antsibull-docs", "--config-file", SITE / "antsibull-docs.cfg", "collection"),
        *("--cleanup", "everything", *named, SITE / "rst", "jitfleet.azure"),
        cwd=CACHE,
        published=published,
    )
    warnings = SITE / "warnings.txt"
    tools.run(
        *("sphinx-build", "--builder", "html", "--conf-dir", SITE, "--warning-file", warnings, "--quiet"),
        *("--jobs", "auto", SITE / "rst", SITE / "html"),
        cwd=SITE,
        published=published,
    )
    if ours := [
        line for line in warnings.read_text().splitlines() if "WARNING" in line and not FOREIGN.search(line)
    ]:
        sys.exit("\n".join([*ours, "publishing: the documentation has warnings"]))
    say(f"the site is in {SITE.relative_to(ROOT)}/html")


def say(text: str) -> None:
    print(f"publishing: {text}", flush=True)


if __name__ == "__main__":
    main()
