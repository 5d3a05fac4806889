# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the custom roles' files and the guide's tables from the table of permissions.

`python tests/tools/permission_files.py` writes them; a test says whether that was forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.permissions import (
    DEEDS,
    ROLES,
    CustomRole,
    Deed,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "extensions" / "roles"
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_permissions.rst"
# To be replaced by whoever creates the role.
ANY_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
BEGIN, END = ".. begin of the tables made by tests/tools/permission_files.py\n", ".. end of the tables\n"


def definition(role: CustomRole) -> str:
    """Write what `az role definition create` takes."""
    document = {
        "Name": role.name,
        "IsCustom": True,
        "Description": role.description,
        "Actions": list(role.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [ANY_SUBSCRIPTION],
    }
    return json.dumps(document, indent=2) + "\n"


def tables() -> str:
    """Write the guide's generated part."""
    names = ["", *(role.name for role in ROLES)]
    rows = [[_deed(deed), *("yes" if deed in role.deeds else "" for role in ROLES)] for deed in DEEDS]
    text = "".join(_table("What each role is for", [40, 20, 20, 20], [names, *rows]))
    for deed in DEEDS:
        heading = f"{deed.title[0].upper()}{deed.title[1:]}"
        needs = [[f"``{need.action}``", need.place.value] for need in deed.needs]
        text += f"\n{heading}\n{'~' * len(heading)}\n\n{deed.options}\n\n"
        text += "".join(_table("", [70, 30], [["action", "at"], *needs]))
    return text


def _deed(deed: Deed) -> str:
    return f"{deed.title} ({deed.options})"


def _table(title: str, widths: Iterable[int], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f".. list-table:: {title}".rstrip() + "\n"
    yield f"   :header-rows: 1\n   :widths: {' '.join(map(str, widths))}\n\n"
    for row in rows:
        for index, cell in enumerate(row):
            yield f"   {'*' if index == 0 else ' '} - {cell}".rstrip() + "\n"


def guide(current: str) -> str:
    """Put the tables into the guide."""
    before, _, rest = current.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for role in ROLES:
        (FOLDER / role.file_name).write_text(definition(role))
    GUIDE.write_text(guide(GUIDE.read_text()))


if __name__ == "__main__":
    main()
