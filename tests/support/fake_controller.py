# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as tells which jobs are over."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loopback import QuietHandler, serving

TOKEN = "controller-token-3d1f"
OVER = ("successful", "failed", "error", "canceled")


@dataclass
class FakeController:
    """Jobs as the API shows them, and what was asked."""

    url: str = ""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        return {"CONTROLLER_HOST": self.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}

    def add(self, number: int, status: str, source_status: str | None = None) -> None:
        workflow = {"source_workflow_job": {"id": 1, "status": source_status}} if source_status else {}
        self.jobs.append({"id": number, "type": "job", "status": status, "summary_fields": workflow})

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer as the API does: filtered, ordered and in pages."""
        self.asked.append(query)
        statuses = query["status__in"].split(",")
        found = sorted((job for job in self.jobs if job["status"] in statuses), key=lambda job: int(job["id"]))
        size, page = min(int(query["page_size"]), 200), int(query.get("page", "1"))
        return {"count": len(found), "results": found[(page - 1) * size : page * size]}


@contextmanager
def fake_controller(jobs: Sequence[dict[str, Any]] = ()) -> Iterator[FakeController]:
    """Serve jobs on loopback."""
    controller = FakeController(jobs=list(jobs))

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._send(401, {"detail": "Authentication credentials were not provided."})
            elif parts.path != "/api/v2/unified_jobs/":
                self._send(404, {"detail": "The requested resource could not be found."})
            else:
                self._send(200, controller.answer(dict(urllib.parse.parse_qsl(parts.query))))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as url:
        controller.url = url
        yield controller
