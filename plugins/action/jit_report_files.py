# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a report's files, on the controller, once for all hosts of the play."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._jit.findings import Limits
from ..module_utils._jit.policies import Json
from ..module_utils._jit.report_document import About, Source, build_document
from ..module_utils._jit.report_files import (
    DATA,
    read_record,
    record_of,
    write_connections,
    write_files,
)
from ..module_utils._jit.times import read_duration
from ..plugin_utils._report_folder import ReportFolder, page_parts
from ..plugin_utils._supported_core import require_supported_core

ROWS = {"type": "list", "elements": "dict"}
SPEC: dict[str, dict[str, Any]] = {
    "dest": {"type": "path", "required": True},
    "vms": {**ROWS, "required": True},
    "requests": {**ROWS, "default": []},
    "policies": {**ROWS, "default": []},
    "missing_vms": {**ROWS, "default": []},
    "subscriptions": {"type": "dict", "default": {}},
    "title": {"type": "str", "default": "Just-in-time VM access"},
    "scope": {"type": "str", "default": ""},
    "days": {"type": "int", "default": 7},
    "long_maximum": {"type": "str", "default": "8h"},
    "rdp_addresses": {
        "type": "list",
        "elements": "str",
        "choices": ["public_ip", "private_ip", "dns"],
        "default": [],
    },
    "mode": {"type": "str", "default": "0600"},
}


class ActionModule(ActionBase):
    """All of it happens here: the module of this name only holds its documentation."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        require_supported_core()
        _validated, options = self.validate_argument_spec(argument_spec=SPEC)
        document = build_document(_source(options), _about(options), datetime.now(UTC))
        folder = ReportFolder(Path(options["dest"]).absolute(), _mode(options["mode"]))
        try:
            return self._write(folder, document, options["rdp_addresses"])
        except OSError as error:
            raise AnsibleActionFail(f"dest: {error.filename}: {error.strerror}") from error

    def _write(self, folder: ReportFolder, document: Json, rdp_addresses: list[str]) -> dict[str, Any]:
        parts = page_parts()
        earlier = _read_json(folder.read(DATA))
        connections, without = write_connections(document, rdp_addresses) if rdp_addresses else ({}, [])
        stale = folder.stale_connections(read_record(earlier), connections)
        document = {**document, "connections": record_of(connections)}
        # What would be written at the moment of the last report: only the moment of a report is no change.
        moment = _moment_of(earlier) or document["generated"]
        then = {**write_files({**document, "generated": moment}, parts), **connections}
        states = {name: folder.compare(name, text) for name, text in then.items()}
        if not self._task.check_mode:
            folder.write({**write_files(document, parts), **connections})
            folder.remove(stale)
        files = [folder.describe(name, state) for name, state in states.items()]
        files += [folder.describe(name, "removed") for name in stale]
        return {
            "changed": any(file["state"] != "unchanged" for file in files),
            "files": files,
            "page": files[0]["path"],
            "summary": document["summary"],
            "without_address": without,
        }


def _source(options: Mapping[str, Any]) -> Source:
    return Source(
        vms=options["vms"],
        requests=options["requests"],
        policies=options["policies"],
        missing=options["missing_vms"],
        subscriptions=options["subscriptions"],
    )


def _about(options: Mapping[str, Any]) -> About:
    longest = read_duration(options["long_maximum"])
    if longest is None:
        raise AnsibleActionFail(
            f"long_maximum: {options['long_maximum']!r} is not a duration; write it as 8h or 90m"
        )
    return About(options["title"], options["scope"], options["days"], Limits(longest))


def _mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise AnsibleActionFail(f"mode: {text!r} is not a file's mode; write it in quotes, as '0640'")
    return mode


def _read_json(text: str | None) -> Any:
    """Read the report that is there, if there is one."""
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def _moment_of(document: Any) -> str | None:
    """Tell when a report was made."""
    moment = document.get("generated") if isinstance(document, dict) else None
    return moment if isinstance(moment, str) else None
