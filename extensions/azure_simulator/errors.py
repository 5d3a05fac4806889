# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in ARM's shape that several resource families share."""

from __future__ import annotations

from typing import Any


class ArmError(Exception):
    """An answer of the form `{"error": {"code", "message", ...}}`."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        """Keep status, code and message; `headers` goes to the answer, all else into the error object."""
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = more.pop("headers", {})
        self.error: dict[str, Any] = {"code": code, "message": message, **more}

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"error": self.error}


def missing_api_version() -> ArmError:
    """Say that `api-version` is required."""
    return ArmError(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def invalid_json() -> ArmError:
    """Say that the body is not the JSON object that was expected."""
    return ArmError(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized.",
    )


def subscription_not_found(subscription_id: str) -> ArmError:
    """Say that there is no such subscription."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")


def invalid_subscription_id(subscription_id: str) -> ArmError:
    """Say that the identifier is not a GUID."""
    return ArmError(
        400,
        "InvalidSubscriptionId",
        f"The provided subscription identifier '{subscription_id}' is malformed or invalid.",
    )


def resource_group_not_found(name: str) -> ArmError:
    """Say that there is no such resource group."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """Say that there is no such resource, in ARM's words."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def unknown_path(path: str) -> ArmError:
    """Say that nothing is served at this path."""
    return ArmError(404, "InvalidResourceType", f"The resource type could not be found at '{path}'.")


def method_not_allowed(method: str, allowed: list[str]) -> ArmError:
    """Say that the path is served with other methods."""
    return ArmError(
        405,
        "HttpMethodNotSupported",
        f"The http method '{method}' is not supported for a resource at this path.",
        headers={"Allow": ", ".join(sorted(allowed))},
    )


def unregistered_api_version(kind: str, version: str, supported: tuple[str, ...]) -> ArmError:
    """Say that the resource type has no such api-version."""
    return ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for API version '{version}' for type '{kind}'. "
        f"The supported api-versions are '{', '.join(supported)}'.",
    )
