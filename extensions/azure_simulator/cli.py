# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `serve` and `exec`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .behaviour import Behaviour
from .environment import export_lines
from .fleet.document import FleetError
from .moments import parse_plain_duration
from .process import run_command
from .simulator import Options, Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    options = Options(
        fleet=given.fleet,
        seed=given.seed,
        port=given.port,
        behaviour=Behaviour(
            latency=given.latency,
            provisioning=given.provisioning,
            network_operation=given.provisioning,
            throttle=given.throttle,
        ),
        data_plane={"on": True, "off": False, None: None}[given.data_plane],
    )
    if given.action == "exec":
        command = given.command[1:] if given.command[:1] == ["--"] else given.command
        if not command:
            parser.error("exec: a command is needed, after '--'")
        return _run(_exec(options, given.env_file, command))
    return _run(_serve(options, given.env_file))


def _run(work: object) -> int:
    """Run one of the actions and turn what users can mend into a line on stderr."""
    assert asyncio.iscoroutine(work)
    try:
        return int(asyncio.run(work))
    except FleetError as error:
        _complain(f"--fleet: {error}")
        return 2
    except OSError as error:
        _complain(str(error))
        return 1


def _complain(message: str) -> None:
    """Tell the user what is wrong."""
    sys.stderr.write(f"azure_simulator: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="azure_simulator", description="A simulator of Azure for just-in-time VM access on fleets."
    )
    actions = parser.add_subparsers(dest="action", required=True)
    serve = actions.add_parser("serve", help="run until stopped, and print what to export")
    execute = actions.add_parser("exec", help="run a command against a simulator of its own")
    for action in (serve, execute):
        _add_options(action)
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...", help="what to run")
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the options of both actions."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port to listen on; 0 takes a free one")
    parser.add_argument(
        "--fleet",
        default="demo",
        metavar="FLEET",
        help="demo (default), a file ending .yml, an exported state ending .json, or numbers such as "
        "vms=1000,subscriptions=4,groups=40,regions=3,jit=none|all|half",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="makes generated fleets differ (default 1)"
    )
    _add_behaviour_options(parser)
    parser.add_argument(
        "--env-file", type=Path, metavar="PATH", help="write the variables there, for a shell to read"
    )


def _add_behaviour_options(parser: argparse.ArgumentParser) -> None:
    """Describe the options that say how the simulated service behaves."""
    parser.add_argument(
        "--latency",
        type=_duration,
        default=0,
        metavar="TIME",
        help="added to every answer: 100ms, 1s (default 0ms)",
    )
    parser.add_argument(
        "--provisioning",
        type=_duration,
        default=0,
        metavar="TIME",
        help="how long policies, requests and rule changes take to come into effect: 2s, 1m (default 0s)",
    )
    parser.add_argument(
        "--throttle",
        choices=("off", "azure"),
        default="off",
        help="whether request quotas are enforced as Azure documents them (default off)",
    )
    parser.add_argument(
        "--data-plane",
        choices=("on", "off"),
        help="whether VMs' ports answer on loopback addresses (default: on for demo and files, off for numbers)",
    )


def _port(text: str) -> int:
    """Read a port number."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port: allowed is 0 to 65535")
    return int(text)


def _duration(text: str) -> int:
    """Read a duration."""
    try:
        return parse_plain_duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration: allowed are 100ms, 2s, 1m, 1h") from None


async def _serve(options: Options, env_file: Path | None) -> int:
    """Run until a signal comes."""
    simulator = Simulator(options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await simulator.start()
        _announce(simulator, env_file)
        await stopped.wait()
    finally:
        await simulator.stop()
        if env_file is not None:
            env_file.unlink(missing_ok=True)
    return 0


async def _exec(options: Options, env_file: Path | None, command: list[str]) -> int:
    """Run a command against a simulator of its own and return its exit code."""
    simulator = Simulator(options)
    try:
        await simulator.start()
        variables = simulator.environment()
        _write_env_file(env_file, variables)
        return await run_command(command, variables)
    finally:
        await simulator.stop()
        if env_file is not None:
            env_file.unlink(missing_ok=True)


def _announce(simulator: Simulator, env_file: Path | None) -> None:
    """Print what is there and what to export."""
    variables = simulator.environment()
    world = simulator.service.world
    vms = sum(len(group.vms) for group in world.groups())
    policies = sum(1 for _ in world.policies.all())
    lines = [f"# Azure simulator at {simulator.url}: {vms} VMs, {policies} just-in-time policies"]
    for subscription in list(world.subscriptions.values())[:20]:
        groups = ", ".join(f"{group.name} ({len(group.vms)})" for group in list(subscription.groups.values())[:10])
        lines.append(f"#   {subscription.name} ({subscription.id}): {groups}")
    # The file first: who reads the first line may rely on it.
    _write_env_file(env_file, variables)
    sys.stdout.write("\n".join(lines) + "\n" + export_lines(variables))
    sys.stdout.flush()


def _write_env_file(path: Path | None, variables: dict[str, str]) -> None:
    """Write the variables for a shell; whole or not at all, and for this user's eyes alone."""
    if path is None:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(export_lines(variables), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise OSError(f"--env-file: {path}: {error.strerror}") from None
