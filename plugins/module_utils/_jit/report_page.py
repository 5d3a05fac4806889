# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTML file that shows a document, with no need of anything else."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any

from .ids import VmId
from .policies import Json

# The newest ones; all are in the JSON file and in the table beside the page.
MOST_REQUESTS = 10_000
_PLACE = re.compile(r"@@([A-Z]+)@@")
# Whatever could end the block, or a line of a script, early. JSON reads the escapes as the very characters.
_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def write_page(template: str, style: str, scripts: Sequence[str], title: str, data: Any) -> str:
    """Fill the template once: what is put in is not looked at again, so data can't name a place."""
    script = f'"use strict";\n(() => {{\n{"".join(scripts)}}})();\n'
    parts = {
        "TITLE": escape(title),
        "POLICY": security_policy(style, script),
        "STYLE": style,
        "DATA": embed(data),
        "SCRIPT": script,
    }
    return _PLACE.sub(lambda match: parts[match[1]], template)


def security_policy(style: str, script: str) -> str:
    """Allow the page its own style and script, by their hashes, and nothing else: no request, no other script."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            # No text becomes markup, whatever the script does.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def embed(data: Any) -> str:
    """Write data as JSON that is safe within a script element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def page_data(document: Mapping[str, Any]) -> Json:
    """Write a document for the page: the same, in a tenth of the space where the fleet is large."""
    numbers = {vm["id"].lower(): number for number, vm in enumerate(document["vms"])}

    def numbered(ids: Sequence[str]) -> list[int]:
        return [numbers[vm_id.lower()] for vm_id in ids if vm_id.lower() in numbers]

    shown = document["requests"][:MOST_REQUESTS]
    return {
        **{key: value for key, value in document.items() if key != "connections"},
        "vms": pack([{**vm, "id": _unusual_id(vm)} for vm in document["vms"]]),
        "requests": pack([_numbered_request(request, numbers) for request in shown]),
        "requests_left_out": len(document["requests"]) - len(shown),
        "policies": [
            {
                **policy,
                "vms": len(policy["vms"]),
                "findings": [{**found, "vms": numbered(found["vms"])} for found in policy["findings"]],
            }
            for policy in document["policies"]
        ],
    }


def pack(rows: Sequence[Mapping[str, Any]]) -> Json:
    """Write rows of the same keys by columns, in which a value that repeats stands once."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return {"length": len(rows), "columns": {key: _column([row.get(key) for row in rows]) for key in keys}}


def _column(values: Sequence[Any]) -> Json:
    texts = [json.dumps(value, sort_keys=True) for value in values]
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    if len(distinct) * 2 > len(values):
        return {"values": list(values)}
    return {"values": [json.loads(text) for text in distinct], "at": [distinct[text] for text in texts]}


def _numbered_request(request: Mapping[str, Any], numbers: Mapping[str, int]) -> Json:
    """Name a request's VM by its number; one that is not among the VMs keeps its name only."""
    return {
        **{key: value for key, value in request.items() if key != "id"},
        "vm": numbers.get(request["id"].lower()),
    }


def _unusual_id(vm: Mapping[str, Any]) -> str | None:
    """Leave out an id that the page can make of its parts."""
    usual = str(VmId.of(vm["subscription_id"], vm["resource_group"], vm["name"]))
    return None if vm["id"] == usual else vm["id"]


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
