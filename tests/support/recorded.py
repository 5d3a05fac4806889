# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded traffic of three kinds of files, and what it means for two bodies to be alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer; header names in lower case, `path` with its query."""

    method: str
    path: str
    sent: Any
    status: int
    headers: dict[str, list[str]]
    body: Any


def powershell(path: Path) -> Iterator[Exchange]:
    """Read the test framework of Azure PowerShell."""
    for entry in json.loads(path.read_text(encoding="utf-8-sig"))["Entries"]:
        yield Exchange(
            entry["RequestMethod"],
            entry["RequestUri"],
            json.loads(entry["RequestBody"] or "null"),
            entry["StatusCode"],
            {name.lower(): value for name, value in entry["ResponseHeaders"].items()},
            json.loads(entry["ResponseBody"] or "null"),
        )


def vcr(path: Path) -> Iterator[Exchange]:
    """Read the files of vcrpy: YAML, or JSON with parsed bodies."""
    for item in yaml.safe_load(path.read_text())["interactions"]:
        request, response = item["request"], item["response"]
        uri = urlsplit(request["uri"])
        body = response["body"]
        yield Exchange(
            request["method"],
            f"{uri.path}?{uri.query}",
            _parsed(request["body"]),
            response["status"]["code"],
            {name.lower(): value for name, value in response["headers"].items()},
            body["data"] if "data" in body else _parsed(body["string"]),
        )


def _parsed(text: str | bytes | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def shape(value: Any) -> Any:
    """Return keys and types without the values; lists by their different elements."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        shapes = [shape(item) for item in value]
        return [item for index, item in enumerate(shapes) if item not in shapes[:index]]
    return type(value).__name__


def differences(ours: Any, recorded: Any, path: str = "$") -> list[str]:
    """Tell where ours contradicts what was recorded: other casing of a key, or another type.

    Keys that only one of them has are no contradiction: a recorded machine has parts that ours lack.
    """
    if isinstance(ours, dict) and isinstance(recorded, dict):
        spelled = {name.lower(): name for name in recorded}
        found = [
            f"{path}.{name}: spelled {spelled[name.lower()]}"
            for name in ours
            if spelled.get(name.lower(), name) != name
        ]
        for name in ours.keys() & recorded.keys():
            found += differences(ours[name], recorded[name], f"{path}.{name}")
        return found
    if isinstance(ours, list) and isinstance(recorded, list):
        return differences(ours[0], recorded[0], f"{path}[0]") if ours and recorded else []
    if type(ours) is not type(recorded) and None not in (ours, recorded):
        return [f"{path}: {type(ours).__name__} instead of {type(recorded).__name__}"]
    return []
