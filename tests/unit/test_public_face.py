# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the forge and Galaxy show: pictures, the workflow, and tests that documents name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = "https://raw.githubusercontent.com/jitfleet/jitfleet.azure/main/"
LARGEST_BYTES = 200_000
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = [
    *re.findall(r"^\[[\w-]+\]: (\S+)$", README, re.MULTILINE),
    *re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", README),
]
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)


def test_the_forges_workflow_runs_the_parts_of_make_test() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    parts = " ".join(re.findall(r"^(?:QUICK|ALONE|BESIDE) := (.+)", makefile, re.MULTILINE)).split()
    assert workflow["jobs"]["part"]["strategy"]["matrix"]["part"] == parts
    assert workflow["permissions"] == {"contents": "read"}


def test_the_readme_has_pictures() -> None:
    assert len(PICTURES) == 2


@pytest.mark.parametrize(("words", "url"), PICTURES)
def test_a_picture_is_there_is_small_and_has_words(words: str, url: str) -> None:
    assert url.startswith(OURS), "Galaxy shows no pictures by relative links"
    path = ROOT / url.removeprefix(OURS)
    assert path.stat().st_size < LARGEST_BYTES
    assert len(words.split()) > 5


@pytest.mark.parametrize("url", LINKS)
def test_a_link_of_the_readme_works_on_galaxy_too(url: str) -> None:
    assert url.startswith("https://"), "Galaxy makes nothing of relative links"
    if page := re.fullmatch(r"https://github.com/jitfleet/jitfleet.azure/(?:blob|tree)/main/(.+)", url):
        assert (ROOT / page[1]).exists()


def test_the_terminals_picture_tells_what_the_demo_tells() -> None:
    svg = (ROOT / "docs" / "pictures" / "terminal.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    demo = (ROOT / "playbooks" / "demo.yml").read_text(encoding="utf-8")
    names = re.findall(r"(?:PLAY|TASK) \[([^\]&]+)\]", svg)
    assert len(names) > 4
    assert [name for name in names if f"name: {name}" not in demo] == []


def test_security_names_tests_that_there_are() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:unit|integration|e2e|contract)/[\w/]+\.py)`", text)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


def test_pre_commit_runs_the_tools_that_make_runs() -> None:
    """Its hooks take the tools of the environment, so their versions can't differ from those that make uses."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    assert [hook["entry"].split()[:2] for hook in hooks] == [
        [".venv/bin/ruff", "format"],
        [".venv/bin/ruff", "check"],
        ["make", "types"],
    ]
