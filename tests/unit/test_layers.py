# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point down: each layer knows those below it and nothing else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
SIMULATOR = ROOT / "extensions" / "azure_simulator"
EVENT_DRIVEN = ROOT / "extensions" / "eda" / "plugins"
COLLECTION = "ansible_collections.jitfleet.azure."

PURE = "module_utils._jit"
AZURE = "module_utils._azure"
OPERATIONS = "module_utils._operations"
GLUE = "module_utils glue"
CONTROLLER = "plugin_utils"

# Modules of the standard library that know the time, the machine or the network.
IMPURE = {"asyncio", "http", "io", "os", "pathlib", "platform", "random", "secrets", "select", "shutil", "signal"}
IMPURE |= {"socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"}


@dataclass(frozen=True)
class Layer:
    """What the files of a layer may import beside the standard library."""

    below: frozenset[str]
    third_party: frozenset[str] = frozenset()


MODULE_UTILS = frozenset({PURE, AZURE, OPERATIONS, GLUE})
DOOR = Layer(frozenset({CONTROLLER, PURE}), frozenset({"ansible"}))
LAYERS = {
    PURE: Layer(frozenset({PURE})),
    AZURE: Layer(frozenset({PURE, AZURE})),
    OPERATIONS: Layer(frozenset({PURE, OPERATIONS})),
    GLUE: Layer(MODULE_UTILS, frozenset({"ansible.module_utils", "jmespath"})),
    CONTROLLER: Layer(MODULE_UTILS | {CONTROLLER}, frozenset({"ansible"})),
    # Doors: no connection of their own, that is the glue's.
    "modules": Layer(frozenset({GLUE, OPERATIONS, PURE}), frozenset({"ansible.module_utils"})),
    "action": DOOR,
    "inventory": DOOR,
    "lookup": DOOR,
    "doc_fragments": Layer(frozenset()),
}
SDK = Path("module_utils/_azure/sdk.py")
SDK_PACKAGES = frozenset({"azure", "requests"})


def layer_of(path: Path) -> str:
    """Name the layer of a file by its path below plugins."""
    if path.parts[0] != "module_utils":
        return path.parts[0]
    return f"module_utils.{path.parts[1]}" if len(path.parts) > 2 else GLUE


def imports(path: Path, source: str) -> Iterator[str]:
    """Give what a file imports: other files of plugins as `plugins/...`, all else by its dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (_own_path(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = ("plugins", *path.parent.parts)[: len(path.parent.parts) + 2 - node.level]
                base = "/".join((*package, *base.split("."))).rstrip("/")
            yield from (_own_path(base) + _tail(base, alias.name) for alias in node.names)


def _own_path(name: str) -> str:
    if name.startswith(COLLECTION + "plugins"):
        return name.removeprefix(COLLECTION).replace(".", "/")
    return name


def _tail(base: str, name: str) -> str:
    """Add the imported name where it is a file of the package named."""
    path = _own_path(base)
    is_package = path.startswith("plugins") and not (ROOT / f"{path}.py").exists()
    return f"/{name}" if is_package else ""


def violations(path: Path, source: str) -> list[str]:
    """Find the imports of a file that its layer doesn't allow."""
    layer = LAYERS[layer_of(path)]
    allowed = layer.third_party | (SDK_PACKAGES if path == SDK else frozenset())
    wrong = []
    for name in imports(path, source):
        if name.startswith("plugins/"):
            fine = layer_of(Path(name.removeprefix("plugins/") + ".py")) in layer.below
        else:
            top = name.split(".")[0]
            fine = top in sys.stdlib_module_names or any(f"{name}.".startswith(f"{known}.") for known in allowed)
        if not fine:
            wrong.append(name)
    return wrong


def clock_uses(source: str) -> list[str]:
    """Find where a file looks at the real time or waits for it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name == "time"]
        elif isinstance(node, ast.ImportFrom) and node.module == "time" and not node.level:
            found.append("time")
        elif isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "fromtimestamp"):
            owner = ast.unparse(node.value)
            found += [f"{owner}.{node.attr}"] if owner.split(".")[-1] in ("datetime", "date") else []
    return found


def outside_uses(source: str) -> list[str]:
    """Find where a file touches the world outside its arguments."""
    found = clock_uses(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in IMPURE]
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in IMPURE:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in ("open", "print", "input", "__import__", "eval") else []
    return found


def files(folder: Path, base: Path) -> list[Path]:
    return sorted(path.relative_to(base) for path in folder.rglob("*.py"))


ALL = files(PLUGINS, PLUGINS)
PURE_FILES = [path for path in ALL if layer_of(path) == PURE]
BELOW_THE_RUNNER = [path for path in ALL if layer_of(path) in (PURE, AZURE, OPERATIONS)]


@pytest.mark.parametrize("path", ALL, ids=str)
def test_a_file_imports_only_what_lies_below_it(path: Path) -> None:
    assert violations(path, (PLUGINS / path).read_text()) == []


@pytest.mark.parametrize("path", PURE_FILES, ids=str)
def test_the_core_has_no_clock_and_no_input_or_output(path: Path) -> None:
    assert outside_uses((PLUGINS / path).read_text()) == []


@pytest.mark.parametrize("path", BELOW_THE_RUNNER, ids=str)
def test_time_is_handed_down_by_the_runner(path: Path) -> None:
    assert clock_uses((PLUGINS / path).read_text()) == []


@pytest.mark.parametrize("path", files(SIMULATOR, ROOT), ids=str)
def test_the_simulator_shares_nothing_with_the_plugins(path: Path) -> None:
    # A codec that both had would be wrong on both sides at once.
    imported = {name.split(".")[0] for name in imports(path, (ROOT / path).read_text())}
    assert not imported & {"ansible", "ansible_collections", "plugins", "jitfleet"}


@pytest.mark.parametrize("path", files(EVENT_DRIVEN, ROOT), ids=str)
def test_plugins_for_event_driven_automation_are_doors(path: Path) -> None:
    # ansible-rulebook runs each file by its path, so they name what they import from the collection's root on.
    foreign = {name for name in imports(path, (ROOT / path).read_text()) if name not in sys.stdlib_module_names}

    assert {name for name in foreign if not name.startswith("plugins/module_utils/_event_source")} <= {
        "__future__",
        "ansible_collections",
        "ansible_collections.jitfleet.azure",
        "collections.abc",
    }


def test_every_layer_is_looked_at() -> None:
    assert {PURE, AZURE, OPERATIONS, GLUE, CONTROLLER, "modules", "action"} <= {layer_of(path) for path in ALL}
    assert files(SIMULATOR, ROOT)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("module_utils/_jit/x.py", "import requests"),
        ("module_utils/_jit/x.py", "from .._operations import seams"),
        ("module_utils/_jit/x.py", "from .._azure.arm import Arm"),
        ("module_utils/_jit/x.py", "from .. import _options"),
        ("module_utils/_azure/x.py", "from azure.core import exceptions"),
        ("module_utils/_azure/sdk.py", "import jmespath"),
        ("module_utils/_azure/x.py", "from .._operations.seams import Clock"),
        ("module_utils/_operations/x.py", "from .._azure import arm"),
        ("module_utils/_operations/x.py", "from .._runner import run"),
        ("module_utils/_operations/x.py", "import ansible"),
        (
            "module_utils/_operations/x.py",
            "from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Arm",
        ),
        ("module_utils/_x.py", "from ..plugin_utils._action import BatchAction"),
        ("module_utils/_x.py", "from ansible.plugins.action import ActionBase"),
        ("modules/x.py", "from ..module_utils._azure.arm import Arm"),
        ("modules/x.py", "from ..plugin_utils import _action"),
        ("action/x.py", "from ..module_utils._runner import run"),
        ("inventory/x.py", "import azure_simulator"),
        ("plugin_utils/x.py", "from azure_simulator.world import World"),
        ("module_utils/_jit/x.py", "def later():\n    from .._azure import sdk"),
    ],
)
def test_an_import_that_points_up_or_sideways_is_found(path: str, line: str) -> None:
    assert len(violations(Path(path), line)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("module_utils/_jit/x.py", "from .ids import VmId"),
        ("module_utils/_azure/x.py", "from . import sdk"),
        ("module_utils/_azure/sdk.py", "from azure.core import exceptions"),
        ("module_utils/_operations/x.py", "from .._jit import ids"),
        ("module_utils/_x.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("modules/x.py", "from ..module_utils._runner import run"),
        ("plugin_utils/x.py", "from ..module_utils._azure.session import connect"),
    ],
)
def test_an_import_that_points_down_is_allowed(path: str, line: str) -> None:
    assert violations(Path(path), line) == []


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\ndate.today()",
        "import time\ntime.sleep(1)",
        "from time import sleep",
    ],
)
def test_a_look_at_the_clock_is_found(line: str) -> None:
    assert clock_uses(line)


@pytest.mark.parametrize(
    "line", ["import os", "from os import environ", "import socket", "open('x')", "from pathlib import Path"]
)
def test_a_look_outside_is_found(line: str) -> None:
    assert outside_uses(line)


def test_a_clock_that_is_handed_down_may_be_asked() -> None:
    assert clock_uses("clock.now()\nclock.sleep(1)\nself._clock.now()") == []
