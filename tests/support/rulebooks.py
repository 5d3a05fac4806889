# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook as `make rulebook` installs it, and a service that takes messages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopback import QuietHandler, serving
from running_simulator import ROOT

FOLDER = ROOT / ".cache" / "clients" / "rulebook"
LEFT_OUT = FOLDER.with_name("rulebook.left-out")
# A JVM starts, a round of looking passes, a playbook runs: on a busy machine each takes its time.
PATIENCE = 120.0


def why_not() -> str | None:
    """Say why ansible-rulebook can't be run here."""
    if LEFT_OUT.exists():
        return f"ansible-rulebook is left out: {LEFT_OUT.read_text()}"
    return None if (FOLDER / "stamp").exists() else "ansible-rulebook isn't installed: make rulebook"


def eventually(condition: Callable[[], Any], what: Callable[[], str], seconds: float = PATIENCE) -> Any:
    """Wait for something that another process does; gives what the condition gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what()
        time.sleep(0.1)
    return found


@dataclass(frozen=True, slots=True)
class RunningRulebook:
    """A rulebook that runs; `log` is all that it says."""

    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def awaits(self, text: str, times: int = 1) -> None:
        """Wait until it has said something."""
        eventually(lambda: self.said.count(text) >= times, lambda: f"{text!r} was not said:\n{self.said}")


@contextmanager
def running_rulebook(
    name: str, folder: Path, environment: Mapping[str, str], *arguments: str, **settings: Any
) -> Iterator[RunningRulebook]:
    """Run a rulebook, by its file or by its full name, until the end of the block."""
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "here.ini").write_text("localhost ansible_connection=local\n")
    log = folder / "rulebook.log"
    command = [str(FOLDER / "bin" / "ansible-rulebook"), "--rulebook", name, "-i", "here.ini"]
    command += ["--vars", "settings.json", *arguments]
    variables = {
        **environment,
        "PATH": f"{FOLDER / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "tree"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCAL_TEMP": str(folder / "ansible_local"),
    }
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=folder, env=variables, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield RunningRulebook(log)
        finally:
            # It would wait a minute for sources to end.
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def post(port: int, body: Any, headers: Mapping[str, str]) -> int:
    """Send a message as a ticket system does; gives the status of the answer, or 0 where nobody listens."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/ticket", data, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:
        return 0


@dataclass(slots=True)
class Messages:
    """Takes messages that are posted to it."""

    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)

    def awaits(self, number: int, log: Callable[[], str]) -> list[dict[str, Any]]:
        eventually(lambda: len(self.received) >= number, lambda: f"{len(self.received)} messages came:\n{log()}")
        return self.received


@contextmanager
def taking_messages() -> Iterator[Messages]:
    messages = Messages()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            messages.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    with serving(Handler) as url:
        messages.url = f"{url}/hook?key=hush-hush"
        yield messages
