# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release in this checkout: version, changelog, artifact, commit and tag. Nothing leaves the machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml
from publishing import CACHE, Tools, provide_tools

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def main() -> None:
    version = sys.argv[1] if len(sys.argv) > 1 else ""
    if problems := problems_of(ROOT, version):
        sys.exit("\n".join(f"release: {problem}" for problem in problems))
    tools = provide_tools()
    try:
        artifact = prepare(tools, version)
    except SystemExit:
        git(ROOT, "checkout", "--quiet", "--", ".")
        git(ROOT, "clean", "--quiet", "--force", "changelogs", "CHANGELOG.rst")
        raise
    git(ROOT, "add", "--all", "galaxy.yml", "CHANGELOG.rst", "changelogs")
    git(ROOT, "commit", "--quiet", "--message", f"Release {version}")
    git(ROOT, "tag", "--annotate", version, "--message", f"jitfleet.azure {version}")
    print(f"release: committed and tagged {version}. To publish it:")
    print(f"  git push origin main {version}")
    print(f"  ansible-galaxy collection publish {artifact.relative_to(ROOT)}")


def problems_of(root: Path, version: str) -> list[str]:
    """Say all that stands against a release of this version from this checkout."""
    found = []
    given = VERSION.fullmatch(version)
    released = [known for tag in git(root, "tag").split() if (known := VERSION.fullmatch(tag))]
    if given is None:
        found.append(f"VERSION={version} is no version: give three numbers, such as VERSION=1.2.0")
    elif older := [known[0] for known in released if numbers(known) >= numbers(given)]:
        found.append(f"{version} is not after {max(older, key=lambda text: numbers(text))}, which is released")
    if changed := git(root, "status", "--porcelain"):
        found.append(f"the checkout has changes, commit them or put them aside:\n{changed.rstrip()}")
    if (branch := git(root, "branch", "--show-current").strip()) != "main":
        found.append(f"releases are made from main, this is {branch or 'no branch'}")
    if not list((root / "changelogs" / "fragments").glob("*.yml")):
        found.append("there is no fragment in changelogs/fragments: say there what users will notice")
    return found


def numbers(version: re.Match[str] | str) -> tuple[int, ...]:
    return tuple(map(int, (version if isinstance(version, str) else version[0]).split(".")))


def prepare(tools: Tools, version: str) -> Path:
    """Write the version and the changelog, and build what is to be published."""
    path = ROOT / "galaxy.yml"
    path.write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", path.read_text(encoding="utf-8")))
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["version"] == version
    tools.run("antsibull-changelog", "release", cwd=ROOT)
    folder = CACHE / "release"
    tools.run("ansible-galaxy", "collection", "build", "--force", "--output-path", folder, cwd=ROOT)
    return folder / f"jitfleet-azure-{version}.tar.gz"


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"release: git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
