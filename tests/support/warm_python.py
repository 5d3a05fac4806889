# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python for modules that has Azure's SDK imported, and knows the code of what Ansible packs with them.

Half of a module's time goes there: Python compiles what it imports from an archive twice, and keeps nothing. What
the archive lacks is missing here as well: code is only taken from memory by the source that was found there.
"""

from __future__ import annotations

import gc
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types
import zipimport
from pathlib import Path

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
# Ansible as it is, but for the interpreter of modules.
COMMAND = """\
#!{python}
import runpy, sys
sys.executable = {executable!r}
runpy.run_path({command!r}, run_name="__main__")
"""
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
from forks import ask
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
            program = COMMAND.format(python=sys.executable, executable=str(self.executable), command=real)
            _write_program(self.commands / name, program)


class KnownCode(zipimport.zipimporter):
    """Imports from archives, and compiles only what it doesn't know."""

    codes: dict[bytes, types.CodeType] = {}  # noqa: RUF012

    def get_filename(self, fullname: str) -> str:
        end = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{end}"

    def get_code(self, fullname: str) -> types.CodeType:
        name = self.get_filename(fullname)
        source = self.get_data(name)
        return self.codes.get(source) or compile(source, name, "exec", dont_inherit=True)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o700)


def _know(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        loader = importlib.machinery.SourceFileLoader(path.stem, str(path))
        if code := loader.get_code(path.stem):
            KnownCode.codes[path.read_bytes()] = code


def _program(folder: str) -> tuple[types.CodeType, types.ModuleType]:
    """Wait for a program, a file or what comes by standard input, and give it in the process that runs it."""
    for name in PRELOADED:
        importlib.import_module(name)
    ansible = importlib.util.find_spec("ansible")
    assert ansible is not None
    assert ansible.origin is not None
    _know(Path(ansible.origin).parent / "module_utils")
    _know(ROOT / "plugins")
    sys.path_hooks.insert(0, KnownCode)
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


if __name__ == "__main__":
    program, place = _program(sys.argv[1])
    exec(program, place.__dict__)
