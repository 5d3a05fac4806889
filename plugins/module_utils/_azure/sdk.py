# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that imports the Azure SDK, so that its absence is a sentence and not a traceback."""

from __future__ import annotations

import sys
import traceback

from .._jit.errors import MissingLibrary

try:
    import requests
    from azure.core import exceptions
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline import policies
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.identity import ClientSecretCredential
    from azure.mgmt.core import ARMPipelineClient
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

__all__ = [
    "ARMChallengeAuthenticationPolicy",
    "ARMPipelineClient",
    "ClientSecretCredential",
    "HttpRequest",
    "HttpResponse",
    "RequestsTransport",
    "TokenCredential",
    "exceptions",
    "policies",
    "requests",
    "require",
]


def require() -> None:
    """Make sure that the SDK is there, or say for which interpreter to install what."""
    if IMPORT_ERROR is not None:
        reason = IMPORT_ERROR.strip().splitlines()[-1]
        raise MissingLibrary(
            f"the Azure SDK can't be used by the controller's Python {sys.executable}: {reason}. "
            f"Install it there: {sys.executable} -m pip install azure-identity azure-mgmt-core jmespath"
        )
