# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a signed-in connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import sdk
from .arm import Arm, pipeline_client, send_json
from .clouds import resolve
from .credentials import SignIn, credential_for


def connect(
    sign_in: SignIn, cloud_environment: str, user_agent: str, before_write: Callable[[], None] = lambda: None
) -> Arm:
    """Find the cloud and prepare the sign-in; the first request asks for the token."""
    sdk.require()

    def fetch(url: str) -> Any:
        return send_json(pipeline_client(url, user_agent), "GET", url, retry_total=1)

    cloud = resolve(cloud_environment, fetch)
    return Arm(cloud, credential_for(sign_in, cloud), user_agent, before_write)
