# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the control interface."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from ..behaviour import DURATIONS, Behaviour, changed
from ..errors import ArmError
from ..exchange import Call, Json, Reply
from ..fleet.document import FleetError
from ..moments import MAX_OFFSET, format_utc, seconds, ticks
from ..state.export import export_state
from .faults import read_fault
from .principals import read_principal, show_principal
from .usage import show_usage

if TYPE_CHECKING:
    from ..service import Service


def health(service: Service, call: Call) -> Reply:
    """Tell that the simulator is up, and what it simulates."""
    groups = list(service.world.groups())
    return Reply(
        body={
            "status": "ok",
            "fleet": service.fleet,
            "subscriptions": len(service.world.subscriptions),
            "groups": len(groups),
            "vms": sum(len(group.vms) for group in groups),
            "policies": sum(1 for _ in service.world.policies.all()),
        }
    )


def usage(service: Service, call: Call) -> Reply:
    """Tell what the simulator has used of this machine."""
    return Reply(body=show_usage())


def _body(call: Call) -> Json:
    """Return the body as an object, or say so in other words than Azure's."""
    try:
        return call.json()
    except ArmError:
        raise ArmError(400, "InvalidBody", "The body has to be a JSON object.") from None


def reset(service: Service, call: Call) -> Reply:
    """Begin again with the fleet as it was at the start."""
    try:
        service.reset()
    except OSError as error:
        raise _without_addresses(error) from None
    return health(service, call)


def state(service: Service, call: Call) -> Reply:
    """Export what the simulated cloud holds."""
    return Reply(body=export_state(service.world))


def restore_state(service: Service, call: Call) -> Reply:
    """Go back to an exported state."""
    try:
        service.restore(_body(call))
    except FleetError as error:
        raise ArmError(400, "InvalidState", f"{error}.") from None
    except OSError as error:
        raise _without_addresses(error) from None
    return health(service, call)


def _without_addresses(error: OSError) -> ArmError:
    return ArmError(409, "NoLoopbackAddresses", f"Nothing has changed: {error}.")


def show_principals(service: Service, call: Call) -> Reply:
    """Tell who may sign in, with the roles; secrets are told once, on creation."""
    return Reply(body={"principals": [show_principal(item) for item in service.world.principals.values()]})


def add_principal(service: Service, call: Call) -> Reply:
    """Add an application with a secret and roles."""
    principal = read_principal(_body(call))
    service.world.principals[principal.client_id] = principal
    return Reply(201, show_principal(principal) | {"secret": principal.secret})


def show_clock(service: Service, call: Call) -> Reply:
    """Tell the simulated time."""
    return Reply(body={"now": format_utc(service.clock.now()), "offset": seconds(service.clock.offset)})


def advance_clock(service: Service, call: Call) -> Reply:
    """Move the simulated time forward and apply what that makes due."""
    advance = _body(call).get("advance")
    ahead = seconds(service.clock.offset)
    if isinstance(advance, bool) or not isinstance(advance, int | float) or not 0 <= advance <= MAX_OFFSET - ahead:
        raise ArmError(400, "InvalidClock", "'advance' must be a number of seconds, from 0 to a century in all.")
    service.advance(ticks(advance))
    return show_clock(service, call)


def show_behaviour(service: Service, call: Call) -> Reply:
    """Tell the settings; durations in seconds."""
    return Reply(body=_show_behaviour(service.world.behaviour))


def change_behaviour(service: Service, call: Call) -> Reply:
    """Change settings by name, until the next reset."""
    try:
        service.world.behaviour = changed(service.world.behaviour, _body(call))
    except ValueError as error:
        raise ArmError(400, "InvalidBehaviour", f"{error}.") from None
    return show_behaviour(service, call)


def _show_behaviour(behaviour: Behaviour) -> Json:
    """Write the settings."""
    values = {entry.name: getattr(behaviour, entry.name) for entry in fields(Behaviour)}
    return {name: seconds(value) if name in DURATIONS else value for name, value in values.items()}


def show_journal(service: Service, call: Call) -> Reply:
    """Tell the requests so far."""
    return Reply(body={"requests": list(service.journal.show())})


def clear_journal(service: Service, call: Call) -> Reply:
    """Forget the requests so far."""
    service.journal.clear()
    return Reply(204)


def show_faults(service: Service, call: Call) -> Reply:
    """Tell the faults ordered."""
    return Reply(body={"faults": service.faults.show()})


def add_fault(service: Service, call: Call) -> Reply:
    """Order a fault."""
    fault = read_fault(_body(call))
    service.faults.add(fault)
    return Reply(201, fault.show())


def clear_faults(service: Service, call: Call) -> Reply:
    """Forget the faults ordered."""
    service.faults.clear()
    return Reply(204)
