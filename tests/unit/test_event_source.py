# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source's arguments, and what its files say of them."""

from __future__ import annotations

import json
import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.jitfleet.azure.plugins.module_utils import _event_source
from ansible_collections.jitfleet.azure.plugins.module_utils._auth_options import auth_spec
from ansible_collections.jitfleet.azure.plugins.module_utils._event_source import EventSource, source_spec
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import JitFleetError
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.watch import WatchRequest
from samples import SUBSCRIPTION

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source"
SIGN_IN = {"client_id": "me", "secret": "hush-hush", "tenant": "example.com"}
HERE = {"subscriptions": [SUBSCRIPTION], **SIGN_IN}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AZURE_SUBSCRIPTION_ID", "AZURE_PROFILE", "AZURE_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def read(**args: Any) -> WatchRequest:
    return EventSource.read({**HERE, **args}).request


def refused(**args: Any) -> str:
    with pytest.raises(JitFleetError) as caught:
        read(**args)
    return str(caught.value)


def test_defaults_watch_everything_of_a_subscription_once_a_minute() -> None:
    request = read()

    assert request.scope.subscriptions == (SUBSCRIPTION,)
    assert request.events == {"opened", "about_to_end", "ended", "closed_early", "exposure_found"}
    assert (request.interval, request.exposure_interval) == (timedelta(minutes=1), timedelta(minutes=10))
    assert (request.telling.lead, request.telling.emit_existing) == (timedelta(minutes=15), False)
    assert request.check_rules


def test_texts_are_read_as_ansible_reads_them() -> None:
    # Variables of a rulebook come as texts.
    request = read(interval="30", check_rules="no", events="opened,ended", ports="rdp,22", lead_time="1h")

    assert (request.interval.seconds, request.check_rules, request.ports) == (30, False, (3389, 22))
    assert request.events == {"opened", "ended"}


def test_a_star_stands_for_all_subscriptions() -> None:
    assert read(subscriptions="*").scope.subscriptions == ()


def test_what_ansible_rulebook_adds_by_itself_is_no_argument() -> None:
    assert EventSource.read({**HERE, "eda_feedback_queue": object()}).request == read()


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"intervall": 30}, "intervall: there is no such argument; interval was meant?"),
        ({"colour": "red"}, "colour: there is no such argument; the documentation"),
        ({"interval": "often"}, "interval"),
        ({"interval": 0}, "interval: 0 is out of range, 1 to 3600 seconds"),
        ({"interval": -5}, "interval: -5"),
        ({"exposure_interval": 86400}, "exposure_interval: 86400"),
        (
            {"lead_time": "15"},
            "lead_time: '15' is not a duration; write it as 3h, 90m",
        ),
        ({"lead_time": "1m"}, "lead_time: '1m' is out of range: it is more than interval (60 s)"),
        ({"lead_time": "2d"}, "lead_time"),
        ({"events": ["open"]}, "events"),
        ({"events": []}, "events: the list is empty"),
        ({"ports": ["telnet"]}, "ports"),
        ({"subscriptions": ["prod"]}, "subscriptions"),
        ({"subscriptions": []}, "subscriptions"),
        ({"subscriptions": None}, "subscriptions: it is not said in which subscriptions"),
        ({"resource_groups": []}, "resource_groups"),
        ({"check_rules": "perhaps"}, "check_rules"),
        ({"emit_existing": 7}, "emit_existing"),
        ({"auth_source": "magic"}, "auth_source"),
    ],
)
def test_a_wrong_argument_is_named(args: dict[str, Any], named: str) -> None:
    assert named in refused(**args)


def test_all_that_is_wrong_is_told_at_once_and_no_secret_with_it() -> None:
    said = refused(interval=0, exposure_interval=0, lead_time="soon")
    unreadable = refused(secret=["hush-hush"], auth_source="hush-hush", password="hush-hush")

    assert all(name in said for name in ("interval: 0", "exposure_interval: 0", "lead_time: 'soon'"))
    assert "hush" not in unreadable


def test_a_short_lead_is_fine_where_no_warning_is_wanted() -> None:
    assert read(lead_time="1m", events=["opened"]).telling.lead == timedelta(minutes=1)


# -- what is written about them ---------------------------------------------------------------------------


def documented() -> dict[str, Any]:
    module = runpy.run_path(str(SOURCE / "jit_events.py"))
    document: dict[str, Any] = yaml.safe_load(module["DOCUMENTATION"])
    return document


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SOURCE / "schemas" / "jit_events.json").read_text())
    return loaded


def test_the_documentation_says_what_the_code_takes() -> None:
    spec = {**auth_spec(), **source_spec()}
    options = documented()["options"]

    def said(option: dict[str, Any]) -> dict[str, Any]:
        return {key: option.get(key) for key in ("type", "elements", "choices", "default")}

    assert {name: said(option) for name, option in options.items()} == {
        name: said(option) for name, option in spec.items()
    }


def test_the_schema_says_what_the_documentation_says() -> None:
    options = documented()["options"]
    properties = schema()["properties"]
    types = {"str": "string", "path": "string", "int": "integer", "bool": "boolean", "list": "array"}

    assert properties.keys() == options.keys()
    for name, option in options.items():
        assert properties[name]["type"] == types[option["type"]], name
        assert properties[name].get("default") == option.get("default"), name
        choices = properties[name].get("items", properties[name]).get("enum")
        assert choices == option.get("choices"), name


def test_the_examples_are_read_by_code_and_schema_alike() -> None:
    module = runpy.run_path(str(SOURCE / "jit_events.py"))
    examples = yaml.safe_load(module["EXAMPLES"])

    for example in examples:
        ((name, args),) = example.items()
        jsonschema.validate(args, schema())
        assert name == "jitfleet.azure.jit_events"
        assert EventSource.read({**HERE, **args}).request.interval >= timedelta(seconds=30)


@pytest.mark.parametrize("args", [{"interval": 0}, {"events": ["open"]}, {"intervall": 5}, {"check_rules": 3}])
def test_the_schema_refuses_what_the_code_refuses(args: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(args, schema())
    assert refused(**args)


def test_every_event_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_event_driven.rst").read_text()

    assert all(f"``{name}``" in guide for name in source_spec()["events"]["choices"])
    assert _event_source.logger.name in guide
