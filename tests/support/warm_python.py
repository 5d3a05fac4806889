# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python for modules that has imported Azure's SDK before, and what Ansible packs with modules.

Most of a module's time goes there: Python compiles what it imports from an archive twice, and keeps nothing. What
the archive lacks is missing here as well: each import looks there, and takes from memory only what has its source.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types
import zipimport
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from forks import ForkServer, serve

ROOT = Path(__file__).resolve().parents[2]
PRELOADED = (
    "azure.identity",
    "azure.mgmt.compute",
    "azure.mgmt.core",
    "azure.mgmt.security",
    "concurrent.futures.thread",
    "jmespath",
    "requests",
)
# What Ansible packs with every module, beside the collection's own.
PACKED = ("ansible.module_utils._internal._ansiballz._loader", "ansible.module_utils.basic")
# What it imports is found by an object that it makes, so it has to be run where it is imported.
HAS_A_FINDER = "ansible.module_utils.six"
OURS = "ansible_collections.jitfleet.azure.plugins.module_utils"
# Ansible as it is, but for the interpreter of modules, and what it packs with them.
COMMAND = """\
#!{python}
import os, runpy, sys
is_told = "ANSIBLE_COLLECTIONS_PATH" in os.environ
os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", {tree!r})
import ansible.constants
if not is_told:
    os.symlink({packed!r}, os.path.join(ansible.constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
sys.executable = {executable!r}
runpy.run_path({command!r}, run_name="__main__")
"""
# Names the folder in which all Ansibles of a test run keep what they packed, half a second's work for a module.
# Those that are told where collections are may find others there, and keep to themselves what they packed.
PACKED_MODULES = "JITFLEET_PACKED_MODULES"
# Settings of Python that change nothing for a module; any other one needs a Python of its own.
HARMLESS = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED")
# Started where a module needs an interpreter.
CLIENT = """\
#!{python} -IS
import os, sys
argv = sys.argv[1:]
settings = [name for name in os.environ if name.startswith("PYTHON") and name not in {harmless!r}]
if argv and argv[0].startswith("-") or settings:
    os.execv({python!r}, [{python!r}, *argv])
sys.path.append({support!r})
from fork_client import ask
code = ask({folder!r}, {{"argv": argv, "env": dict(os.environ), "cwd": os.getcwd()}}, [0, 1, 2])
os._exit(code if code >= 0 else 128 - code)
"""


class WarmPython(ForkServer):
    """A quick interpreter at `executable`, and in `commands` Ansible that gives it to modules."""

    def __init__(self) -> None:
        super().__init__(__file__, {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")})
        self.executable = self.folder / "python"
        self.commands = self.folder / "commands"
        client = CLIENT.format(
            python=sys.executable,
            harmless=HARMLESS,
            support=str(Path(__file__).parent),
            folder=str(self.folder),
        )
        _write_program(self.executable, client)
        self.commands.mkdir()
        for name in ("ansible", "ansible-inventory", "ansible-playbook"):
            real = str(Path(sys.executable).with_name(name))
            program = COMMAND.format(
                python=sys.executable,
                executable=str(self.executable),
                command=real,
                tree=str(ROOT / ".cache" / "tree"),
                packed=os.environ[PACKED_MODULES],
            )
            _write_program(self.commands / name, program)


class KnownModules(zipimport.zipimporter):
    """Imports from archives; what it knows by name and source is neither compiled nor run again."""

    codes: ClassVar[dict[bytes, types.CodeType]] = {}
    modules: ClassVar[dict[tuple[str, bytes], types.ModuleType]] = {}
    imported_by: ClassVar[defaultdict[str, list[str]]] = defaultdict(list)

    def get_filename(self, fullname: str) -> str:
        end = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{end}"

    def get_code(self, fullname: str) -> types.CodeType:
        name = self.get_filename(fullname)
        source = self.get_data(name)
        return self.codes.get(source) or compile(source, name, "exec", dont_inherit=True)

    def create_module(  # type: ignore[override]  # declared as giving nothing, for that is what zipimporter does
        self, spec: importlib.machinery.ModuleSpec
    ) -> types.ModuleType | None:
        module = self.modules.get((spec.name, self.get_data(self.get_filename(spec.name))))
        if module:
            module.__file__, module.__loader__ = spec.origin, self
            if spec.submodule_search_locations is not None:
                module.__path__ = spec.submodule_search_locations
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        if module in self.modules.values():
            for name in self.imported_by[module.__name__]:
                importlib.import_module(name)
        else:
            super().exec_module(module)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o700)


def _know_codes(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        loader = importlib.machinery.SourceFileLoader(path.stem, str(path))
        if code := loader.get_code(path.stem):
            KnownModules.codes[path.read_bytes()] = code


def _know_modules() -> None:
    """Import what is packed from where it lies, and put it aside."""
    really = builtins.__import__

    def noted(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        module = really(name, globals, locals, fromlist or (), level)
        if globals and globals["__name__"].startswith("ansible"):
            full = importlib.util.resolve_name("." * level + name, globals["__package__"]) if level else name
            names = [full, *(f"{full}.{one}" for one in fromlist or ())]
            found = [one for one in names if one.startswith("ansible") and one in sys.modules]
            KnownModules.imported_by[globals["__name__"]] += found
        return module

    builtins.__import__ = noted
    folder = ROOT / "plugins" / "module_utils"
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        importlib.import_module(".".join((OURS, *(part for part in parts if part != "__init__"))))
    for name in PACKED:
        importlib.import_module(name)
    builtins.__import__ = really
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ansible", "ansible_collections")]:
        module = sys.modules.pop(name)
        source = getattr(module, "__file__", None)
        if source and not name.startswith(HAS_A_FINDER):
            KnownModules.modules[name, Path(source).read_bytes()] = module
    for module in KnownModules.modules.values():
        for name, value in list(vars(module).items()):
            if getattr(value, "__name__", None) == f"{module.__name__}.{name}":
                delattr(module, name)  # set where the part is imported


def _program(folder: str) -> tuple[types.CodeType, types.ModuleType]:
    """Wait for a program, a file or what comes by standard input, and give it in the process that runs it."""
    for name in PRELOADED:
        importlib.import_module(name)
    ansible = importlib.util.find_spec("ansible")
    assert ansible is not None
    assert ansible.origin is not None
    _know_codes(Path(ansible.origin).parent / "module_utils")
    _know_codes(ROOT / "plugins")
    _know_modules()
    sys.path_hooks.insert(0, KnownModules)
    gc.freeze()
    wish = serve(folder)
    name = wish["argv"][0] if wish["argv"] else "<stdin>"
    source = Path(name).read_bytes() if wish["argv"] else sys.stdin.buffer.read()
    sys.argv = wish["argv"] or [""]
    sys.path[0] = str(Path(name).parent) if wish["argv"] else ""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if wish["argv"]:
        main.__file__ = name
    return compile(source, name, "exec", dont_inherit=True), main


def _run(program: types.CodeType, main: types.ModuleType) -> None:
    """Run a program, and end before Python takes apart what forks have in common, for that would copy it."""
    code = 1

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    # The first in this fork, so it comes after all that the program registers; what the server did is left out.
    atexit.register(end)
    try:
        exec(program, main.__dict__)
        code = 0
    except SystemExit as wanted:
        code = wanted.code if isinstance(wanted.code, int) else int(wanted.code is not None)
        raise


if __name__ == "__main__":
    program, place = _program(sys.argv[1])
    _run(program, place)
