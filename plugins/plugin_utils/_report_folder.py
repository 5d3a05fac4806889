# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report's folder: what is there, and what is to be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..module_utils._jit.report_files import PageParts, is_connection

PAGE_FOLDER = Path(__file__).parent / "_report_page"
# They follow each other in one script, so what one declares the next ones may use.
SCRIPTS = (
    *("dom", "data", "words", "table", "filters", "machines", "dialog", "windows", "requests", "findings"),
    *("summary", "main"),
)


def page_parts() -> PageParts:
    return PageParts(
        template=_read("page.html"),
        style=_read("page.css"),
        scripts=[_read(f"{name}.js") for name in SCRIPTS],
    )


def _read(name: str) -> str:
    return (PAGE_FOLDER / name).read_text(encoding="utf-8")


class ReportFolder:
    """A folder of files that one run replaces together; files that are somebody else's stay."""

    def __init__(self, path: Path, mode: int) -> None:
        self._path = path
        self._mode = mode

    def read(self, name: str) -> str | None:
        """Give the text of a file, or None if there is none that can be read as such."""
        try:
            return (self._path / name).read_bytes().decode()
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return None

    def stale_connections(self, written: Mapping[str, str], wanted: Iterable[str]) -> list[str]:
        """Name the .rdp files of VMs that are not open any more: their addresses may be others' by now.

        `written` are those that earlier reports wrote, with their digests; one that was changed since, like any
        other file of the folder, is somebody's own.
        """
        kept = set(wanted)
        return sorted(
            name
            for name, mark in written.items()
            if name not in kept and is_connection(name) and self._digest(name) == mark
        )

    def _digest(self, name: str) -> str | None:
        try:
            return sha256((self._path / name).read_bytes()).hexdigest()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def compare(self, name: str, text: str) -> str:
        there = self.read(name)
        return "created" if there is None else "unchanged" if there == text else "changed"

    def write(self, files: Mapping[str, str]) -> None:
        """Replace files one by one, each at once: nobody sees half of one."""
        for name, text in files.items():
            target = self._path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            self._replace(target, text)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)

    def _replace(self, target: Path, text: str) -> None:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(draft).chmod(self._mode)
            Path(draft).replace(target)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise

    def describe(self, name: str, state: str) -> dict[str, Any]:
        return {"path": str(self._path / name), "state": state}
