# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over HTTP: what awx.awx asks, answered as AWX 24.6.1 answers."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from loopback import QuietHandler, serving

from fake_awx.listing import listed
from fake_awx.preloaded import preload
from fake_awx.schema import ELSEWHERE, KINDS
from fake_awx.store import Store, Thing
from fake_awx.surveys import Refused, checked_answers, checked_survey, variables_of_a_job

TOKEN = "controller-token-77ab"
Answer = tuple[int, Any]
_PATH = re.compile(r"^/api/v2/(?P<kind>\w+)/(?:(?P<number>\d+)/(?:(?P<part>\w+)/)?)?$")


@dataclass
class FakeAwx:
    """A controller on loopback; `calls` are the writes that it took, `page_size` that of lists that name none."""

    store: Store
    url: str = ""
    page_size: int = 25
    calls: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def variables(self) -> dict[str, str]:
        return {"CONTROLLER_HOST": self.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}

    def names(self, kind: str) -> list[str]:
        return sorted(str(thing["name"]) for thing in self.store.things[kind].values())

    def launch(self, kind: str, name: str, extra_vars: dict[str, Any], **prompts: Any) -> Answer:
        """Launch a template by its name, as somebody would by the API."""
        (number,) = [thing["id"] for thing in self.store.things[kind].values() if thing["name"] == name]
        return self.answer("POST", f"/api/v2/{kind}/{number}/launch/", {"extra_vars": extra_vars, **prompts})

    def answer(self, method: str, path: str, sent: Any) -> Answer:
        """Answer a request."""
        parts = urlsplit(path)
        place = _PATH.match(parts.path)
        if parts.path == "/api/v2/ping/":
            return 200, {"version": "24.6.1", "ha": False, "active_node": "awx-1"}
        if place is None:
            return 404, {"detail": "The requested resource could not be found."}
        kind, number, part = place["kind"], int(place["number"] or 0), place["part"]
        if method != "GET" and kind != "tokens":
            self.calls.append(f"{method} {parts.path}")
        try:
            if kind == "roles":
                return self._members(method, number, part or "", sent)
            if kind == "project_updates":
                return 200, {"id": number, "status": "successful", "finished": "2026-01-01T00:00:00Z"}
            if kind not in KINDS and kind != "unified_job_templates":
                raise Refused({"detail": "The requested resource could not be found."}, 404)
            if part:
                return self._part(method, kind, self.store.get(kind, number), part, sent, parts.query)
            if number:
                return self._thing(method, kind, number, sent)
            return self._list(method, kind, parts.path, parts.query, sent)
        except Refused as refused:
            return refused.status, refused.body

    def _list(self, method: str, kind: str, path: str, query: str, sent: Any) -> Answer:
        if method == "GET":
            found = listed(self.store, kind, parse_qsl(query, keep_blank_values=True))
            return 200, self._page(path, query, [self.store.shown(*item) for item in found])
        if method != "POST" or kind in ("unified_job_templates", "workflow_approval_templates"):
            return 405, {"detail": f'Method "{method}" not allowed.'}
        thing = self.store.create(kind, sent)
        shown = self.store.shown(kind, thing)
        if kind == "projects" and thing["scm_type"]:
            shown["summary_fields"]["current_update"] = {"id": thing["id"], "status": "pending"}
        return 201, shown

    def _page(self, path: str, query: str, things: Sequence[Any]) -> dict[str, Any]:
        asked = dict(parse_qsl(query))
        size, page = min(int(asked.get("page_size", self.page_size)), 200), int(asked.get("page", "1"))
        if page > 1 and (page - 1) * size >= len(things):
            raise Refused({"detail": "Invalid page."}, 404)
        more = page * size < len(things)
        following = f"{path}?{urlencode({**asked, 'page': page + 1})}" if more else None
        return {"count": len(things), "next": following, "results": list(things[(page - 1) * size : page * size])}

    def _thing(self, method: str, kind: str, number: int, sent: Any) -> Answer:
        if method == "GET":
            return 200, self.store.shown(kind, self.store.get(kind, number))
        if method == "PATCH":
            return 200, self.store.shown(kind, self.store.change(kind, number, sent))
        if method == "DELETE":
            return (204 if self.store.delete(kind, number) else 202), None
        return 405, {"detail": f'Method "{method}" not allowed.'}

    def _part(self, method: str, kind: str, thing: Thing, part: str, sent: Any, query: str) -> Answer:
        if part == "survey_spec" and kind in ("job_templates", "workflow_job_templates"):
            return self._survey(method, thing["id"], sent)
        if part == "create_approval_template" and kind == "workflow_job_template_nodes" and method == "POST":
            approval = self.store.create("workflow_approval_templates", sent)
            thing["unified_job_template"] = approval["id"]
            return 201, self.store.shown("workflow_approval_templates", approval)
        if part == "launch" and kind in ("job_templates", "workflow_job_templates") and method == "POST":
            return self._launch(kind, thing, sent)
        if part not in KINDS[kind].attached:
            raise Refused({"detail": "The requested resource could not be found."}, 404)
        to = ELSEWHERE.get(part, part)
        if method == "GET":
            found = [self.store.shown(to, self.store.get(to, item)) for item in self.store.attached(thing, part)]
            return 200, self._page(f"/api/v2/{kind}/{thing['id']}/{part}/", query, found)
        if sent.get("disassociate"):
            self.store.detach(thing, part, sent["id"])
        else:
            self.store.attach(kind, thing, part, sent.get("id"), to=to)
        return 204, None

    def _survey(self, method: str, number: int, sent: Any) -> Answer:
        if method == "GET":
            return 200, self.store.surveys.get(number, {})
        if method == "POST":
            self.store.surveys[number] = checked_survey(sent)
        else:
            self.store.surveys.pop(number, None)
        return 200, {}

    def _launch(self, kind: str, thing: Thing, sent: Any) -> Answer:
        survey = self.store.surveys.get(thing["id"], {})
        given = dict(sent.get("extra_vars") or {})
        errors = checked_answers(thing, survey, given)
        # By hand, what nobody asks for is passed over; answers are not.
        errors.pop("extra_vars", None)
        if errors:
            raise Refused(errors)
        asked = {question["variable"] for question in survey.get("spec", [])}
        taken = {name: value for name, value in given.items() if name in asked or thing["ask_variables_on_launch"]}
        own = json.loads(thing["extra_vars"] or "{}")
        limit = sent.get("limit", "") if thing["ask_limit_on_launch"] else thing["limit"]
        variables = variables_of_a_job(own, survey, taken)
        return 201, {"type": "job", "limit": limit, "extra_vars": json.dumps(variables)}

    def _members(self, method: str, role: int, part: str, sent: Any) -> Answer:
        if part not in ("teams", "users"):
            raise Refused({"detail": "The requested resource could not be found."}, 404)
        members = self.store.members.setdefault((role, part), [])
        if method == "GET":
            shown = [self.store.shown(part, self.store.get(part, item)) for item in members]
            return 200, self._page(f"/api/v2/roles/{role}/{part}/", "", shown)
        if sent.get("disassociate"):
            members.remove(sent["id"])
        else:
            members.append(self.store.get(part, sent["id"])["id"])
        return 204, None


@contextmanager
def fake_awx(playbooks: Sequence[str]) -> Iterator[FakeAwx]:
    """Serve a controller as it is after its installation, whose projects have these playbooks."""
    controller = FakeAwx(Store(playbooks))
    preload(controller.store)

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = json.loads(content) if content else {}
            if self.headers.get("Authorization") != f"Bearer {TOKEN}" and self.path != "/api/v2/ping/":
                status, body = 401, {"detail": "Authentication credentials were not provided."}
            else:
                with controller.lock:
                    status, body = controller.answer(self.command, self.path, sent)
            answer = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    with serving(Handler) as url:
        controller.url = url
        yield controller
