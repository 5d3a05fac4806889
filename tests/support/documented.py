# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc knows of the collection, and whether what somebody writes agrees with it.

Sanity's validate-modules holds that modules take what their documentation says.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from code_blocks import ROOT

from playbooks import BIN

OURS = "jitfleet.azure."
INVENTORY = f"{OURS}jit_vms"
Json = dict[str, Any]


@functools.cache
def documentation() -> Json:
    command = [str(BIN / "ansible-doc"), "--metadata-dump", OURS.rstrip(".")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Json = json.loads(done.stdout)["all"]
    return found


def plays(document: Any) -> list[Json] | None:
    """Give the plays of a document, tasks or a play's keyword put into one; nothing where it isn't Ansible's."""
    around = {"hosts": "vdi", "gather_facts": False}
    if isinstance(document, Mapping) and "module_defaults" in document:
        return [{**around, **document}]
    if not isinstance(document, list):
        return None
    whole = all("hosts" in item or "import_playbook" in item for item in document)
    return document if whole else [{**around, "tasks": document}]


def tasks(play: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for section in ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always"):
        for task in play.get(section, ()):
            yield task
            yield from tasks(task)


def check_play(play: Mapping[str, Any]) -> None:
    """Check the options of modules, and the variables of roles and of imported playbooks."""
    for name, options in play.get("module_defaults", {}).items():
        check_options(_module_or_group(name), options, partly=True)
    for role in play.get("roles", ()):
        _check_role(role)
    for task in tasks(play):
        for name, options in task.items():
            if name.startswith(OURS):
                check_options(documentation()["module"][name]["doc"]["options"], options)
            elif name in ("ansible.builtin.import_role", "ansible.builtin.include_role"):
                _check_role({"role": options["name"], "vars": task.get("vars", {})}, options.get("tasks_from"))
    if name := play.get("import_playbook"):
        assert ours(play.get("vars", {})) <= playbook_variables(name)


def _module_or_group(name: str) -> Json:
    modules = documentation()["module"]
    if name in modules:
        options: Json = modules[name]["doc"]["options"]
        return options
    assert name == f"group/{OURS}azure_jit"
    return {key: option for module in modules.values() for key, option in module["doc"]["options"].items()}


def _check_role(role: Mapping[str, Any] | str, entry: str | None = None) -> None:
    if isinstance(role, str) or not role["role"].startswith(OURS):
        return
    given = {**role, **role.get("vars", {})}
    points = documentation()["role"][role["role"]]["entry_points"]
    check_options(points[entry or "main"]["options"], {name: given[name] for name in ours(given)})


def check_options(described: Mapping[str, Json], given: Mapping[str, Any] | None, *, partly: bool = False) -> None:
    """Check names, types and choices. What a template gives is known only when it is used."""
    given = given or {}
    spec = {name: _argument(one, required=not partly) for name, one in described.items()}
    for name, value in given.items():
        if isinstance(value, str) and "{{" in value and name in spec:
            spec[name] = {"type": "raw"}
    assert ArgumentSpecValidator(spec).validate(dict(given)).error_messages == []


def _argument(option: Mapping[str, Any], *, required: bool) -> Json:
    spec = {key: option[key] for key in ("type", "elements", "choices", "aliases") if key in option}
    if isinstance(spec.get("choices"), Mapping):
        spec["choices"] = list(spec["choices"])
    return {**spec, "required": required and option.get("required", False)}


def ours(variables: Mapping[str, Any]) -> set[str]:
    return {name for name in variables if name.startswith("jit_")}


@functools.cache
def playbook_variables(name: str) -> frozenset[str]:
    """Give the variables that a playbook of the collection, or a role that it runs, speaks of."""
    file = ROOT / "playbooks" / f"{name.removeprefix(OURS)}.yml"
    if not file.exists():
        return frozenset()
    text = file.read_text()
    of_roles = {
        option
        for role, described in documentation()["role"].items()
        if role in text
        for point in described["entry_points"].values()
        for option in point["options"]
    }
    return frozenset({*re.findall(r"\bjit_\w+", text), *of_roles})
