# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

DOCUMENTATION = r"""
---
short_description: Make one fixed shape of the ways in which ticket systems tell of a ticket.
description:
  - An event filter for webhooks of ticket systems. It takes a ticket's number and state out of the payload, checks
    them, and drops all else, headers too. So nothing that a stranger sends reaches a rule's action unchecked.
  - The event is then the mapping C(ticket) with C(id), C(state), C(is_closed), C(is_valid) and C(problem). Of a ticket
    that is not valid C(id) is null and C(problem) says why, without quoting what was sent.
  - Events that come from no webhook, which have no C(payload), go through unchanged.
options:
  id_path:
    description: Where the ticket's number is in the payload, by keys with dots between them.
    type: str
    default: ticket
  state_path:
    description: Where its state is.
    type: str
    default: state
  closed_states:
    description: The states in which nobody needs access any more, in upper or lower case.
    type: list
    elements: str
    default: [closed, complete, completed, done, resolved, cancelled, canceled]
  id_pattern:
    description:
      - A regular expression (Python's) that the whole number has to match. It keeps templates, line breaks and texts
        that would choose other people's windows out.
      - A number of fewer than 4 or more than 64 characters is refused in any case.
    type: str
    default: "[A-Za-z][A-Za-z0-9]{1,15}-?[0-9]{1,12}"
"""

EXAMPLES = r"""
- eda.builtin.webhook:
    port: 5001
    token: "{{ jit_webhook_token }}"
  filters:
    - jitfleet.azure.normalize_ticket:

# Jira
- eda.builtin.webhook:
    port: 5001
    hmac_secret: "{{ jit_webhook_secret }}"
  filters:
    - jitfleet.azure.normalize_ticket:
        id_path: issue.key
        state_path: issue.fields.status.name
        closed_states: [done, declined]
        id_pattern: "OPS-[0-9]{1,6}"
"""

CLOSED_STATES = ("closed", "complete", "completed", "done", "resolved", "cancelled", "canceled")
ID_PATTERN = "[A-Za-z][A-Za-z0-9]{1,15}-?[0-9]{1,12}"
SHORTEST, LONGEST = 4, 64
_STATE = re.compile(r"[a-z0-9][a-z0-9 _-]{0,39}")


def main(
    event: dict[str, Any],
    id_path: str = "ticket",
    state_path: str = "state",
    closed_states: list[str] | tuple[str, ...] = CLOSED_STATES,
    id_pattern: str = ID_PATTERN,
) -> dict[str, Any]:
    """Make a ticket of an event."""
    if "payload" not in event:
        return event
    number = _text_at(event["payload"], id_path)
    state = _text_at(event["payload"], state_path).lower()
    problem = _problem(number, state, id_path, state_path, id_pattern)
    return {
        "ticket": {
            "id": None if problem else number,
            "state": None if problem else state,
            "is_closed": not problem and state in {name.strip().lower() for name in closed_states},
            "is_valid": not problem,
            "problem": problem,
        }
    }


def _text_at(payload: Any, path: str) -> str:
    """Follow a path; what is no text, or not there, is empty."""
    for key in path.split("."):
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload if isinstance(payload, str) else ""


def _problem(number: str, state: str, id_path: str, state_path: str, id_pattern: str) -> str:
    if not SHORTEST <= len(number) <= LONGEST or re.fullmatch(id_pattern, number, re.ASCII) is None:
        return f"payload.{id_path} is missing, or no number of a ticket by id_pattern"
    # Whatever the pattern allows: these would be read as templates further on.
    if not number.isprintable() or any(mark in number for mark in "{}%#"):
        return f"payload.{id_path} holds characters that no number of a ticket has"
    if _STATE.fullmatch(state) is None:
        return f"payload.{state_path} is missing, or no state"
    return ""
