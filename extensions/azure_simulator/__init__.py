# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of the part of Azure that just-in-time VM access on fleets needs.

Where things live. Each family of resources is a folder of its own: `jit`, `compute`, `network`, `security`,
`graph`, `subscriptions`, `identity`, `authorization`, `operations`, `batch`. In it

    urls.py       which path and verb, and which permission it takes
    responses.py  what an operation answers (`reads.py` and `writes.py` where there are many)
    models.py     the state and its rules
    shapes.py     the state as JSON, as recorded from Azure
    errors.py     what is refused, in Azure's words

Around them: `service.py` takes a call from fault and token to its answer, `world.py` holds all state, `clock.py`
is the only one who knows the time and has the agenda of what falls due, `behaviour.py` lists every switch with
its source, `fleet/` fills a world, `state/` writes one down and reads it back, `control/` is for
tests to steer with, `http_server.py` and `dataplane/` are the only parts that touch the network.

Where a behaviour lives that one may look for:

    what a request for access must be a subset of             jit/initiation.py
    what a policy is refused for                              jit/validation.py
    how long `Updating` and `Initiating` last                 behaviour.py; jit/writes.py, jit/effects.py act on it
    names, priorities and places of JIT's rules               jit/rules.py
    when grants open, end and are revoked                     jit/effects.py
    which traffic the rules let in                            network/rules.py (one list), network/view.py (a VM)
    one change at a time in a security group                  network/writes.py
    quotas, 429 and their headers                             throttling.py (JIT's own among them)
    headers that every answer has                             headers.py
    pages, `nextLink`                                         paging.py
    Kusto: grammar, stages (`join`, ...), functions           graph/kql/ parser.py, evaluator.py, functions.py
    who may do what, 401 and 403                              identity/access.py, roles.py, errors.py
    faults ordered by tests                                   control/faults.py; service.py strikes

To add an operation: a line in `urls.py`, a function in `responses.py`, a test beside the others.
"""

from __future__ import annotations
