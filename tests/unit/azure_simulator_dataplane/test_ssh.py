# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behind port 22: commands, streams, signals, and who is let in."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from azure_simulator.dataplane import DataPlane, SessionRecord

from .support import ADMIN, Rules, an_endpoint, login, plane_for, running

Connected = Callable[[asyncssh.SSHClientConnection], Awaitable[None]]

# Waits for a signal. It may come just before a sleep begins, which then holds no output open and soon ends.
WAIT = "while :; do sleep 1 >/dev/null 2>&1 & wait $!; done"


def connected(folder: Path, use: Connected) -> None:
    """Run `use` with a connection to a VM whose home is `folder`/homes/vm1-127.20.0.1."""
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        async with running(plane_for(rules, folder)) as plane, await login(plane, endpoint) as connection:
            await use(connection)

    asyncio.run(scenario())


def home_in(folder: Path) -> Path:
    """Return where the VM's home folder is."""
    return folder / "homes" / "vm1-127.20.0.1"


def test_streams_and_exit_code_pass_through(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        result = await connection.run("cat; echo problem >&2; exit 7", input="hello")
        assert (result.stdout, result.stderr, result.exit_status) == ("hello", "problem\n", 7)

    connected(tmp_path, use)


def test_bulk_passes_both_ways_unharmed(tmp_path: Path) -> None:
    bulk = os.urandom(8_000_000)

    async def use(connection: asyncssh.SSHClientConnection) -> None:
        result = await connection.run("cat", input=bulk, encoding=None)
        assert result.stdout == bulk

    connected(tmp_path, use)


def test_a_command_that_does_not_read_its_input_ends_all_the_same(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        result = await connection.run("exec <&-; echo done", input="x" * 1_000_000)
        assert (result.stdout, result.exit_status) == ("done\n", 0)

    connected(tmp_path, use)


def test_death_by_a_signal_is_reported_as_such(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        result = await connection.run("kill -TERM $$")
        assert result.exit_signal is not None
        assert result.exit_signal[0] == "TERM"

    connected(tmp_path, use)


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        command = f"trap 'echo caught; exit 5' USR1; echo ready; {WAIT}"
        async with connection.create_process(command) as process:
            assert await process.stdout.readline() == "ready\n"
            process.stdin.write_eof()
            process.send_signal("USR1")
            result = await process.wait()
        assert (result.stdout, result.exit_status) == ("caught\n", 5)

    connected(tmp_path, use)


def test_a_shell_runs_what_it_reads(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        result = await connection.run(None, input="echo $HOSTNAME\nexit 3\n")
        assert (result.stdout, result.exit_status) == ("vm1\n", 3)

    connected(tmp_path, use)


def test_a_terminal_is_a_real_one(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        command = "test -t 0 && test -t 2 && echo $TERM && stty size && read answer && stty size; exit 4"
        async with connection.create_process(command, term_type="vt100", term_size=(80, 24)) as process:
            assert await process.stdout.readline() == "vt100\r\n"
            assert await process.stdout.readline() == "24 80\r\n"
            process.change_terminal_size(132, 43)
            process.stdin.write("go\n")
            result = await process.wait()
        assert (result.stdout, result.exit_status) == ("go\r\n43 132\r\n", 4)

    connected(tmp_path, use)


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["as it is", "behind a &"])
def test_a_terminal_controls_its_session(tmp_path: Path, handler: Any) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        command = f"trap 'exit 6' INT; echo ready; {WAIT}"
        async with connection.create_process(command, term_type="vt100") as process:
            assert await process.stdout.readline() == "ready\r\n"
            process.stdin.write("\x03")
            assert (await process.wait()).exit_status == 6

    before = signal.signal(signal.SIGINT, handler)
    try:
        connected(tmp_path, use)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_that_can_not_start_says_why(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        shutil.rmtree(home_in(tmp_path))
        result = await connection.run("true")
        assert result.exit_status == 126
        assert "No such file or directory" in str(result.stderr)

    connected(tmp_path, use)


def test_the_environment_is_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SECRET", "not for VMs")

    async def use(connection: asyncssh.SSHClientConnection) -> None:
        wishes = {"LC_ALL": "C", "LD_PRELOAD": "evil.so", "AZURE_TENANT": "t"}
        result = await connection.run("env", env=wishes)
        found = dict(line.split("=", 1) for line in str(result.stdout).splitlines())
        assert set(found) - {"_", "OLDPWD", "SHLVL"} == {
            *("HOME", "HOSTNAME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PWD", "SHELL", "USER"),
            *("SSH_CLIENT", "SSH_CONNECTION"),
        }
        assert found["HOME"] == found["PWD"] == str(home_in(tmp_path))
        assert (found["HOSTNAME"], found["USER"]) == ("vm1", ADMIN)
        assert found["SSH_CONNECTION"].startswith("127.0.0.1 ")

    connected(tmp_path, use)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo ~azureuser", "{home}\n"),
        ("/bin/sh -c 'echo ~azureuser && sleep 0'", "{home}\n"),
        ("echo ~azureuser/.ansible/tmp", "{home}/.ansible/tmp\n"),
        ("echo `echo ~azureuser`", "{home}\n"),
        ("echo me~azureuser ~azureuser2", "me~azureuser ~azureuser2\n"),
    ],
)
def test_the_administrators_folder_is_home(tmp_path: Path, command: str, expected: str) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        assert (await connection.run(command)).stdout == expected.format(home=home_in(tmp_path))

    connected(tmp_path, use)


def test_vms_of_the_same_name_do_not_share_a_home(tmp_path: Path) -> None:
    rules = Rules()
    one = rules.allow(an_endpoint("127.20.0.1", "ssh", vm_name="../web"))
    two = rules.allow(an_endpoint("127.20.0.2", "ssh", vm_name="../web"))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            homes = set()
            for endpoint in (one, two):
                async with await login(plane, endpoint) as connection:
                    homes.add(Path(str((await connection.run("pwd")).stdout).strip()))
            assert len(homes) == 2
            assert {home.parent for home in homes} == {tmp_path / "homes"}

    asyncio.run(scenario())


def test_only_the_administrator_with_the_runs_key_is_let_in(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            with pytest.raises(asyncssh.PermissionDenied):
                await login(plane, endpoint, username="root")
            plane.client_key.write_bytes(
                asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh")
            )
            with pytest.raises(asyncssh.PermissionDenied):
                await login(plane, endpoint)

    asyncio.run(scenario())


def test_each_run_has_keys_of_its_own_that_others_can_not_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        written = []
        for _ in range(2):
            async with running(plane_for(Rules(), tmp_path)) as plane:
                assert plane.client_key.stat().st_mode & 0o777 == 0o600
                written.append((plane.client_key.read_text(), plane.known_hosts.read_text()))
        assert written[0][0] != written[1][0]
        assert written[0][1] != written[1][1]

    asyncio.run(scenario())


def test_connections_are_not_forwarded(tmp_path: Path) -> None:
    async def use(connection: asyncssh.SSHClientConnection) -> None:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 1)

    connected(tmp_path, use)


def test_files_are_transferred_relative_to_home(tmp_path: Path) -> None:
    outside = tmp_path / "outside"

    async def use(connection: asyncssh.SSHClientConnection) -> None:
        async with connection.start_sftp_client() as sftp:
            assert await sftp.realpath(".") == str(home_in(tmp_path))
            for path in ("relative", "~/tilde", "~azureuser/named", str(outside)):
                async with sftp.open(path, "w") as file:
                    await file.write(path)
        for name in ("relative", "tilde", "named"):
            assert (home_in(tmp_path) / name).read_text().endswith(name)
        assert outside.read_text() == str(outside)
        await asyncssh.scp(str(outside), (connection, "copied"))
        assert (home_in(tmp_path) / "copied").read_text() == str(outside)

    connected(tmp_path, use)


def test_sessions_are_remembered(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)

    async def scenario() -> None:
        async with running(DataPlane(rules, tmp_path, port_offset=0, clock=lambda: noon)) as plane:
            async with await login(plane, endpoint) as connection:
                await connection.run("echo secret words")
                await connection.run(None, input="exit\n")
                async with connection.start_sftp_client():
                    pass
            assert plane.sessions == tuple(
                SessionRecord("vm1", ADMIN, "127.0.0.1", command, noon) for command in ("echo", "", "sftp")
            )

    asyncio.run(scenario())
