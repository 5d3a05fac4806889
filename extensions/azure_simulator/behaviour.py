# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every switch of the simulated service in one place, with the source of its default.

Sources: [spec] Microsoft's API description, [rec] recorded traffic, [docs] Microsoft's documentation, [issue] a
public thread, [inf] inferred and not proven: what Azure really does there is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .moments import parse_plain_duration


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the simulated service behaves; durations are in ticks."""

    provisioning: int = 0
    """How long a policy shows `Updating`, a request `Initiating`; recorded: over 1 s and 2 to 8 s [rec]."""
    provisioning_per_vm: int = 0
    """Added to `provisioning` of a policy for each VM that it covers [inf]."""
    latency: int = 0
    """Added to every answer."""
    commit_delay: int = 0
    """From the acceptance of a JIT write to its effect; a client that gives up doesn't undo it [rec: slow]."""
    reply_delay: int = 0
    """From the effect of a JIT write to its answer [rec: up to ten seconds]."""
    hidden_after_create: int = 0
    """For so long a new policy answers 404 `PolicyNotFound` to GET and initiate [issue: azapi 697]."""
    network_operation: int = 0
    """How long an asynchronous network or compute write takes; recorded: about 10 s [rec]."""
    batch: Literal["synchronous", "asynchronous"] = "synchronous"
    """Whether `/batch` answers 200 with all answers or 202 with where they will be; clients handle both [inf]."""
    batch_duration: int = 0
    """How long an asynchronous batch takes [inf]."""
    batch_retry_after: int = 1
    """`Retry-After` of asynchronous batches in seconds; 0 sends none, and some clients then wait 30 s [inf]."""
    token_lifetime: int = 3599 * 10_000_000
    """Lifetime of access tokens on the real clock."""
    page_size: int = 100
    """Upper bound of a list page."""
    irregular_pages: bool = True
    """Pages shorter than the bound, at times an empty last one, `$skiptoken` in three spellings [rec][docs]."""
    null_next_link: bool = False
    """Whether the last page says `"nextLink": null` or nothing; both occur [docs]."""
    mixed_case_ids: bool = True
    """Compute shows the resource group in capitals, network and Resource Graph as created [rec]."""
    unordered_requests: bool = True
    """`requests[]` comes in no order [rec]."""
    deny_priority: int = 4096
    """Where standing deny rules start, downwards; 4096, 4095 and 1000 have been seen [docs][issue]."""
    deny_rules: Literal["per_vm", "per_port"] = "per_vm"
    """One standing deny rule for a VM or one for each of its ports; both have been seen [docs]."""
    grant_rules: Literal["per_port", "per_vm"] = "per_port"
    """One grant rule for each port or one for a VM's ports of equal source [inf]."""
    rules_in: Literal["both", "nic", "subnet"] = "both"
    """Which NSGs JIT writes to where both levels have one [inf]."""
    equal_grants: Literal["separate", "merged"] = "separate"
    """Whether two grants for the same VM, port and source have a rule each or share one [inf]."""
    port_edit_revokes: bool = False
    """Whether a PUT that changes the ports of a VM revokes its grants [inf]."""
    newer_request_supersedes: bool = False
    """Whether a later request for the same VM, port and source ends the older one (`NewerRequestInitiated`).

    Later-ending requests were recorded not to do so [rec]; of shorter ones nothing is known [inf].
    """
    single_address_in_cidr: bool = True
    """Whether one address inside a policy's CIDR counts as a subset of it; disputed [issue: azure-docs 53026]."""
    requestor: str = ""
    """`requestor` of service principals; empty in all recordings made by automation [rec][inf]."""
    throttle: Literal["off", "azure"] = "off"
    """Whether request quotas are enforced: buckets of principal and subscription, queries per window [docs]."""
    rules_per_nsg: int = 1000
    """How many rules an NSG holds; at the limit a grant fails after its 202 [docs][inf]."""
    fan_out: int = 3
    """How many backends answer a subscription or group list (`x-ms-original-request-ids`) [rec]."""


_BOUNDS = {
    "page_size": (1, 1_000_000),
    "batch_retry_after": (0, 3600),
    "deny_priority": (100, 4096),
    "rules_per_nsg": (0, 1_000_000),
    "fan_out": (1, 100),
}
_HINTS = get_type_hints(Behaviour)
DURATIONS = frozenset(
    {
        "provisioning",
        "provisioning_per_vm",
        "latency",
        "commit_delay",
        "reply_delay",
        "hidden_after_create",
        "network_operation",
        "batch_duration",
        "token_lifetime",
    }
)


def changed(behaviour: Behaviour, changes: dict[str, object]) -> Behaviour:
    """Return a copy with `changes` applied; durations are seconds or texts like `2s`. Raises ValueError."""
    known = {entry.name for entry in fields(Behaviour)}
    for name in changes:
        if name not in known:
            raise ValueError(f"unknown behaviour '{name}': known are {', '.join(sorted(known))}")
    values: dict[str, Any] = {name: _value(name, value) for name, value in changes.items()}
    return replace(behaviour, **values)


def _value(name: str, value: object) -> object:
    """Check one value against its field's type."""
    hint = _HINTS[name]
    if name in DURATIONS:
        return parse_plain_duration(str(value))
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{name}: '{value}' is not one of {', '.join(get_args(hint))}")
        return value
    if type(value) is not hint:
        raise ValueError(f"{name}: {value!r} is not {hint.__name__}")
    if isinstance(value, int) and name in _BOUNDS:
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise ValueError(f"{name}: {value} is not from {low} to {high}")
    return value
