# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Defender for Cloud's own assessment says of just-in-time access: a second opinion, hours late [rec]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .ids import VmId
from .policies import Json
from .status import CONFIGURED, NOT_CONFIGURED, UNSUPPORTED
from .times import read_moment, write_moment

ASSESSMENT = "805651bc-6ecd-4c73-9b55-97a19d0582d0"
_MARK = "/providers/microsoft.security/"
# What its words mean in the portal's tabs [rec].
_MEANS = {"healthy": CONFIGURED, "unhealthy": NOT_CONFIGURED, "notapplicable": UNSUPPORTED}


@dataclass(frozen=True, slots=True)
class Assessment:
    """One VM's assessment; `changed` is when it last came to another opinion, where Azure says so."""

    status: str
    cause: str | None
    changed: datetime | None

    def agrees_with(self, jit_status: str) -> bool | None:
        """Tell whether it says the same; None where its word is none that is known."""
        meant = _MEANS.get(self.status.lower())
        return None if meant is None else meant == jit_status


def read_assessment(document: Mapping[str, Any]) -> tuple[VmId, Assessment] | None:
    """Read an assessment with its VM; None for one of something else."""
    vm = VmId.find_in(_before(str(document.get("id") or "")))
    status = (document.get("properties") or {}).get("status") or {}
    if vm is None or str(document.get("name") or "").lower() != ASSESSMENT or not status.get("code"):
        return None
    moment = status.get("statusChangeDate") or status.get("firstEvaluationDate")
    cause = str(status.get("cause") or "") or None
    return vm, Assessment(str(status["code"]), cause, read_moment(str(moment)) if moment else None)


def describe_assessment(assessment: Assessment, jit_status: str, now: datetime) -> Json:
    changed = assessment.changed
    return {
        "status": assessment.status,
        "cause": assessment.cause,
        "changed": write_moment(changed) if changed else None,
        "age_seconds": int((now - changed).total_seconds()) if changed else None,
        "agrees": assessment.agrees_with(jit_status),
    }


def _before(text: str) -> str:
    """Take off what follows the VM's own id."""
    place = text.lower().find(_MARK)
    return text[:place] if place >= 0 else text
