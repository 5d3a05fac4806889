# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[3] / "extensions"
SMALL = ["--fleet", "vms=3,groups=1"]


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "azure_simulator", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(EXTENSIONS), **environment},
    )


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    with start(*arguments, **environment) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def child(code: str, *options: str, **environment: str) -> tuple[int, str, str]:
    """Run Python code under `exec`."""
    return run("exec", *SMALL, *options, "--", sys.executable, "-c", code, **environment)


def variables_of(**environment: str) -> Mapping[str, str]:
    code, out, err = child("import json, os; print(json.dumps(dict(os.environ)))", **environment)
    assert code == 0, err
    found: dict[str, str] = json.loads(out)
    return found


def test_exec_hands_out_what_clients_need() -> None:
    found = variables_of()
    base = found["AZURE_SIMULATOR_URL"]
    assert found["AZURE_CLOUD_ENVIRONMENT"] == base
    assert found["ARM_CLOUD_METADATA_URL"] == f"{base}/metadata/endpoints?api-version=2019-05-01"
    assert found["AZURE_AUTHORITY_HOST"] == base
    assert found["AZURE_DISABLE_INSTANCE_DISCOVERY"] == "true"
    assert found["AZURE_CORE_INSTANCE_DISCOVERY"] == "false"
    assert {"AZURE_TENANT", "AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_SUBSCRIPTION_ID"} <= set(found)
    assert found["REQUESTS_CA_BUNDLE"] == found["SSL_CERT_FILE"] == found["NODE_EXTRA_CA_CERTS"]
    assert "AZURE_SIMULATOR_SSH_KEY" not in found, "generated fleets have no data plane unless asked for"


def test_nothing_of_the_real_cloud_reaches_the_command() -> None:
    found = variables_of(
        AZURE_CLIENT_SECRET="real", AZURE_TENANT_ID="real", AZURE_SECRET="real", NO_PROXY="a.test"
    )
    assert "AZURE_CLIENT_SECRET" not in found
    assert "AZURE_TENANT_ID" not in found
    assert found["AZURE_SECRET"] != "real"
    assert found["NO_PROXY"] == "a.test,127.0.0.1,localhost"


def test_the_folder_is_private_and_gone_afterwards() -> None:
    code, out, err = child(
        "import os, pathlib\n"
        "folder = pathlib.Path(os.environ['SSL_CERT_FILE']).parent\n"
        "print(folder, oct(folder.stat().st_mode & 0o777), os.environ['AZURE_CONFIG_DIR'].startswith(str(folder)))"
    )
    assert code == 0, err
    folder, mode, inside = out.split()
    assert (mode, inside) == ("0o700", "True")
    assert not Path(folder).exists()


@pytest.mark.parametrize("code", [0, 1, 42])
def test_exec_exits_with_the_commands_code(code: int) -> None:
    assert child(f"raise SystemExit({code})")[0] == code


def test_exec_tells_of_a_signal_and_of_a_missing_command() -> None:
    assert child("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == 128 + signal.SIGKILL
    code, _, err = run("exec", *SMALL, "--", "no-such-command")
    assert (code, "no-such-command" in err) == (127, True)


def test_exec_forwards_signals() -> None:
    story = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(33))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    with start("exec", *SMALL, "--", sys.executable, "-c", story) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 33


def test_serve_says_what_is_there_and_ends_well(tmp_path: Path) -> None:
    env_file = tmp_path / "simulator.env"
    with start("serve", "--env-file", str(env_file), "--data-plane", "off") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "13 VMs, 1 just-in-time policies" in first
        assert env_file.stat().st_mode & 0o777 == 0o600
        lines = (
            line.removeprefix("export ").split("=", 1) for line in env_file.read_text().splitlines() if "=" in line
        )
        found = {name: value.strip("'") for name, value in lines}
        context = ssl.create_default_context(cafile=found["SSL_CERT_FILE"])
        url = f"{found['AZURE_SIMULATOR_URL']}/_simulator/health"
        with urllib.request.urlopen(url, context=context) as response:
            assert json.load(response)["status"] == "ok"
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert not env_file.exists()
    assert not Path(found["SSL_CERT_FILE"]).exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["serve", "--port", "70000"], "--port"),
        (["serve", "--latency", "soon"], "--latency"),
        (["serve", "--provisioning", "x"], "--provisioning"),
        (["serve", "--data-plane", "maybe"], "--data-plane"),
        (["serve", "--seed", "x"], "--seed"),
        (["serve", "--fleet", "vms=none"], "--fleet"),
        (["serve", "--fleet", "nosuch.yml"], "nosuch.yml"),
        (["exec", "--fleet", "demo"], "command"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], named: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert named in err
    assert "Traceback" not in err


def test_a_place_for_variables_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nosuch" / "simulator.env"
    code, _, err = run("serve", *SMALL, "--env-file", str(path))
    assert (code, err) == (1, f"azure_simulator: error: --env-file: {path}: No such file or directory\n")


def test_a_port_that_is_taken_is_an_error_in_one_line() -> None:
    with start("serve", *SMALL) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split("127.0.0.1:")[1].split(":")[0]
        code, _, err = run("serve", *SMALL, "--port", port)
        process.terminate()
        process.communicate(timeout=30)
    assert code == 1
    assert "Traceback" not in err
    assert port in err
