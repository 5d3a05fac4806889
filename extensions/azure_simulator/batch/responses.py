# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to batches: ARM gives them at once or later, as it likes; the settings say which."""

from __future__ import annotations

import json

from ..exchange import Call, Json, Reply, Several
from ..world import World
from .errors import batch_not_found
from .models import Batch, Part, read_parts

# Where ARM lets clients fetch a batch's answers is not known [inf]; they follow Location whatever it is.
RESULTS = "/batch/operationResults"


def send(world: World, call: Call) -> Several:
    """Carry out all requests of a batch; answer 200 with their answers, or 202 with where these will be."""
    parts = read_parts(call)

    def gather(replies: list[Reply]) -> Reply:
        answers = [_show(part, reply) for part, reply in zip(parts, replies, strict=True)]
        if world.behaviour.batch == "synchronous":
            return Reply(body={"responses": answers})
        batch = world.batches.add(world, world.clock.now() + world.behaviour.batch_duration, answers)
        return Reply(202, headers=_lead_to(world, call, batch))

    return Several([part.call for part in parts], gather)


def get_result(world: World, call: Call, batch_id: str) -> Reply:
    """Answer 202 while a batch is under way, then its answers under `value`."""
    batch = world.batches.get(batch_id)
    if batch is None:
        raise batch_not_found(batch_id)
    if world.clock.now() < batch.ready:
        return Reply(202, headers=_lead_to(world, call, batch))
    return Reply(body={"value": batch.answers})


def _lead_to(world: World, call: Call, batch: Batch) -> dict[str, str | list[str]]:
    """Return the headers that lead a client to the answers; without `Retry-After` it waits as long as it likes."""
    headers: dict[str, str | list[str]] = {
        "Location": f"{call.base_url}{RESULTS}/{batch.id}?api-version={call.api_version}"
    }
    if world.behaviour.batch_retry_after:
        headers["Retry-After"] = str(world.behaviour.batch_retry_after)
    return headers


def _show(part: Part, reply: Reply) -> Json:
    """Write the answer to one request."""
    shown: Json = {"httpStatusCode": reply.status, "headers": reply.headers}
    if part.name is not None:
        shown["name"] = part.name
    if reply.body is not None:
        # A copy: what is shown must not change with the state while it waits to be fetched.
        text = json.dumps(reply.body)
        shown |= {"content": json.loads(text), "contentLength": len(text)}
    return shown
