# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from .csv_tables import write_csv
from .policies import Json
from .rdp_files import FILE_NAME, RDP, write_rdp_files
from .report_document import open_vms
from .report_page import page_data, write_page
from .report_vms import is_reached

PAGE, DATA = "report.html", "report.json"
RDP_FOLDER = "rdp"
VM_COLUMNS = (
    *("name", "jit_status", "reason", "detail", "os", "power_state", "subscription_id", "subscription"),
    *("resource_group", "location", "tags", "public_ip", "private_ip", "dns_name", "ports", "approved"),
    *("last_access", "last_user", "open_ports", "open_until", "exposed_ports", "notes", "policies", "id"),
)
REQUEST_COLUMNS = (
    *("start_time", "end_time", "state", "name", "port", "sources", "person", "person_is_stated", "requestor"),
    *("justification", "status_reason", "policy_id", "id"),
)
EXPOSURE_COLUMNS = (
    "name",
    "port",
    "protocol",
    "from",
    "state",
    "rule",
    "reason",
    "jit_status",
    "resource_group",
    "id",
)
FINDING_COLUMNS = ("kind", "port", "max_duration", "vms", "policy", "resource_group", "location", "policy_id")


@dataclass(frozen=True, slots=True)
class PageParts:
    """The page's own files."""

    template: str
    style: str
    scripts: Sequence[str]


def write_files(document: Json, parts: PageParts) -> dict[str, str]:
    """Write a document as a page, as data and as tables, by the files' names."""
    page = write_page(parts.template, parts.style, parts.scripts, document["title"], page_data(document))
    return {
        PAGE: page,
        DATA: _write_json(document),
        "vms.csv": write_csv(VM_COLUMNS, _vm_rows(document)),
        "requests.csv": write_csv(REQUEST_COLUMNS, document["requests"]),
        "exposures.csv": write_csv(EXPOSURE_COLUMNS, _exposure_rows(document["vms"])),
        "policies.csv": write_csv(FINDING_COLUMNS, _finding_rows(document)),
    }


def _write_json(document: Json) -> str:
    """Write one row to a line: as quick to write as no lines, and as good to look through and compare as many."""
    parts = [f"{json.dumps(key)}: {_lines(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in value) + "\n]"


def write_connections(document: Json, preference: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Write an .rdp file for each VM whose RDP port is open, and name those without an address."""
    files, without = write_rdp_files(open_vms(document, RDP), preference)
    return {f"{RDP_FOLDER}/{name}": content for name, content in files.items()}, without


def is_connection(name: str) -> bool:
    """Tell whether a file is called as connections are; a record of them may have been tampered with."""
    folder, _slash, file = name.partition("/")
    return folder == RDP_FOLDER and bool(FILE_NAME.fullmatch(file))


def record_of(connections: Mapping[str, str]) -> dict[str, str]:
    """Give the digests by which the next report knows its predecessors' files."""
    return {name: sha256(text.encode()).hexdigest() for name, text in connections.items()}


def read_record(document: Any) -> dict[str, str]:
    """Read from an earlier report, which may be anything by now, what connections it left behind."""
    record = document.get("connections") if isinstance(document, dict) else None
    if not isinstance(record, dict):
        return {}
    return {name: mark for name, mark in record.items() if isinstance(name, str) and isinstance(mark, str)}


def _vm_rows(document: Json) -> Iterable[Json]:
    for vm in document["vms"]:
        yield {
            **vm,
            "subscription": document["subscriptions"][vm["subscription_id"]],
            "ports": [_rule_text(rule) for rule in vm["ports"]],
            "exposed_ports": sorted({exposure["port"] for exposure in vm["exposures"] if is_reached(exposure)}),
        }


def _rule_text(rule: Mapping[str, Any]) -> str:
    return f"{rule['port']}/{rule['protocol']} from {' '.join(rule['sources'])} for {rule['max_duration']}"


def _exposure_rows(vms: Iterable[Json]) -> Iterable[Json]:
    for vm in vms:
        for exposure in vm["exposures"]:
            yield {**vm, **exposure, "rule": (exposure["rule"] or {}).get("name")}


def _finding_rows(document: Json) -> Iterable[Json]:
    for policy in document["policies"]:
        for finding in policy["findings"]:
            yield {**policy, "policy": policy["name"], "policy_id": policy["id"], **finding}
    for vm in document["missing_vms"]:
        for policy_id in vm["policies"]:
            yield {**vm, "kind": "missing_vm", "vms": [vm["id"]], "policy_id": policy_id}
