# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of batches: a batch's requests, and the answers that wait to be fetched."""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..exchange import Call, Json
from .errors import invalid_request, no_requests, too_many_requests

if TYPE_CHECKING:
    from ..world import World

# More are refused (measured: azure.azcollection sends no more).
LONGEST = 100
_KEPT = 1000
_CLOUD = "https://management.azure.com"
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch, under the name by which its answer is found."""

    name: str | None
    call: Call


def read_parts(batch: Call) -> list[Part]:
    """Read the requests of a batch, all by the caller of the batch. Raises ArmError."""
    requests = batch.json().get("requests")
    if not isinstance(requests, list) or not requests:
        raise no_requests()
    if len(requests) > LONGEST:
        raise too_many_requests(LONGEST)
    return [_read_part(batch, place, request) for place, request in enumerate(requests)]


def _read_part(batch: Call, place: int, request: Any) -> Part:
    """Read one request. Raises ArmError."""
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise invalid_request(place, "it must have a 'url'.")
    method = str(request.get("httpMethod", "")).upper()
    if method not in _METHODS:
        raise invalid_request(place, f"'httpMethod' must be one of {', '.join(_METHODS)}.")
    path, query = _locate(batch, place, request["url"])
    content = request.get("content")
    call = Call(
        method=method,
        path=path,
        query=query,
        headers=batch.headers,
        body=b"" if content is None else json.dumps(content).encode(),
        base_url=batch.base_url,
        caller=batch.caller,
    )
    name = request.get("name")
    return Part(name if isinstance(name, str) else None, call)


def _locate(batch: Call, place: int, url: str) -> tuple[str, dict[str, str]]:
    """Return path and query of a request's address, absolute or not. Raises ArmError."""
    relative = url.removeprefix(batch.base_url).removeprefix(_CLOUD)
    path, _, query = relative.partition("?")
    if not path.startswith("/"):
        raise invalid_request(place, f"'{url}' is not an address of this cloud.")
    if path.rstrip("/").lower() == "/batch":
        raise invalid_request(place, "a batch can't hold another one.")
    return path, {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}


@dataclass(frozen=True, slots=True)
class Batch:
    """An accepted batch: its answers can be fetched from `ready` on, in ticks."""

    id: str
    ready: int
    answers: list[Json]


class BatchStore:
    """The latest batches by id."""

    def __init__(self) -> None:
        """Begin empty."""
        self._batches: OrderedDict[str, Batch] = OrderedDict()

    def add(self, world: World, ready: int, answers: list[Json]) -> Batch:
        """Keep a batch."""
        batch = Batch(str(uuid.UUID(int=world.random.getrandbits(128))), ready, answers)
        self._batches[batch.id] = batch
        if len(self._batches) > _KEPT:
            self._batches.popitem(last=False)
        return batch

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch, if it is known."""
        return self._batches.get(batch_id)
