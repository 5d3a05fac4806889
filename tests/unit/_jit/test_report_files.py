# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report's files: the data as they are, and tables with a row for each thing."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_files import (
    EXPOSURE_COLUMNS,
    FINDING_COLUMNS,
    REQUEST_COLUMNS,
    VM_COLUMNS,
    PageParts,
    is_connection,
    read_record,
    record_of,
    write_connections,
    write_files,
)
from report_samples import sample_document

NOW = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
DOCUMENT = sample_document(30, NOW)
FILES = write_files(DOCUMENT, PageParts("@@TITLE@@ @@DATA@@", "", ()))


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(FILES[name].removeprefix("\ufeff"), newline="")))


def test_the_data_are_the_documents_one_row_to_a_line() -> None:
    assert json.loads(FILES["report.json"]) == DOCUMENT
    lines = FILES["report.json"].splitlines()
    assert len([line for line in lines if line.startswith('{"id": ')]) >= len(DOCUMENT["vms"])


def test_the_page_holds_title_and_data() -> None:
    assert FILES["report.html"].startswith("Just-in-time VM access {")


def test_there_is_a_row_for_each_vm_and_request() -> None:
    vms, requests = table("vms.csv"), table("requests.csv")
    assert tuple(vms[0]) == VM_COLUMNS
    assert tuple(requests[0]) == REQUEST_COLUMNS
    assert [row["id"] for row in vms] == [vm["id"] for vm in DOCUMENT["vms"]]
    assert len(requests) == len(DOCUMENT["requests"])


def test_a_vms_row_says_what_its_policies_allow_and_which_ports_are_reached() -> None:
    (row,) = [row for row in table("vms.csv") if row["name"] == "vm-00003"]
    assert row["ports"] == "3389/any from any for 3h"
    assert row["exposed_ports"] == "3389"
    assert row["subscription"] == "Workplace"
    (closed,) = [row for row in table("vms.csv") if row["name"] == "vm-00004"]
    assert closed["exposed_ports"] == ""


def test_an_exposures_row_names_the_vm_and_the_rule() -> None:
    rows = table("exposures.csv")
    assert tuple(rows[0]) == EXPOSURE_COLUMNS
    (row,) = [row for row in rows if row["name"] == "vm-00003" and row["from"] == "internet"]
    assert (row["port"], row["state"], row["rule"]) == ("3389", "open", "allow-migration")


def test_a_findings_row_names_the_policy_and_a_missing_vm_is_one() -> None:
    rows = table("policies.csv")
    assert tuple(rows[0]) == FINDING_COLUMNS
    (missing,) = [row for row in rows if row["kind"] == "missing_vm"]
    assert missing["vms"].endswith("/vm-gone")
    found = [(row["policy_id"], row["kind"]) for row in rows if row["kind"] != "missing_vm"]
    assert found == [
        (policy["id"], finding["kind"]) for policy in DOCUMENT["policies"] for finding in policy["findings"]
    ]
    assert found


def test_connections_are_written_for_open_desktops_and_known_again() -> None:
    files, without = write_connections(DOCUMENT, ["public_ip"])
    assert files
    assert without == []
    assert all(is_connection(name) for name in files)
    assert read_record(json.loads(json.dumps({"connections": record_of(files)}))) == record_of(files)
    changed = {name: f"{text}." for name, text in files.items()}
    assert not set(record_of(files).values()) & set(record_of(changed).values())


@pytest.mark.parametrize("name", ["vdi.rdp", "rdp/vdi.txt", "other/vdi.rdp", "rdp/a/b.rdp", "rdp/../a.rdp", "rdp"])
def test_no_other_file_counts_as_a_connection(name: str) -> None:
    assert not is_connection(name)


@pytest.mark.parametrize("record", [None, 1, {"connections": [1]}, {"connections": {"rdp/a.rdp": 1}}])
def test_a_record_that_is_none_names_nothing(record: Any) -> None:
    assert read_record(record) == {}
