# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task can say, the playbooks and the role around it can say too, and tell how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "jit_access"
OPENING = (
    "sources",
    "allow_any_source",
    "my_ip_url",
    "duration",
    "clamp_duration",
    "minimum_remaining",
    "justification",
    "require_justification",
    "justification_pattern",
    "enable_missing",
    "start_vms",
    "wait_for",
    "wait_timeout",
)
CLOSING = ("sources", "my_ip_url", "justification", "only_mine", "all_grants", "close_method")
MODULE = "jitfleet.azure.jit_request"


def requests(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task[MODULE] for task in tasks if MODULE in task]


def comment(text: str) -> str:
    """Give what stands above a playbook's first play."""
    return text.partition("\n- name:")[0]


def given(expression: str, **variables: Any) -> str:
    """Give what a task passes to the module; OMIT for nothing."""
    return Environment(autoescape=False).from_string(expression).render(omit="OMIT", **variables)


@pytest.mark.parametrize(
    ("playbook", "options"),
    [("open_rdp.yml", OPENING), ("open_ssh.yml", OPENING), ("close_access.yml", CLOSING)],
)
def test_a_playbook_passes_its_variables_on_and_tells_of_them(playbook: str, options: tuple[str, ...]) -> None:
    text = (ROOT / "playbooks" / playbook).read_text()
    asked = requests(yaml.safe_load(text)[0]["tasks"])
    assert len(asked) == 1
    for option in options:
        assert given(asked[0][option]) == "OMIT"
        assert given(asked[0][option], **{f"jit_{option}": "said"}) == "said"
        assert f"jit_{option} " in comment(text), option


@pytest.mark.parametrize("option", ["ports", "sources"])
def test_a_list_that_came_out_empty_never_means_to_close_everything(option: str) -> None:
    variable = "jit_wanted_ports" if option == "ports" else f"jit_{option}"
    (asked,) = requests(yaml.safe_load((ROOT / "playbooks" / "close_access.yml").read_text())[0]["tasks"])
    assert given(asked[option], **{variable: []}) == "[]", "the module refuses it"
    assert given(asked[option], **{variable: ""}) == "OMIT", "a question of a survey that nobody answered"


def test_the_role_passes_its_variables_on_and_describes_them() -> None:
    (asked,) = requests(yaml.safe_load((ROLE / "tasks" / "ask.yml").read_text()))
    described = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    for option in OPENING:
        assert given(asked[option], **{f"jit_access_{option}": "said"}) == "said"
        assert all(
            described[entry]["options"][f"jit_access_{option}"] for entry in ("open", "open_or_fail", "main")
        )


def test_maintenance_passes_its_variables_on_to_the_role_and_tells_of_them() -> None:
    text = (ROOT / "playbooks" / "maintenance.yml").read_text()
    passed = yaml.safe_load(text)[0]["vars"]
    for option in OPENING:
        assert given(passed[f"jit_access_{option}"], **{f"jit_{option}": "said"}) == "said"
        assert f"jit_{option} " in comment(text).replace(",", " "), option


def test_the_roles_variables_are_of_the_modules_types() -> None:
    module = (ROOT / "plugins" / "modules" / "jit_request.py").read_text()
    options = yaml.safe_load(module.split('DOCUMENTATION = r"""')[1].split('"""')[0])["options"]
    described = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["open"][
        "options"
    ]
    types = {name: options[name]["type"] for name in OPENING if name in options}
    assert {name: described[f"jit_access_{name}"]["type"] for name in types} == types
