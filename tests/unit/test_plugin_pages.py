# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of modules and plugins: examples that are right, and samples of all that is returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible.playbook.task import Task
from code_blocks import ROOT
from documented import INVENTORY, check_options, check_play, documentation, plays, tasks

MODULES = sorted(f"jitfleet.azure.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py"))
KEYWORDS = frozenset(Task.fattributes)


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_examples_are_tasks_that_it_takes(name: str) -> None:
    found = [
        play
        for example in yaml.safe_load_all(documentation()["module"][name]["examples"])
        for play in plays(example) or ()
    ]
    used = [key for play in found for task in tasks(play) for key in task if key not in KEYWORDS]

    assert name in used
    assert [key for key in used if key.count(".") < 2] == [], "modules have their full names"
    for play in found:
        check_play(play)


def test_the_inventorys_examples_are_files_that_it_takes() -> None:
    page = documentation()["inventory"][INVENTORY]
    examples = list(yaml.safe_load_all(page["examples"]))
    for example in examples:
        check_options(page["doc"]["options"], example, partly=True)
        assert example["plugin"] == INVENTORY


@pytest.mark.parametrize("name", MODULES)
def test_a_page_has_a_sample_of_everything_that_is_returned(name: str) -> None:
    assert list(without_sample(documentation()["module"][name]["return"])) == []


def without_sample(returned: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in returned.items():
        if "sample" in value:
            continue
        if "contains" in value:
            yield from without_sample(value["contains"], f"{before}{name}.")
        else:
            yield f"{before}{name}"
