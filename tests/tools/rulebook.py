# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install ansible-rulebook into an environment of its own, for the tests of the event source and the rulebooks.

Where that can't be done here, the reason is noted and those tests skip with it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from clients import CACHE, Client, LeftOut, install_python, provide

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path, wanted: tuple[str, ...]) -> None:
    """Install it where the machine has the Java that it needs. Raises LeftOut."""
    if shutil.which("java") is None:
        raise LeftOut("no java here, and ansible-rulebook needs Java 17")
    install_python(folder, wanted)


RULEBOOK = Client(
    "rulebook",
    (
        "ansible-rulebook>=1.3,<2",
        "ansible-core>=2.19,<2.22",
        *(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"),
    ),
    install,
)


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    provide(RULEBOOK)


if __name__ == "__main__":
    main()
