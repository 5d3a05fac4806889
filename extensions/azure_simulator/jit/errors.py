# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of just-in-time policies; codes and texts are reported where tagged [issue], else guesses [inf]."""

from __future__ import annotations

from ..errors import ArmError
from ..exchange import Call


def policy_not_found(name: str) -> ArmError:
    """Say that there is no such policy; the code is reported [issue: azapi 697], the text a guess [inf]."""
    return ArmError(404, "PolicyNotFound", f"Policy '{name}' was not found.")


def not_a_subset(policy_id: str) -> ArmError:
    """Say that a request asks for more than the policy allows; text [issue], status and code [inf]."""
    return ArmError(
        400,
        "InvalidInitiateInput",
        f"The given access request is not a subset of policy '{policy_id}'. Please make sure that the access "
        "request is within the allowed policy properties.",
    )


def end_and_duration() -> ArmError:
    """Say that exactly one of the two is to be given [issue: azure-rest-api-specs 43491]."""
    return invalid_initiate("Only one of fields 'EndTimeUtc' and 'Duration' can be set.")


def invalid_initiate(message: str) -> ArmError:
    """Refuse a request; code [issue], text [inf]."""
    return ArmError(400, "InvalidInitiateInput", message)


def invalid_policy(message: str) -> ArmError:
    """Refuse a policy [inf]."""
    return ArmError(400, "InvalidPolicyInput", message)


def linked_authorization_failed(policy_id: str, linked: str) -> ArmError:
    """Refuse a VM id that leads nowhere: the answer speaks of a subscription [issue: azapi 177]."""
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        "The client has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope "
        f"'{policy_id}', however the linked subscription '{linked}' was not found.",
    )


def linked_permission_missing(call: Call, policy_id: str, action: str, vm_id: str) -> ArmError:
    """Refuse a policy over a VM that the caller may not change [docs]."""
    assert call.principal is not None
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{call.principal.client_id}' with object id '{call.principal.object_id}' has permission to "
        f"perform action '{call.action}' on scope '{policy_id}'; however, it does not have permission to perform "
        f"action(s) '{action}' on the linked scope(s) '{vm_id}' (respectively) or the linked scope(s) are "
        "invalid.",
    )


def internal_error() -> ArmError:
    """Fail opaquely, as the service does on a bad protocol [issue: azure-docs 52013]."""
    return ArmError(500, "InternalServerError", "Internal server error has occurred.")
