# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of the sign-in's options is what modules and inventory take."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.jitfleet.azure.plugins.doc_fragments.auth import ModuleDocFragment
from ansible_collections.jitfleet.azure.plugins.module_utils._auth_options import AUTH_OPTIONS, auth_spec
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import SECRETS, VARIABLES

MODULES: dict[str, Any] = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
PLUGINS: dict[str, Any] = yaml.safe_load(ModuleDocFragment.PLUGIN)["options"]


def test_every_option_is_documented() -> None:
    assert tuple(MODULES) == AUTH_OPTIONS
    # The inventory's documentation has subscription_id itself, with a meaning of its own.
    assert {*PLUGINS, "subscription_id"} == set(AUTH_OPTIONS)


@pytest.mark.parametrize("option", AUTH_OPTIONS)
def test_types_choices_and_variables_are_the_documented_ones(option: str) -> None:
    spec, documented = auth_spec()[option], MODULES[option]
    assert documented["type"] == spec["type"]
    assert documented.get("choices") == spec.get("choices")
    assert [name for name in VARIABLES[option] if f"E({name})" not in documented["description"][-1]] == []
    if option in PLUGINS:
        assert PLUGINS[option]["type"] == spec["type"]
        assert tuple(entry["name"] for entry in PLUGINS[option]["env"]) == VARIABLES[option]


def test_secrets_are_kept_out_of_results() -> None:
    assert {name for name, spec in auth_spec().items() if spec.get("no_log")} == set(SECRETS)
