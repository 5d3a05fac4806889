# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the choice of who signs in to a signed-in connection."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .._jit.sign_in import SignIn
from . import sdk
from .arm import READ_TIMEOUT, Arm, pipeline_client, send_json
from .clouds import Cloud, resolve
from .tokens import Tokens
from .way_out import check_way_out

# Several inventory files of one run share a token.
_tokens: dict[tuple[SignIn, Cloud], Tokens] = {}


def connect(
    sign_in: SignIn,
    user_agent: str,
    now: Callable[[], float],
    before_write: Callable[[], None] = lambda: None,
    read_timeout: float = READ_TIMEOUT,
) -> Arm:
    """Find the cloud and prepare the sign-in; the first request asks for the token.

    `now` gives the seconds since the epoch.
    """
    sdk.require()
    validates = sign_in.validates_certificates
    check_way_out(os.environ, os.path.exists, validates=validates)

    def fetch(url: str) -> Any:
        return send_json(pipeline_client(url, user_agent, validates=validates), "GET", url, retry_total=1)

    cloud = resolve(sign_in.cloud_environment, fetch)
    # Neither where a credential was found nor where it is to work makes it another one.
    who = replace(sign_in, source="", subscription_id=None, looked_at=(), warnings=())
    if (who, cloud) not in _tokens:
        _tokens[who, cloud] = Tokens(sign_in, cloud, now)
    tokens = _tokens[who, cloud]
    return Arm(cloud, tokens, user_agent, before_write, validates=validates, read_timeout=read_timeout)
