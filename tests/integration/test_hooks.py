# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks for what isn't Ansible's: the commands, and each line of the snippets, as users run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from rulebooks import eventually
from running_simulator import ROOT
from small_fleet import SmallFleet
from warm_ansible import command_folder

from playbooks import BIN

HOOKS = ROOT / "extensions" / "hooks"
SETTINGS = HOOKS / "settings"
UNITS = sorted((HOOKS / "systemd").iterdir())
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_hooks.rst"
# Nothing listens on these machines.
HURRY = ("-w", "initiated", "-s", "203.0.113.7")


class Shell:
    """A user's shell with the hooks on its PATH, in a folder with an inventory."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.state = folder / "windows.json"
        (folder / "fleet.jit_vms.yml").write_text("plugin: jitfleet.azure.jit_vms\nhostvars_prefix: azure_\n")
        self.environment = {
            **environment,
            "PATH": os.pathsep.join([str(HOOKS), str(command_folder()), str(BIN), os.environ["PATH"]]),
            "HOME": str(folder),
            "JIT_INVENTORY": str(folder / "fleet.jit_vms.yml"),
            "JIT_STATE_FILE": str(self.state),
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible_local"),
            "ANSIBLE_NOCOLOR": "1",
        }

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture
def shell(fleet: SmallFleet, tmp_path: Path) -> Shell:
    return Shell(tmp_path, fleet.cloud.environment)


@pytest.fixture
def quiet(tmp_path: Path) -> Shell:
    """A shell whose ansible-playbook only tells how it was called."""
    stub = tmp_path / "ansible-playbook"
    stub.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done > called\nexit "${CODE:-0}"\n')
    stub.chmod(0o755)
    shell = Shell(tmp_path, os.environ)
    shell.environment |= {"JIT_ANSIBLE_PLAYBOOK": str(stub), "JIT_INVENTORY": "", "AZURE_SECRET": "hush-hush"}
    return shell


def called(shell: Shell) -> list[str]:
    return (shell.folder / "called").read_text().split("\0")[:-1]


def variables(shell: Shell) -> dict[str, Any]:
    words = called(shell)
    found: dict[str, Any] = json.loads(words[words.index("-e") + 1])
    return found


# -- the commands -------------------------------------------------------------------------------------------------


def test_what_is_opened_is_closed_and_texts_arrive_as_they_are(fleet: SmallFleet, shell: Shell) -> None:
    text = """CHG-1: it's "urgent" \\ $(touch trap) `touch trap` ; $HOME | & é"""

    shell.state.touch()  # as mktemp leaves it
    unopened = shell.run("jit_close")
    opened = shell.run("jit_open", "-l", "desk-1", "-d", "1h", "-j", text, "-p", "ssh", *HURRY)
    grants = len(fleet.grants("desk-1"))
    kept = stat.S_IMODE(shell.state.stat().st_mode), shell.state.read_text()
    closed = shell.run("jit_close")
    again = shell.run("jit_close")

    assert (unopened.returncode, "nothing was opened" in unopened.stdout) == (0, True), unopened.stdout
    assert (opened.returncode, grants) == (0, 1), opened.stdout
    assert fleet.justifications("desk-1")[0].startswith(f"{text} [run ")
    assert kept[0] == 0o600
    assert (closed.returncode, fleet.grants("desk-1")) == (0, []), closed.stdout
    assert not shell.state.exists()
    assert (again.returncode, "nothing was opened" in again.stdout) == (0, True)
    assert not (shell.folder / "trap").exists()


def test_what_isnt_done_is_told_by_the_exit_code(fleet: SmallFleet, shell: Shell) -> None:
    nothing = shell.run("jit_open", "-l", "desk-4", "-p", "ssh", *HURRY)
    some = shell.run("jit_open", "-l", "desk-1,desk-4", "-p", "ssh", *HURRY)
    fleet.cloud.fault(method="DELETE", path="securityRules", status=403, times=50)
    still_open = shell.run("jit_close")
    fleet.cloud.control("DELETE", "faults")
    closed = shell.run("jit_close")

    assert nothing.returncode == 1, nothing.stdout
    assert some.returncode == 2, some.stdout
    assert "some hosts did not open; what is open stands in" in some.stdout
    assert still_open.returncode == 75, still_open.stdout
    assert (closed.returncode, fleet.grants("desk-1")) == (0, []), closed.stdout


def test_what_a_killed_run_opened_is_closed_all_the_same(fleet: SmallFleet, shell: Shell) -> None:
    fleet.open("desk-3", "somebody else's")
    others = len(fleet.grants("desk-3"))
    # Nothing listens there, so it would wait for a minute.
    command = ["jit_open", "-l", "desk-1,desk-2", "-p", "ssh", "-s", "203.0.113.7", "-w", "port", "-t", "60"]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as opening:
        eventually(lambda: len(fleet.grants("desk-1")) == others + 2, lambda: "it doesn't open")
        os.killpg(opening.pid, signal.SIGKILL)
    closed = shell.run("jit_close")

    assert (closed.returncode, len(fleet.grants("desk-1"))) == (0, others), closed.stdout
    assert not shell.state.exists()


def test_a_prediction_changes_nothing(fleet: SmallFleet, shell: Shell) -> None:
    done = shell.run("jit_open", "--check", "-l", "desk-1", "-p", "ssh", *HURRY)

    assert (done.returncode, fleet.grants("desk-1"), shell.state.exists()) == (0, [], False), done.stdout


def test_options_become_variables_and_no_secret_is_among_them(quiet: Shell) -> None:
    options = ["--limit=vdi:!x", "-i", "f.yml", "-d", "2h", "--justification=CHG-1", "-p", "rdp,22"]
    options += ["-s", "203.0.113.7,10.0.0.0/8", "-w", "rule", "-t", "60"]
    done = quiet.run("jit_open", *options, "-f", "kept.json", "--", "-v", "--forks=5")

    assert done.returncode == 0, done.stdout
    assert called(quiet)[:3] == ["--inventory=f.yml", "--limit=vdi:!x", "jitfleet.azure.maintenance"]
    assert called(quiet)[-2:] == ["-v", "--forks=5"]
    assert variables(quiet) == {
        "jit_phase": "before",
        "jit_duration": "2h",
        "jit_justification": "CHG-1",
        "jit_wanted_ports": ["rdp", "22"],
        "jit_sources": ["203.0.113.7", "10.0.0.0/8"],
        "jit_wait_for": "rule",
        "jit_wait_timeout": 60,
        "jit_state_file": str(quiet.folder / "kept.json"),
    }
    assert "hush-hush" not in "".join(called(quiet))


def test_windows_of_an_earlier_run_are_not_taken_for_this_ones(quiet: Shell) -> None:
    quiet.state.write_text('[{"id": "/subscriptions/x/virtualMachines/y", "ports": [22]}]')

    opened, closed = quiet.run("jit_open", CODE="2"), quiet.run("jit_close", CODE="2")

    assert (opened.returncode, closed.returncode) == (1, 75), opened.stdout


def test_by_default_the_state_is_kept_in_a_folder_of_ones_own(quiet: Shell) -> None:
    quiet.run("jit_open", JIT_STATE_FILE="", XDG_STATE_HOME="")

    folder = quiet.folder / ".local" / "state" / "jitfleet"
    assert variables(quiet)["jit_state_file"] == str(folder / "windows.json")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("jit_open", "-x", "1"), "-x is not known"),
        (("jit_open", "vdi"), "'vdi' is no option"),
        (("jit_open", "-l"), "-l wants a value"),
        (("jit_open", "-d2h"), "separate words"),
        (("jit_open", "--secret=x"), "--secret is not known"),
        (("jit_open", "-j", "{{ lookup('pipe', 'id') }}"), "-j: a template is no text"),
        (("jit_open", "-j", "{% if x %}"), "-j: a template is no text"),
        (("jit_open", "-d", "{{ x }}"), "-d: a template is no text"),
        (("jit_open", "-j", "two\nlines"), "-j: it is to be one line"),
        (("jit_open", "-j", "bell\a"), "-j: it is to be one line"),
        (("jit_open", "-f", "/tmp/{{ x }}"), "--state-file: a template is no text"),
        (("jit_open", "-f", "/tmp/$HOME"), "--state-file: Ansible would take"),
        (("jit_open", "-l", ""), "-l: it is empty, which would mean all hosts"),
        (("jit_open", "--limit= "), "--limit: it is empty, which would mean all hosts"),
        (("jit_open", "-f", ""), "-f wants a value"),
        (("jit_open", "--inventory="), "--inventory wants a value"),
        (("jit_open", "-p", "22;id"), "-p: '22;id' is no list"),
        (("jit_open", "-p", ""), "-p: '' is no list"),
        (("jit_open", "-s", '10.0.0.1"'), "-s: '10.0.0.1\"' is no list"),
        (("jit_open", "-t", "soon"), "-t: 'soon' is no number of seconds"),
        (("jit_open", "-w", "luck"), "-w: 'luck' is not one of port, rule, initiated, accepted"),
        (("jit_close", "-d", "2h"), "-d is for jit_open"),
        (("jit_close", "--justification=x"), "--justification is for jit_open"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_runs(quiet: Shell, command: tuple[str, ...], said: str) -> None:
    done = quiet.run(*command)

    assert (done.returncode, said in done.stdout) == (64, True), done.stdout
    assert not (quiet.folder / "called").exists()


def test_a_limit_of_the_environment_that_came_out_empty_opens_nothing(quiet: Shell) -> None:
    opened = quiet.run("jit_open", JIT_LIMIT="")
    closed = quiet.run("jit_close", JIT_LIMIT="")

    assert (opened.returncode, "JIT_LIMIT: it is empty" in opened.stdout) == (64, True), opened.stdout
    assert (closed.returncode, "nothing was opened" in closed.stdout) == (0, True), closed.stdout
    assert not (quiet.folder / "called").exists()


def test_without_ansible_the_exit_code_says_so(quiet: Shell) -> None:
    done = quiet.run("jit_open", JIT_ANSIBLE_PLAYBOOK="/nowhere/ansible-playbook")

    assert (done.returncode, "/nowhere/ansible-playbook is not there" in done.stdout) == (69, True)


def test_help_and_guide_tell_every_exit_code() -> None:
    script = (HOOKS / "jit_open").read_text()
    told = subprocess.run([HOOKS / "jit_close", "--help"], capture_output=True, text=True, check=True).stdout
    used = {int(code) for code in re.findall(r"\bexit (\d+)", script)}

    assert {int(code) for code in re.findall(r"^ +(\d+)  ", told, re.MULTILINE)} == used
    assert {int(code) for code in re.findall(r"^   \* - (\d+)$", GUIDE.read_text(), re.MULTILINE)} == used


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck on this machine")
def test_shellcheck_has_nothing_to_say() -> None:
    scripts = [HOOKS / "jit_open", HOOKS / "patch_tool.sh"]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


# -- around other tools -------------------------------------------------------------------------------------------


def gitlab_job(shell: Shell) -> int:
    """Run the job as a runner does: the script stops at a failure, what comes after it has a shell of its own."""
    job = yaml.safe_load((HOOKS / "gitlab-ci.yml").read_text())["deploy"]
    own = {"CI_PROJECT_DIR": str(shell.folder), "CI_JOB_ID": "7", "CI_PROJECT_PATH": "team/app"}
    own |= {name: Template(value).safe_substitute(own) for name, value in job["variables"].items()}
    script = shell.run("bash", "-ec", "\n".join([*job["before_script"], *job["script"]]), **own)
    shell.run("bash", "-ec", "\n".join(job["after_script"]), **own)
    return script.returncode


def github_job(shell: Shell) -> int:
    """Run the steps as a runner does: after a failure only those that run always."""
    job = yaml.safe_load((HOOKS / "github-actions.yml").read_text())["jobs"]["deploy"]
    own = {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "team/app", "JIT_INVENTORY": job["env"]["JIT_INVENTORY"]}
    code = 0
    for step in (step for step in job["steps"] if "run" in step):
        if code == 0 or step.get("if") == "always()":
            code = shell.run("bash", "-ec", step["run"], **own).returncode or code
    return code


def patch_tool(shell: Shell) -> int:
    return shell.run("patch_tool.sh", shell.environment["JIT_TARGETS"], "CHG-7", PATCH_TOOL="./deploy").returncode


@pytest.mark.parametrize(("run", "code"), [(gitlab_job, 3), (github_job, 3), (patch_tool, 0)])
def test_a_job_opens_works_and_closes_whatever_happens(
    fleet: SmallFleet, shell: Shell, run: Any, code: int
) -> None:
    # The machines don't answer here, and the snippets wait until they do: the rule is what can be waited for.
    (shell.folder / "jit_open").write_text(f'#!/bin/sh\nexec {HOOKS}/jit_open "$@" {shlex.join(HURRY)} -p ssh\n')
    (shell.folder / "deploy").write_text(f"#!/bin/sh\ncp windows*.json seen.json\nexit {code}\n")
    for name in ("jit_open", "deploy"):
        (shell.folder / name).chmod(0o755)
    shell.environment["PATH"] = f"{shell.folder}{os.pathsep}{shell.environment['PATH']}"
    shell.environment["JIT_TARGETS"] = "desk-1"

    assert run(shell) == code
    assert len(json.loads((shell.folder / "seen.json").read_text())) == 1, "it was open meanwhile"
    assert "7" in fleet.justifications("desk-1")[0]
    assert fleet.grants("desk-1") == []
    assert not list(shell.folder.glob("windows*.json"))


# -- schedules ----------------------------------------------------------------------------------------------------


def cron_lines() -> dict[str, tuple[str, str, str]]:
    """Give schedule, user and command of each line by its playbook."""
    found = {}
    for line in (HOOKS / "jitfleet.cron").read_text().splitlines():
        if match := re.fullmatch(r"((?:[\d*]+ ){5})(\w+) (.+)", line):
            schedule, user, command = match.groups()
            found[command.rpartition(".")[2]] = schedule.strip(), user, command
    return found


def fill_in(file: Path, name: str, value: str) -> None:
    """Put a value where the example has one, as a user does."""
    file.write_text(
        re.sub(f"^({name}=')[^']*", lambda found: found[1] + value, file.read_text(), flags=re.MULTILINE)
    )


@pytest.fixture
def etc(shell: Shell) -> Path:
    """The settings as the guide has them installed."""
    folder = shell.folder / "etc"
    shutil.copytree(SETTINGS, folder)
    shutil.copy(shell.folder / "fleet.jit_vms.yml", folder)
    names = re.findall(r"^([A-Z_]+)=", (SETTINGS / "environment").read_text(), re.MULTILINE)
    values = {name: shell.environment.get(name, "true") for name in names}
    for name, value in values.items():
        fill_in(folder / "environment", name, value)
    report = (folder / "report.yml").read_text().replace("/var/lib/jitfleet", str(shell.folder))
    (folder / "report.yml").write_text(report)
    for name in values:
        shell.environment.pop(name, None)
    return folder


@pytest.mark.parametrize("name", ["enable_jit", "close_access", "report"])
def test_a_line_for_cron_does_what_it_says(fleet: SmallFleet, shell: Shell, etc: Path, name: str) -> None:
    _schedule, user, command = cron_lines()[name]
    assert user == "jitfleet"
    assert "%" not in command, "cron takes it for the end of the line"

    done = shell.run("/bin/sh", "-c", command.replace("/etc/jitfleet", str(etc)))

    assert done.returncode == 0, done.stdout
    if name == "enable_jit":
        assert "desk-4" in json.dumps(fleet.cloud.arm("GET", fleet.policy("desk-1")))
    if name == "report":
        assert (shell.folder / "report" / "report.html").exists()


def test_a_shell_reads_a_secret_as_systemd_does(quiet: Shell) -> None:
    secret = "a b$HOME;`touch trap`~#\\"
    shutil.copy(SETTINGS / "environment", quiet.folder)
    fill_in(quiet.folder / "environment", "AZURE_SECRET", secret)

    done = quiet.run("/bin/sh", "-c", 'set -a; . ./environment; printf %s "$AZURE_SECRET"')

    assert (done.stdout, (quiet.folder / "trap").exists()) == (secret, False)


@pytest.mark.parametrize("name", ["enable_jit", "close_access", "report"])
def test_a_unit_of_systemd_runs_what_the_line_for_cron_runs_at_the_same_time(name: str) -> None:
    service = (HOOKS / "systemd" / "jitfleet@.service").read_text()
    timer = (HOOKS / "systemd" / f"jitfleet-{name}.timer").read_text()
    schedule, user, command = cron_lines()[name]
    minute, hour = schedule.split()[:2]

    assert f"ExecStart=/usr/bin/env {command.partition('; ')[2].partition('; ')[2]}" in service.replace("%i", name)
    assert "EnvironmentFile=/etc/jitfleet/environment" in service
    assert f"User={user}\n" in service
    assert f"Unit=jitfleet@{name}.service" in timer
    assert f" {hour if hour == '*' else hour.zfill(2)}:{minute.zfill(2)}:00" in timer


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_accepts_the_units() -> None:
    done = subprocess.run(["systemd-analyze", "verify", *UNITS], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_is_in_the_guide() -> None:
    guide = GUIDE.read_text()

    names = {path.name for path in HOOKS.rglob("*") if path.is_file()}
    assert {name for name in names if name not in guide} == set()
