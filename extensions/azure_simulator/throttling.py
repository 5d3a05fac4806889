# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request quotas: token buckets as Azure documents them, and the headers that tell what is left."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import ArmError
from .exchange import Call
from .moments import TICKS_PER_SECOND

_SUBSCRIPTION = re.compile(r"/+subscriptions/+([^/]+)", re.IGNORECASE)
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
# Size and refill per second, of each principal in a subscription [docs].
_SIZES = {"reads": (250, 25.0), "writes": (200, 10.0), "deletes": (200, 10.0)}
# All principals of a subscription together have so many times that [docs].
_GLOBAL_FACTOR = 15
# Defender's reads tell a quota of their own, which started at 749 [rec]; how it refills is unknown [inf].
_DEFENDER = (750, 25.0)
# Queries in a window of five seconds [docs][rec].
_QUERIES, _WINDOW = 15, 5 * TICKS_PER_SECOND


@dataclass(slots=True)
class _Bucket:
    size: int
    per_second: float
    level: float
    filled: int

    def refill(self, now: int) -> None:
        """Add what has flown in since the last look."""
        self.level = min(self.size, self.level + (now - self.filled) / TICKS_PER_SECOND * self.per_second)
        self.filled = now

    def wait(self) -> int:
        """Return the whole seconds until there is a token."""
        return max(1, math.ceil((1 - self.level) / self.per_second))


class Throttle:
    """The quotas of one world; with `enforce` off they only tell what the first call of all would be told."""

    def __init__(self) -> None:
        """Begin with full buckets."""
        self._buckets: dict[tuple[str, ...], _Bucket] = {}
        self._windows: dict[str, tuple[int, int]] = {}

    def charge(self, call: Call, now: int, enforce: bool) -> dict[str, str]:
        """Take a token for a call and return the headers. Raises ArmError when there is none."""
        principal = call.principal.client_id if call.principal else ""
        if "/microsoft.resourcegraph/" in call.path.lower():
            return self._charge_query(principal, now, enforce)
        match = _SUBSCRIPTION.match(call.path)
        scope = match.group(1).lower() if match else ""
        kind = _KINDS.get(call.method, "writes")
        size, speed = _SIZES[kind]
        own = self._bucket(("own", principal, scope, kind), size, speed, now)
        shared = self._bucket(("all", scope, kind), size * _GLOBAL_FACTOR, speed * _GLOBAL_FACTOR, now)
        taken = [own, shared]
        headers = {
            f"x-ms-ratelimit-remaining-{'subscription' if scope else 'tenant'}-{kind}": own,
            f"x-ms-ratelimit-remaining-{'subscription' if scope else 'tenant'}-global-{kind}": shared,
        }
        if _is_defender_read(call):
            defender = self._bucket(("defender", principal, scope), *_DEFENDER, now)
            taken.append(defender)
            headers = {"x-ms-ratelimit-remaining-subscription-resource-requests": defender}
        if enforce:
            _take(
                taken, scope, kind, principal, {name: str(int(bucket.level)) for name, bucket in headers.items()}
            )
        return {name: str(int(bucket.level) - (0 if enforce else 1)) for name, bucket in headers.items()}

    def _bucket(self, key: tuple[str, ...], size: int, per_second: float, now: int) -> _Bucket:
        """Return a bucket as it is now."""
        bucket = self._buckets.setdefault(key, _Bucket(size, per_second, size, now))
        bucket.refill(now)
        return bucket

    def _charge_query(self, principal: str, now: int, enforce: bool) -> dict[str, str]:
        """Count a query in its window."""
        end, used = self._windows.get(principal, (0, 0))
        if now >= end or not enforce:
            end, used = now + _WINDOW, 0
        left = max(0, _QUERIES - used - 1)
        resets = math.ceil((end - now) / TICKS_PER_SECOND)
        headers = {
            "x-ms-ratelimit-remaining-tenant-resource-requests": str(left),
            "x-ms-user-quota-remaining": str(left),
            "x-ms-user-quota-resets-after": f"00:00:{resets:02d}",
        }
        if used >= _QUERIES:
            raise _queries_throttled(headers, resets)
        self._windows[principal] = (end, used + 1)
        return headers


def _is_defender_read(call: Call) -> bool:
    """Tell whether a call is one whose answers were recorded with the other quota's header alone [rec]."""
    path = call.path.lower()
    reads = call.method in ("GET", "HEAD") or path.rpartition("/")[0].endswith("/pricings")
    return reads and "/providers/microsoft.security/" in path


def _take(buckets: list[_Bucket], scope: str, kind: str, principal: str, left: dict[str, str]) -> None:
    """Take a token from each bucket, or from none; that a 429 tells of them is a guess [inf]. Raises ArmError."""
    empty = [bucket for bucket in buckets if bucket.level < 1]
    if empty:
        seconds = max(bucket.wait() for bucket in empty)
        raise ArmError(
            429,
            "SubscriptionRequestsThrottled",
            f"Number of '{kind}' requests for subscription '{scope}' actor '{principal}' exceeded. Please try "
            f"again after '{seconds}' seconds after additional tokens are available. Refer to "
            "https://aka.ms/arm-throttling for additional information.",
            headers={**left, "Retry-After": str(seconds)},
        )
    for bucket in buckets:
        bucket.level -= 1


def _queries_throttled(headers: dict[str, str], seconds: int) -> ArmError:
    """Refuse a query until its window ends [docs]."""
    return ArmError(
        429,
        "RateLimiting",
        "Please provide below info when asking for support.",
        details=[
            {
                "code": "RateLimiting",
                "message": "Client application has been throttled and should not attempt to repeat the request "
                "until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for "
                "help.",
            }
        ],
        headers={**headers, "Retry-After": str(seconds)},
    )
