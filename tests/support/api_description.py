# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's API description as a judge of bodies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

STABLE = Path("spec") / "azure-rest-api-specs" / "stable" / "2020-01-01"


class Description:
    """An API description whose definitions validate bodies."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self._definitions = {name: _open(value) for name, value in document["definitions"].items()}

    def check(self, name: str, body: Any) -> None:
        """Fail unless `body` is what a definition says."""
        schema = {"definitions": self._definitions, "$ref": f"#/definitions/{name}"}
        errors = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft4Validator(schema).iter_errors(body)
        ]
        assert errors == []


def _open(schema: Any) -> Any:
    """Make a JSON schema of a definition: enumerations that are open stay open, other files are left out."""
    if isinstance(schema, list):
        return [_open(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref", "#").startswith("../"):
        return {}
    is_open = schema.get("x-ms-enum", {}).get("modelAsString")
    return {
        name: _open(value)
        for name, value in schema.items()
        if not (name == "enum" and is_open) and not name.startswith("x-ms-") and name != "format"
    }
