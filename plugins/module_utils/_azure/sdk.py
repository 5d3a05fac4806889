# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that imports the Azure SDK, so that its absence is a sentence and not a traceback."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings

from .._jit.errors import MissingLibrary

try:
    import requests
    from azure.core import exceptions
    from azure.core.pipeline import policies
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.identity import (
        AzureCliCredential,
        CertificateCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        DefaultAzureCredential,
        ManagedIdentityCredential,
        UsernamePasswordCredential,
    )
    from azure.mgmt.core import ARMPipelineClient
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

__all__ = [
    "ARMPipelineClient",
    "AzureCliCredential",
    "CertificateCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "DefaultAzureCredential",
    "HttpRequest",
    "HttpResponse",
    "ManagedIdentityCredential",
    "RequestsTransport",
    "UsernamePasswordCredential",
    "exceptions",
    "policies",
    "requests",
    "require",
]
# They repeat in their own words, on the screen and in Ansible's log, what our errors say.
_TALKERS = ("azure.identity", "azure.core", "msal")


def require() -> None:
    """Make sure that the SDK is there, or say for which interpreter to install what."""
    if IMPORT_ERROR is not None:
        reason = IMPORT_ERROR.strip().splitlines()[-1]
        raise MissingLibrary(
            f"the Azure SDK can't be used by the controller's Python {sys.executable}: {reason}. "
            f"Install it there: {sys.executable} -m pip install azure-identity azure-mgmt-core jmespath"
        )
    _silence()


def _silence() -> None:
    """Keep what the SDK says beside its errors off the screen and out of Ansible's log."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    # Whoever says cert_validation_mode: ignore needs no warning for each request.
    warnings.filterwarnings("ignore", message="Unverified HTTPS request")
