# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of cloud metadata, discovery and tokens."""

from __future__ import annotations

from ..routing import Route
from . import managed, metadata, responses


def _open(method: str, path: str, responder: object) -> Route:
    """Return a route that needs neither token nor api-version."""
    assert callable(responder)
    return Route(method, path, responder, needs_token=False, needs_api_version=False)


ROUTES = [
    _open("GET", "/metadata/endpoints", metadata.get_endpoints),
    _open("GET", "/{tenant}/v2.0/.well-known/openid-configuration", responses.discover),
    _open("GET", "/{tenant}/.well-known/openid-configuration", responses.discover),
    _open("GET", "/{tenant}/discovery/v2.0/keys", responses.list_keys),
    _open("GET", "/common/discovery/instance", responses.discover_instance),
    _open("GET", "/common/userrealm/{username}", responses.tell_realm),
    _open("POST", "/{tenant}/oauth2/v2.0/token", responses.issue_token),
    _open("POST", "/{tenant}/oauth2/token", responses.issue_token),
    _open("GET", "/metadata/identity/oauth2/token", managed.from_metadata_service),
    _open("GET", "/msi/token", managed.from_app_service),
]
