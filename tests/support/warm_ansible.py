# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible's commands by processes that have imported it before, and modules by one that has their libraries.

That saves two thirds of a run's time. Settings that Ansible reads while it is imported are the same in all forks:
each set of them has a process of its own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from forks import ForkServer, serve
from warm_python import PACKED_MODULES, WarmPython

ROOT = Path(__file__).resolve().parents[2]
# By the names of the commands: the modules and classes that run them.
COMMANDS = {
    "ansible": ("ansible.cli.adhoc", "AdHocCLI"),
    "ansible-inventory": ("ansible.cli.inventory", "InventoryCLI"),
    "ansible-playbook": ("ansible.cli.playbook", "PlaybookCLI"),
}
PRELOADED = (
    *(module for module, _name in COMMANDS.values()),
    "ansible.executor.module_common",
    "ansible.executor.task_executor",
    "azure.identity",
    "azure.mgmt.core",
    "jmespath",
    "requests",
)
# By their loaders. Ansible reads the documentation of each, which is as dear as the rest of a small run.
PLUGINS = {
    "action": ("add_host", "assert", "copy", "debug", "fail", "include_vars", "normal", "set_fact", "template"),
    "inventory": ("advanced_host_list", "auto", "host_list", "ini", "script", "toml", "yaml"),
    "lookup": ("env", "items", "vars"),
    "strategy": ("free", "host_pinned", "linear"),
}
# Of these, each run loads all that there are.
ALL_OF = ("become", "callback", "connection", "shell")
OURS = ("action", "inventory")
# How often these processes look for ended tasks: by default, a thousand times a second.
CONFIGURATION = "[defaults]\ninternal_poll_interval = 0.01\n"
KEPT = 5


def run_ansible(
    command: Sequence[str | Path], env: Mapping[str, str], folder: Path | None = None, *, merged: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `ansible`, `ansible-inventory` or `ansible-playbook` of this environment and read what it printed."""
    words = [str(word) for word in command]
    wish = {"argv": words, "env": dict(env), "cwd": str(folder or Path.cwd()), "python": _python()}
    with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = [nothing.fileno(), out.fileno(), (out if merged else err).fileno()]
        code = _server_for(env).run(wish, streams)
        printed = [(stream.seek(0), stream.read().decode())[1] for stream in (out, err)]
    return subprocess.CompletedProcess(words, code, *printed)


def _settings(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the variables that Ansible and Python read once.

    HOME isn't one of them: what Ansible reads there while it is imported is nobody's, an empty folder.
    """
    names = ("LANG", "COLUMNS", "TMPDIR", "NO_COLOR")
    prefixes = ("ANSIBLE_", "LC_", "PYTHON")
    return tuple(
        sorted(
            (key, value)
            for key, value in env.items()
            if (key in names or key.startswith(prefixes)) and not key.startswith("ANSIBLE_AZURE_")
        )
    )


_servers: OrderedDict[tuple[tuple[str, str], ...], ForkServer] = OrderedDict()


def _server_for(env: Mapping[str, str]) -> ForkServer:
    settings = _settings(env)
    if settings not in _servers:
        _servers[settings] = ForkServer(
            __file__, {**env, PACKED_MODULES: os.environ[PACKED_MODULES]}, at_home=False
        )
    _servers.move_to_end(settings)
    while len(_servers) > KEPT:
        _servers.popitem(last=False)[1].close()
    return _servers[settings]


def command_folder() -> Path:
    """Give the folder of Ansible's commands, for what starts them by itself: only their modules are quick."""
    warm = _warm_python()
    return warm.commands if warm else Path(sys.executable).parent


def _python() -> str:
    warm = _warm_python()
    return str(warm.executable) if warm else sys.executable


@cache
def _warm_python() -> WarmPython | None:
    """Start the interpreter for modules; none where coverage is measured, which couldn't follow it."""
    if "coverage" in sys.modules:
        return None
    warm = WarmPython()
    atexit.register(warm.close)
    return warm


@atexit.register
def _close_all() -> None:
    while _servers:
        _servers.popitem()[1].close()


def _preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    loader = sys.modules["ansible.plugins.loader"]
    loader.init_plugin_loader()
    # Each fork does that again, and would be told that it is done.
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already been configured")
    for kind, names in PLUGINS.items():
        for name in names:
            getattr(loader, f"{kind}_loader").get(f"ansible.builtin.{name}", class_only=True)
    for kind in ALL_OF:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    for kind in OURS:
        for path in (ROOT / "plugins" / kind).glob("[a-z]*.py"):
            getattr(loader, f"{kind}_loader").get(f"jitfleet.azure.{path.stem}", class_only=True)


def main(folder: str) -> None:
    Path("ansible.cfg").write_text(CONFIGURATION)
    _preload()
    if "ANSIBLE_COLLECTIONS_PATH" not in os.environ:
        local = Path(sys.modules["ansible.constants"].DEFAULT_LOCAL_TMP)
        (local / "ansiballz_cache").symlink_to(os.environ[PACKED_MODULES])
    gc.freeze()
    sys.dont_write_bytecode = False  # what a fork compiles is for the next ones too
    wish = serve(folder)
    sys.executable = wish["python"]
    module, name = COMMANDS[Path(sys.argv[0]).name]
    code = 250
    try:
        getattr(sys.modules[module], name).cli_executor(sys.argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # a longer farewell would remove the temporary folder that all forks have in common


if __name__ == "__main__":
    main(sys.argv[1])
