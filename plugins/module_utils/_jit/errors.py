# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, with the parts that a user needs to mend it."""

from __future__ import annotations

import re

# Of ARM's text; of more than one action, such as a linked one, the first is as good as any.
_UNAUTHORIZED = re.compile(r"does not have authorization to perform action '([^']+)'")


class JitFleetError(Exception):
    """The root of the tree; the text is a sentence for the user."""


class InvalidOption(JitFleetError):
    """A value that an option can't take.

    `option` is its name as the user wrote it, with an index or key where it has parts: `vms[3].ports`.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option
        self.problem = problem


class InvalidOptions(JitFleetError):
    """All that is wrong with a task's options, so that one run shows everything."""

    def __init__(self, problems: list[InvalidOption]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class NothingSelected(JitFleetError):
    """No VM is where the task looks for some."""


class PermissionsMissing(JitFleetError):
    """The credential may not do what the task is for; `missing` are the actions by the scope that lacks them."""

    def __init__(self, text: str, missing: dict[str, tuple[str, ...]]) -> None:
        super().__init__(text)
        self.missing = missing


class MissingLibrary(JitFleetError):
    """A Python package that the controller's interpreter lacks."""


class ControllerGone(JitFleetError):
    """The Ansible process that asked for the work ended, so nothing more is written."""


class AzureError(JitFleetError):
    """Anything that Azure, or the way to it, made fail."""


class NoAddress(AzureError):
    """A service of the user's didn't tell the controller's own address."""


class SignInFailed(AzureError):
    """No token was given out; the text is what the identity service said."""


class AzureUnreachable(AzureError):
    """The request never reached the service."""


class ReplyLost(AzureError):
    """The request went out and no usable answer came: what it asked for may or may not have happened."""


def _lack(message: str) -> str:
    """Put first what a credential lacks: ARM says it late in a long text, of which tables show the beginning."""
    action = _UNAUTHORIZED.search(message)
    return f"the credential lacks the action {action[1]}. " if action else ""


# Azure's words for an id that is not a subscription's, or not one that the credential sees.
_UNKNOWN_SUBSCRIPTION = frozenset({"SubscriptionNotFound", "InvalidSubscriptionId"})


def _remedy(request: str, status: int, code: str) -> str:
    """Say what to do where Azure names an id, and not where the user gave it.

    Resource Graph refuses the collection's own queries for no other reason.
    """
    if code in _UNKNOWN_SUBSCRIPTION or (status == 400 and "ResourceGraph" in request):
        return (
            "Check the ids in AZURE_SUBSCRIPTION_ID and the options subscription_id and subscriptions (in an "
            "inventory also management_groups), and that the credential has a role there"
        )
    return ""


class AzureRefused(AzureError):
    """The service answered with an error.

    `code` is Azure's own word for it (such as `AuthorizationFailed`), `headline` the request with it.
    `retry_after` is in seconds.
    """

    def __init__(
        self,
        request: str,
        status: int,
        code: str,
        message: str,
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.headline = f"{request} was refused with {status} {code}"
        remedy = _remedy(request, status, code)
        told = f"{message.rstrip('. ')}. {remedy}" if remedy else message
        super().__init__(f"{self.headline}: {_lack(message)}{told}")
        self.request = request
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def left_outcome_open(self) -> bool:
        """Tell whether the request may have taken effect all the same."""
        return self.status >= 500 or self.status == 408

    @property
    def is_closed(self) -> bool:
        """Tell whether the place is another tenant's, a forbidden one, or not there."""
        return self.status in (401, 403, 404)

    @property
    def is_busy(self) -> bool:
        """Tell whether the service is too busy now, or with something else; a lock says 409 too, and stays."""
        return self.status in (409, 429) and self.code != "ScopeLocked"
