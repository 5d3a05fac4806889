# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's connection, straight into the simulated cloud: no HTTP, no sign-in."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Answer, Arm
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.pages import Items, read_items
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from cloud import BASE, Cloud


class CloudArm(Arm):
    """Sends everything to one cloud and counts it, by method and path."""

    def __init__(self, cloud: Cloud) -> None:
        self._base_url = BASE
        self._cloud = cloud
        self._lock = threading.Lock()
        self.sent: Counter[str] = Counter()
        # what happens to requests before they are answered, by a part of "METHOD path "
        self.hooks: list[tuple[str, Callable[[], object]]] = []

    def _send(self, method: str, url: str, body: Any = None, **options: Any) -> Any:
        return self._exchange(method, url, body=body, **options).document

    def _page(self, url: str) -> Items:
        return read_items(json.dumps(self._send("GET", url)).encode())

    def _exchange(self, method: str, url: str, **options: Any) -> Answer:
        parts = urlsplit(url)
        name = f"{method} {parts.path}"
        with self._lock:
            self.sent[name] += 1
            for part, hook in self.hooks:
                if part in f"{name} ":
                    hook()
            reply = self._cloud.call(method, f"{parts.path}?{parts.query}", options.get("body"))
        if reply.status >= 400:
            error = reply.body["error"]
            raise AzureRefused(f"{method} {parts.path}", reply.status, error["code"], error["message"])
        headers = {name: str(value) for name, value in reply.headers.items()}
        return Answer(reply.status, headers, reply.body)

    def write(self, method: str, path: str, api_version: str, body: Any = None) -> Any:
        return self._send(method, self._url(path, api_version, None), body)


class CloudClock:
    """The simulated cloud's time, which passes by sleeping."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self.slept = 0.0

    def now(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._cloud.clock.now() // 10)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept += seconds
            self._cloud.advance(seconds)
