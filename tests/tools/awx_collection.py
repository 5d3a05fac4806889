# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get the collection awx.awx out of the Python package ansible, which has it up to version 13.

The rest of the package, half a gigabyte, is left out.
"""

from __future__ import annotations

import fcntl
import sys
import zipfile
from pathlib import Path

from clients import CACHE, Client, LeftOut, provide, run

PREFIX = "ansible_collections/awx/awx/"


def provide_awx_collection() -> tuple[Path, str]:
    """Return the folder for ANSIBLE_COLLECTIONS_PATH, and why it can't be had, or nothing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # Tests run beside each other.
    with (CACHE / "awx.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        provide(AWX_COLLECTION)
    note = CACHE / "awx.left-out"
    return AWX_COLLECTION.folder, note.read_text() if note.exists() else ""


def _extract(folder: Path, wanted: tuple[str, ...]) -> None:
    """Download the package and keep the collection. Raises LeftOut."""
    download = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
    # It takes a newer Python than some that run the tests; the collection doesn't.
    run([*download, "--only-binary", ":all:", "--python-version", "3.12", "--dest", str(folder), *wanted])
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as package:
            names = [name for name in package.namelist() if name.startswith(PREFIX)]
            package.extractall(folder, names)
        wheel.unlink()
    if not (folder / PREFIX / "plugins").is_dir():
        raise LeftOut("awx.awx is not in the package")


AWX_COLLECTION = Client("awx", ("ansible==13.8.0",), _extract)
