# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report may take away from its folder: what an earlier one put there, and nothing else."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_files import read_record, record_of
from ansible_collections.jitfleet.azure.plugins.plugin_utils._report_folder import ReportFolder

OURS = "full address:s:203.0.113.7:3389\r\n"


def folder_with(path: Path, **files: str) -> ReportFolder:
    folder = ReportFolder(path, 0o600)
    folder.write({f"rdp/{name}.rdp": text for name, text in files.items()})
    return folder


def test_only_what_was_recorded_and_is_as_it_was_goes(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ours=OURS, still=OURS, changed=OURS, mine=OURS)
    record = record_of({f"rdp/{name}.rdp": OURS for name in ("ours", "still", "changed", "gone")})
    (tmp_path / "rdp" / "changed.rdp").write_text("mine by now")
    assert folder.stale_connections(record, ["rdp/still.rdp"]) == ["rdp/ours.rdp"]


@pytest.mark.parametrize(
    "name",
    ["../other.rdp", "rdp/../../other.rdp", "other.rdp", "rdp/notes.txt", "rdp/sub/x.rdp", "/etc/x.rdp", ""],
)
def test_a_record_that_was_tampered_with_reaches_no_other_file(tmp_path: Path, name: str) -> None:
    folder = folder_with(tmp_path / "report", x=OURS)
    for place in ("other.rdp", "report/other.rdp", "report/rdp/notes.txt", "report/rdp/sub/x.rdp"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(OURS)
    mark = sha256((tmp_path / "other.rdp").read_bytes()).hexdigest()
    assert folder.stale_connections({name: mark}, []) == []


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"connections": None}, {"connections": [1]}, {"connections": {"a": 1}}]
)
def test_a_report_that_is_something_else_names_nothing(document: Any) -> None:
    assert read_record(document) == {}
