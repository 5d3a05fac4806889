# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say who signs in, for modules and inventory alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ._azure.local_logins import read_az, read_profile
from ._jit.sign_in import SECRETS, SOURCES, VALIDATION_MODES, VARIABLES, SignIn
from ._jit.sign_in_choice import choose, secret_values

AUTH_OPTIONS = tuple(VARIABLES)


def auth_spec() -> dict[str, dict[str, Any]]:
    """Options of the documentation fragment `jitfleet.azure.auth`.

    They have neither defaults nor fallbacks: only so is it known what the task itself says.
    """
    special: dict[str, dict[str, Any]] = {
        "auth_source": {"type": "str", "choices": list(SOURCES)},
        "cert_validation_mode": {"type": "str", "choices": list(VALIDATION_MODES)},
        "disable_instance_discovery": {"type": "bool"},
        "x509_certificate_path": {"type": "path"},
        # Said, because Ansible takes the name for that of a secret.
        "oidc_token_file_path": {"type": "path", "no_log": False},
        **{name: {"type": "str", "no_log": True} for name in SECRETS},
    }
    return {name: special.get(name, {"type": "str"}) for name in AUTH_OPTIONS}


def read_sign_in(options: Mapping[str, Any], warn: Callable[[str], object]) -> SignIn:
    """Choose who signs in from what the task or the inventory file says, and from what this machine knows."""
    given = {name: options.get(name) for name in AUTH_OPTIONS}
    sign_in = choose(given, os.environ, read_profile, read_az)
    for warning in sign_in.warnings:
        warn(warning)
    return sign_in


def environment_secrets() -> set[str]:
    """Give the secrets of the environment, which no result may show, whether they are used or not."""
    return secret_values(os.environ)
