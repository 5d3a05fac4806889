# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a release."""

from __future__ import annotations

from pathlib import Path

import pytest
from release import git, problems_of


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of main with a fragment, from which 1.9.0 and 1.10.0 were released."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
    fragments = tmp_path / "changelogs" / "fragments"
    fragments.mkdir(parents=True)
    (fragments / "new.yml").write_text("minor_changes: [something new]\n")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    for version in ("1.9.0", "1.10.0"):
        git(tmp_path, "tag", version)
    return tmp_path


@pytest.mark.parametrize("version", ["1.10.1", "1.11.0", "2.0.0"])
def test_a_later_version_of_a_clean_main_may_be_released(version: str, checkout: Path) -> None:
    assert problems_of(checkout, version) == []


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("", "is no version"),
        ("1.11", "is no version"),
        ("v1.11.0", "is no version"),
        ("1.011.0", "is no version"),
        ("1.10.0", "1.10.0 is not after 1.10.0"),
        ("1.9.5", "1.9.5 is not after 1.10.0"),
    ],
)
def test_what_is_no_later_version_is_named(version: str, words: str, checkout: Path) -> None:
    (problem,) = problems_of(checkout, version)
    assert words in problem


def test_all_problems_are_told_at_once(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "side")
    (checkout / "changelogs" / "fragments" / "new.yml").unlink()

    problems = problems_of(checkout, "1.11.0")

    assert len(problems) == 3
    assert "new.yml" in problems[0]
    assert "this is side" in problems[1]
    assert "no fragment" in problems[2]
