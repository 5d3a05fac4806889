# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of README files and guides, as users copy them."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"
SHELL = ("shell", "console", "bash", "sh")
YAML = ("yaml", "yaml+jinja", "yml")
# Languages of blocks that are neither tried nor read, with the reason.
LEFT_ALONE = {
    "text": "what a command prints",
    "powershell": "needs PowerShell with Azure's modules, and a tenant: what is migrated from",
    "terraform": "needs Terraform: what is migrated from",
    "ini": "a configuration file of others",
    "json": "a body for the simulator's control interface, as tests/unit/azure_simulator/test_control.py sends",
}
_RST = re.compile(r"((?: |[-*] |\d+\. )*)\.\. code-block::(?: +(\S+))?$")
_MARKDOWN = re.compile(r" *```(\S*)$")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A block, without its indentation; `line` is where it is introduced."""

    path: Path
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    def commands(self) -> Iterator[str]:
        """Give the commands of a shell's block, prompts and comments taken off, continued lines joined."""
        prompted = self.language == "console"
        for line in self.text.replace("\\\n", " ").splitlines():
            command = line.lstrip()
            if prompted:
                assert command[:2] in ("$ ", "# "), f"{self.where}: no prompt before {command!r}"
                command = command[2:]
            command = re.sub(r"\s+#\s.*$", "", " ".join(command.split()))
            if command and not command.startswith("#"):
                yield command


@functools.cache
def documents() -> tuple[Path, ...]:
    """List what users read: the README files and the guides."""
    readmes = [ROOT / "README.md", *(ROOT / "roles").glob("*/README*"), *(ROOT / "extensions").rglob("README*")]
    return (*sorted(readmes), *sorted(GUIDES.glob("*.rst")))


@functools.cache
def code_blocks() -> tuple[CodeBlock, ...]:
    """Give all blocks, in the order in which they stand."""
    return tuple(
        block
        for path in documents()
        for block in (_of_rst if path.suffix == ".rst" else _of_markdown)(path, path.read_text().splitlines())
    )


def _of_rst(path: Path, lines: list[str]) -> Iterator[CodeBlock]:
    for number, line in enumerate(lines, start=1):
        if introduced := _RST.match(line):
            indent = len(introduced[1])
            body = []
            for below in lines[number:]:
                if below.strip() and len(below) - len(below.lstrip()) <= indent:
                    break
                body.append(below)
            yield CodeBlock(path, number, introduced[2] or "", _dedented(body))


def _of_markdown(path: Path, lines: list[str]) -> Iterator[CodeBlock]:
    start = None
    for number, line in enumerate(lines, start=1):
        if not (fence := _MARKDOWN.match(line)):
            continue
        if start is None:
            start, language = number, fence[1]
        else:
            yield CodeBlock(path, start, language, _dedented(lines[start : number - 1]))
            start = None
    assert start is None, f"{path}: the block of line {start} has no end"


def _dedented(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"
