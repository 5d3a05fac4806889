# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of a task's environment go to the module's process, and not by its command line."""

from __future__ import annotations

import os
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.plugin_utils._secret_environment import inherited, without_secrets


@pytest.mark.parametrize(
    ("environments", "rest", "secrets"),
    [
        ([], [], {}),
        ([None, {}], [None, {}], {}),
        ([{"AZURE_SECRET": "s", "AZURE_TENANT": "t"}], [{"AZURE_TENANT": "t"}], {"AZURE_SECRET": "s"}),
        ([{"AZURE_SECRET": "play"}, {"AZURE_SECRET": "task"}], [{}, {}], {"AZURE_SECRET": "task"}),
        (["variable"], [{"A": "b"}], {"AZURE_PASSWORD": "p"}),
        (["no mapping"], ["no mapping"], {}),
        ([{"AZURE_SECRET": ""}], [{}], {"AZURE_SECRET": ""}),
    ],
)
def test_secrets_are_parted_from_the_rest(
    environments: list[Any], rest: list[Any], secrets: dict[str, str]
) -> None:
    known = {"variable": {"A": "b", "AZURE_PASSWORD": "p"}}

    def template(value: Any) -> Any:
        return known.get(value, value) if isinstance(value, str) else value

    assert without_secrets(environments, template) == (rest, secrets)


def test_variables_are_there_for_a_while_and_as_before_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SECRET", "before")
    monkeypatch.delenv("AZURE_PASSWORD", raising=False)
    with inherited({"AZURE_SECRET": "now", "AZURE_PASSWORD": "p"}):
        assert (os.environ["AZURE_SECRET"], os.environ["AZURE_PASSWORD"]) == ("now", "p")
    assert os.environ["AZURE_SECRET"] == "before"
    assert "AZURE_PASSWORD" not in os.environ
