# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, install it into an empty path, and run ansible-test sanity on what arrives there.

Takes the newest supported ansible-core, unless told which. Other arguments go to ansible-test, for example
"--test pep8" or the path of a file.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from environments import ROOT, alone, install, pip_settings
from interpreters import find_interpreter, version_of

CACHE = ROOT / ".cache" / "sanity"


@dataclass(frozen=True, slots=True)
class Series:
    """An ansible-core series, and the Pythons that run its ansible-test, the preferred first."""

    core: str
    pythons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one round takes, and where it keeps all that it makes."""

    core: str
    version: str
    interpreter: str

    @property
    def folder(self) -> Path:
        return CACHE / f"core-{self.core}-python-{self.version}"

    @property
    def environment(self) -> Path:
        return self.folder / "venv"

    @property
    def pip(self) -> Path:
        """Where the pip lies that ansible-test's environments share."""
        return self.environment / "shared-pip"

    @property
    def home(self) -> Path:
        """Where ansible-test keeps an environment for each test, so that it touches nothing of the user's."""
        return self.folder / "home"


ALL_SERIES = (
    Series("2.21", ("3.13", "3.12", "3.14")),
    Series("2.20", ("3.13", "3.12", "3.14")),
    Series("2.19", ("3.13", "3.12", "3.11")),
)
# Every test sees every file, except that the simulator and the tests are spared Ansible's own rules for pylint,
# such as that no variable may be called "_". They are plain programs, which ruff and strict types watch over.
ROUNDS = (["--skip-test", "pylint"], ["--test", "pylint", "plugins/"])

# To install pip anew into each environment takes longer than what pip then does there.
GET_PIP = """\
import pathlib, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "pip.pth").write_text({pip!r})
"""


def main() -> None:
    arguments, others = parse_arguments()
    sys.exit(check(choose(arguments.core, arguments.python), others))


def check(choice: Choice, others: list[str]) -> int:
    """Prepare all that ansible-test needs, and run it; return its exit code."""
    print(f"sanity: ansible-core {choice.core} on Python {choice.version}", flush=True)
    choice.home.mkdir(parents=True, exist_ok=True)
    with alone(choice.folder):  # two runs at a time would pull the tree from under each other
        install_core(choice)
        provide_pip(choice)
        content = install_collection(choice)
        ansible_test = choice.environment / "bin" / "ansible-test"
        command = [str(ansible_test), "sanity", "--python", choice.version, "--color", "no"]
        variables = {**ansible_variables(choice), "ANSIBLE_TEST_CONTENT_ROOT": str(content)}
        rounds = [others] if others else ROUNDS
        results = [subprocess.run([*command, *more], cwd=content, env=variables, check=False) for more in rounds]
    return max(result.returncode for result in results)


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    series = [one.core for one in ALL_SERIES]
    parser.add_argument("--core", choices=series, default=series[0], help="the ansible-core series")
    parser.add_argument("--python", help="the version of Python to run it on, such as 3.12")
    return parser.parse_known_args()


def choose(core: str, version: str | None) -> Choice:
    """Find an interpreter for a series; where this machine has none, say so and leave."""
    (series,) = [one for one in ALL_SERIES if one.core == core]
    for candidate in series.pythons:
        if version in (None, candidate) and (interpreter := find_interpreter(candidate)):
            return Choice(core, candidate, interpreter)
    if version:
        sys.exit(f"sanity: no Python {version} here that runs ansible-core {core}")
    print(f"sanity: ansible-core {core} is left out: no Python {listed(series)} here")
    sys.exit()


def listed(series: Series) -> str:
    return " or ".join(series.pythons)


def install_core(choice: Choice) -> None:
    environment = choice.environment
    stamp = environment / "sanity-stamp"
    if stamp.exists() and stamp.read_text() == str(environment) and version_of(f"{environment}/bin/python"):
        return
    run([choice.interpreter, "-m", "venv", "--clear", "--without-pip", str(environment)])
    install(environment, f"ansible-core=={choice.core}.*")
    install(environment, "--target", str(choice.pip), "pip")
    run([str(environment / "bin" / "python"), "-m", "compileall", "-q", str(choice.pip)])
    stamp.write_text(str(environment))


def provide_pip(choice: Choice) -> None:
    """Let ansible-test make its environments with one pip, and from the user's package registry.

    It would fetch pip from a site of its own for each, and hands it none of the user's variables.
    """
    (requirements,) = choice.environment.glob(
        "lib/python3*/site-packages/ansible_test/_internal/python_requirements.py"
    )
    cache = choice.home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"pip='([\d.]+)'", requirements.read_text()):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP.format(pip=str(choice.pip)))

    settings = configparser.RawConfigParser()
    # What isn't compiled when it is installed may warn when it is imported, which ansible-test takes for an error.
    settings.read_dict({"global": {k: v for k, v in pip_settings().items() if not k.endswith("compile")}})
    path = choice.home / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("w") as file:
        settings.write(file)


def install_collection(choice: Choice) -> Path:
    """Install what galaxy.yml publishes: a copy outside git, without the environments in the checkout."""
    built, tree = choice.folder / "built", choice.folder / "tree"
    for folder in (built, tree):
        shutil.rmtree(folder, ignore_errors=True)
    galaxy = [str(choice.environment / "bin" / "ansible-galaxy"), "collection"]
    variables = ansible_variables(choice)
    run([*galaxy, "build", "--output-path", str(built)], variables)
    (artifact,) = built.glob("*.tar.gz")
    run([*galaxy, "install", "--offline", "--collections-path", str(tree), str(artifact)], variables)
    return tree / "ansible_collections" / "jitfleet" / "azure"


def ansible_variables(choice: Choice) -> dict[str, str]:
    path = f"{choice.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "HOME": str(choice.home), "PATH": path}


def run(command: list[str], variables: dict[str, str] | None = None) -> None:
    """Run a command, whose words matter only where it fails."""
    result = subprocess.run(
        command, check=False, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        sys.exit(f"sanity: {Path(command[0]).name} failed\n{result.stdout}")


if __name__ == "__main__":
    main()
