# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks in ansible-rulebook itself, with playbooks that really run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rulebooks import Messages, eventually, free_port, post, running_rulebook, taking_messages, why_not
from small_fleet import SmallFleet

pytestmark = pytest.mark.skipif(bool(why_not()), reason=str(why_not()))

TOKEN = "a-token-for-a-test"


@pytest.fixture
def messages() -> Iterator[Messages]:
    with taking_messages() as taken:
        yield taken


def test_a_warning_is_posted_before_a_window_ends_and_strangers_texts_stay_texts(
    fleet: SmallFleet, messages: Messages, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    template = "{{ lookup('ansible.builtin.pipe', 'touch " + str(trap) + "') }}"
    fleet.open("desk-1", "CHG-1", "PT1H")
    fleet.open("desk-2", f"CHG-2 {template}\nand more", "PT10M")
    fleet.open("lab-1", "CHG-3", "PT10M")
    fleet.open("lab-1", "CHG-4", "PT2H")
    environment = {**fleet.cloud.environment, "JIT_NOTIFY_URL": messages.url}

    name = "jitfleet.azure.warn_before_window_ends"
    with running_rulebook(name, tmp_path, environment, jit_lead_time="15m", jit_interval=1) as rulebook:
        (message,) = messages.awaits(1, lambda: rulebook.said)
        fleet.open("desk-3", "CHG-5", "PT10M")
        messages.awaits(2, lambda: rulebook.said)

    # desk-1 has time left, and another request keeps lab-1 open
    assert [each["details"]["vm"].rpartition("/")[2] for each in messages.received] == ["desk-2", "desk-3"]
    assert message["severity"] == "warning"
    assert message["text"].startswith("Port 22 of desk-2 closes at ")
    harmless = template.replace("{{", "{ {").replace("}}", "} }")
    assert message["text"].endswith(f"for 203.0.113.7 (CHG-2 {harmless} and more)")
    assert not trap.exists()
    assert "hush-hush" not in rulebook.said


def test_an_exposure_is_paged_once(fleet: SmallFleet, messages: Messages, tmp_path: Path) -> None:
    environment = {**fleet.cloud.environment, "JIT_NOTIFY_URL": messages.url}
    fleet.expose("lab-1")

    settings = {"jit_exposure_interval": 1, "jit_emit_existing": True}
    with running_rulebook("jitfleet.azure.page_on_exposure", tmp_path, environment, **settings) as rulebook:
        messages.awaits(3, lambda: rulebook.said)
        looks = fleet.cloud.calls()["GET jitNetworkAccessPolicies"]
        eventually(lambda: fleet.cloud.calls()["GET jitNetworkAccessPolicies"] >= looks + 4, lambda: rulebook.said)

    paged = sorted((each["severity"], each["details"]["vm"].rpartition("/")[2]) for each in messages.received)
    assert paged == [("critical", f"lab-{number}") for number in (1, 2, 3)]
    assert "allow-ssh-for-a-test" in messages.received[0]["text"]


def test_a_closed_ticket_closes_its_own_windows_alone(fleet: SmallFleet, tmp_path: Path) -> None:
    fleet.open("desk-1", "CHG-471 patch [run 1-2-3 by ada@desk]")
    fleet.open("desk-2", "CHG-4711 [awx job 42 by bob]")
    fleet.open("lab-1", "access for chg-471")
    port = free_port()
    environment = {**fleet.cloud.environment, "JIT_WEBHOOK_TOKEN": TOKEN}
    signed = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    trap = tmp_path / "trap"
    hostile = [
        "{{ lookup('ansible.builtin.pipe', 'touch " + str(trap) + "') }}",
        "CHG-4711\nCHG-471",
        ".*",
        "",
    ]

    name, variables = "jitfleet.azure.close_on_ticket_closed", ("--env-vars", "JIT_WEBHOOK_TOKEN")
    with running_rulebook(name, tmp_path, environment, *variables, jit_webhook_port=port) as rulebook:
        closed = {"ticket": "CHG-471", "state": "Closed"}
        eventually(lambda: post(port, closed, {}) == 401, lambda: rulebook.said)
        refused = [post(port, closed, {"Authorization": "Bearer wrong"}), post(port, b"{", signed)]
        accepted = [post(port, {"ticket": number, "state": "closed"}, signed) for number in hostile]
        accepted += [post(port, {"ticket": "CHG-4711", "state": "in progress"}, signed)]
        rulebook.awaits("A message was refused: payload.ticket is missing", len(hostile))
        untouched = len(fleet.grants("desk-1")), len(fleet.grants("lab-1"))
        accepted += [post(port, closed, signed)]
        eventually(lambda: not fleet.grants("lab-1"), lambda: rulebook.said)
        rulebook.awaits("PLAY RECAP")

    assert (refused, accepted) == ([401, 400], [200] * 6)
    assert untouched == (2, 1)
    assert len(fleet.grants("desk-1")) == 1, "that of CHG-4711 stays"
    assert rulebook.said.count("PLAY RECAP") == 1, "nothing ran for what was refused, or isn't closed"
    assert not trap.exists()
    assert TOKEN not in rulebook.said


def test_without_a_token_it_does_not_start(fleet: SmallFleet, tmp_path: Path) -> None:
    name, variables = "jitfleet.azure.close_on_ticket_closed", ("--env-vars", "JIT_WEBHOOK_TOKEN")
    with running_rulebook(name, tmp_path, fleet.cloud.environment, *variables) as rulebook:
        rulebook.awaits("JIT_WEBHOOK_TOKEN")

    assert "ERROR" in rulebook.said
