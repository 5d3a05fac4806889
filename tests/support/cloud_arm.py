# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's connection, straight into the simulated cloud: no HTTP, no sign-in."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Arm
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from cloud import BASE, Cloud


class CloudArm(Arm):
    """Sends everything to one cloud and counts it, by method and path."""

    def __init__(self, cloud: Cloud) -> None:
        self._base_url = BASE
        self._cloud = cloud
        self.sent: Counter[str] = Counter()

    def _send(self, method: str, url: str, body: Any = None, **options: Any) -> Any:
        parts = urlsplit(url)
        self.sent[f"{method} {parts.path}"] += 1
        reply = self._cloud.call(method, f"{parts.path}?{parts.query}", body)
        if reply.status >= 400:
            error = reply.body["error"]
            raise AzureRefused(f"{method} {parts.path}", reply.status, error["code"], error["message"])
        return reply.body
