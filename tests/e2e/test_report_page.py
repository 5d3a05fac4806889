# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a browser, as people use it: numbers, tabs, filters, keyboard, and what data may not do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import browser as needs
import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_files import write_files
from ansible_collections.jitfleet.azure.plugins.plugin_utils._report_folder import page_parts
from playwright.sync_api import Browser, Page, expect, sync_playwright
from report_samples import MARKUP, sample_document
from running_simulator import ROOT

from playbooks import Playbooks

CHROMIUM = needs.chromium()
AXE = needs.AXE
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: the report is not opened in a browser"
)
MANY = 5000
LARGEST_BYTES = 6_000_000


class Visit:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self._context = browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **context})
        self.page: Page = self._context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]")

    def number(self, name: str) -> int:
        return int(self.page.locator(f"#tile-{name} .figure").inner_text().replace(",", ""))

    def tab(self, status: str) -> int:
        return int(self.page.locator(f"#tab-{status} .count").inner_text().replace(",", ""))

    def names(self, place: str) -> list[str]:
        return self.page.locator(f"{place} tbody th.name button, {place} tbody th.name").all_inner_texts()

    def first(self, place: str) -> str:
        return self.page.locator(f"{place} tbody th button").first.inner_text()

    def close(self) -> None:
        asked = [url for url in self.asked if url != self.page.url.partition("#")[0]]
        self._context.close()
        assert self.said == []
        assert asked == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def fleet() -> dict[str, Any]:
    """A fleet with markup in every text that comes from Azure."""
    document = sample_document(60, datetime.now(UTC))
    for key in ("detail", "last_user"):
        document["vms"][3][key] = MARKUP
    document["vms"][3]["tags"][MARKUP] = MARKUP
    (exposure,) = [one for one in document["vms"][3]["exposures"] if one["from"] == "internet"]
    document["vms"][3]["exposures"] += [{**exposure, "port": port} for port in (22, 5985, 5986, 50000)]
    document["vms"][7]["closing_rules"] = [{"port": 3389, "state": "unknown", "shadowed_by": []}]
    document["vms"][4]["name"] = MARKUP
    for key in ("person", "justification", "name", "status_reason"):
        document["requests"][0][key] = MARKUP
    document["policies"][0]["name"] = document["missing_vms"][0]["name"] = document["title"] = MARKUP
    return document


@pytest.fixture(scope="module")
def page_file(fleet: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(fleet, tmp_path_factory.mktemp("report"))


def write_page(document: dict[str, Any], folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(write_files(document, page_parts())["report.html"], encoding="utf-8", newline="")
    return path


@pytest.fixture
def visit(browser: Browser, page_file: Path) -> Iterator[Visit]:
    visit = Visit(browser, page_file)
    yield visit
    visit.close()


def test_the_page_counts_what_the_data_hold(visit: Visit, fleet: dict[str, Any]) -> None:
    summary = fleet["summary"]
    assert visit.number("machines") == summary["vms"] == 60
    assert visit.number("windows") == summary["open_windows"]
    assert visit.number("requests") == summary["requests"]
    assert visit.number("exposed") == summary["exposed_vms"] == 3
    assert visit.number("findings") == summary["any_source"] + summary["long_maximum"]
    assert visit.number("missing") == summary["missing_vms"]
    for status in ("configured", "not_configured", "unsupported"):
        assert visit.tab(status) == summary[status]


def test_tabs_are_changed_by_mouse_and_by_keyboard(visit: Visit, fleet: dict[str, Any]) -> None:
    visit.page.click("#tab-unsupported")
    expect(visit.page.locator("#panel-unsupported")).to_be_visible()
    expect(visit.page.locator("#panel-configured")).to_be_hidden()
    assert visit.page.locator("#panel-unsupported tbody tr").count() == fleet["summary"]["unsupported"]

    visit.page.keyboard.press("ArrowRight")

    expect(visit.page.locator("#panel-configured")).to_be_visible()
    expect(visit.page.locator("#tab-configured")).to_be_focused()
    assert visit.page.locator("#tab-unsupported").get_attribute("aria-selected") == "false"


def test_headings_sort_their_tables(visit: Visit, fleet: dict[str, Any]) -> None:
    names = sorted(vm["name"] for vm in fleet["vms"] if vm["jit_status"] == "not_configured")
    visit.page.click("#tab-not_configured")
    heading = visit.page.locator("#panel-not_configured thead th").first
    assert visit.first("#panel-not_configured") == names[0]

    heading.locator("button").click()

    assert heading.get_attribute("aria-sort") == "descending"
    assert visit.first("#panel-not_configured") == names[-1]


def test_filters_narrow_the_whole_page(visit: Visit, fleet: dict[str, Any]) -> None:
    chosen = fleet["vms"][10]
    wanted = [vm for vm in fleet["vms"] if vm["subscription_id"] == chosen["subscription_id"]]
    visit.page.select_option("#subscription", chosen["subscription_id"])
    assert visit.number("machines") == len(wanted)

    visit.page.select_option("#group", chosen["resource_group"])
    wanted = [vm for vm in wanted if vm["resource_group"] == chosen["resource_group"]]
    assert visit.number("machines") == len(wanted)

    visit.page.click("#filters button[type=reset]")
    visit.page.select_option("#tag", f"owner={chosen['tags']['owner']}")
    wanted = [vm for vm in fleet["vms"] if vm["tags"]["owner"] == chosen["tags"]["owner"]]
    expect(visit.page.locator("#tile-machines .figure")).to_have_text(str(len(wanted)))
    ids = {vm["id"] for vm in wanted}
    assert visit.number("requests") == sum(request["id"] in ids for request in fleet["requests"])
    assert "Showing" in visit.page.locator("#shown").inner_text()

    visit.page.click("#filters button[type=reset]")
    visit.page.fill("#search", chosen["name"])
    expect(visit.page.locator("#tile-machines .figure")).to_have_text("1")


def test_policies_go_with_their_machines_through_the_filters(visit: Visit, fleet: dict[str, Any]) -> None:
    (policy,) = [one for one in fleet["policies"] if fleet["vms"][13]["id"] in one["vms"]]
    visit.page.select_option("#tag", f"owner={fleet['vms'][13]['tags']['owner']}")
    shown = visit.page.locator("#policies-table tbody tr").all_inner_texts()
    assert any(policy["resource_group"] in text for text in shown)
    assert len(shown) < len(fleet["policies"])
    assert visit.number("findings") > 0
    assert "every machine that a policy holds exists" not in visit.page.locator("#missing-table").inner_text()
    assert "still in policies" not in visit.page.locator("#tile-missing").inner_text()

    visit.page.click("#filters button[type=reset]")
    visit.page.fill("#search", fleet["vms"][13]["name"])

    expect(visit.page.locator("#policies-table tbody tr")).to_have_count(1)
    assert "every policy" not in visit.page.locator("#closing-table").inner_text()
    assert visit.number("findings") == len(policy["findings"]) > 0
    assert "Nothing that this report looks for" not in visit.page.locator("#attention").inner_text()


def test_a_closing_rule_that_cannot_be_told_is_shown_as_such(visit: Visit, fleet: dict[str, Any]) -> None:
    visit.page.fill("#search", fleet["vms"][7]["name"])
    expect(visit.page.locator("#closing-table tbody tr")).to_have_count(1)
    assert "can't be told" in visit.page.locator("#closing-table tbody tr").inner_text()
    assert "it can't be told whether the closing rules are there" in visit.page.locator("#attention").inner_text()


def test_the_findings_tile_counts_the_policies_that_have_some(browser: Browser, tmp_path: Path) -> None:
    document = sample_document(60, datetime.now(UTC))
    for policy in document["policies"][1:]:
        policy["findings"] = []
    visit = Visit(browser, write_page(document, tmp_path))
    tile = visit.page.locator("#tile-findings").inner_text()
    assert f"in 1 of {len(document['policies'])} policies" in tile
    visit.close()


def test_requests_for_machines_that_are_gone_say_whether_they_were_deleted(
    browser: Browser, tmp_path: Path
) -> None:
    document = sample_document(60, datetime.now(UTC))
    gone = document["missing_vms"][0]
    for request, name, policy in zip(
        document["requests"], ("VM-GONE", "elsewhere"), (gone["policies"][0], "/p"), strict=False
    ):
        request.update(id=f"/{name}", name=name, policy_id=policy)
    visit = Visit(browser, write_page(document, tmp_path))
    rows = visit.page.locator("#requests-table tbody tr")
    assert "deleted since" in rows.filter(has_text="VM-GONE").inner_text()
    assert "not among the machines" in rows.filter(has_text="elsewhere").inner_text()
    visit.close()


def test_a_bar_of_the_chart_filters_the_requests(visit: Visit, fleet: dict[str, Any]) -> None:
    visit.page.check("input[name=by][value=port]")
    bar = visit.page.locator("#chart .barline").first
    number = int(bar.locator(".value").evaluate("element => element.firstChild.data"))
    counts = [sum(request["port"] == port for request in fleet["requests"]) for port in (22, 3389)]
    assert number == max(counts)

    bar.click()

    expect(visit.page.locator("#chart .barline[aria-pressed=true]")).to_have_count(1)
    shown = visit.page.locator("#requests-table tbody tr").count()
    assert shown == min(25, number)


def test_ports_that_are_alike_are_shown_together(browser: Browser, tmp_path: Path) -> None:
    document = sample_document(60, datetime.now(UTC))
    vm = document["vms"][13]
    (rule,) = vm["ports"]
    vm["ports"] = [{**rule, "port": 22}, {**rule, "port": 53, "protocol": "udp"}, {**rule, "max_duration": "1h"}]
    visit = Visit(browser, write_page(document, tmp_path))
    row = visit.page.locator("#panel-configured tbody tr").filter(has_text=vm["name"])
    rules = row.locator(".rule").all_inner_texts()
    assert [text.replace("\u00a0", " ").splitlines() for text in rules] == [
        ["22 SSH, 53/UDP", "from any, up to 3h"],
        ["3389 RDP", "from any, up to 1h"],
    ]
    visit.close()


def test_a_machine_opens_its_details_and_escape_closes_them(visit: Visit, fleet: dict[str, Any]) -> None:
    visit.page.locator("#panel-configured tbody th button").nth(1).press("Enter")
    dialog = visit.page.locator("#details")
    expect(dialog).to_be_visible()
    assert "/providers/Microsoft.Compute/virtualMachines/" in dialog.inner_text()

    visit.page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


def test_a_window_that_was_closed_early_did_not_end_at_its_end(browser: Browser, tmp_path: Path) -> None:
    document = sample_document(60, datetime.now(UTC))
    for request, state in zip(document["requests"], ("closed", "pending"), strict=False):
        request["state"] = state
    visit = Visit(browser, write_page(document, tmp_path))
    texts = visit.page.locator("#requests-table tbody tr").all_inner_texts()
    assert any("closed early" in text and "was to end" in text for text in texts)
    assert not any(("closed early" in text or "pending" in text) and "ended" in text for text in texts)
    visit.close()


def test_windows_show_their_remaining_time(visit: Visit) -> None:
    rows = visit.page.locator("#windows-table tbody tr")
    assert rows.count() == visit.number("windows") > 0
    for text in rows.all_inner_texts():
        assert "left" in text
    assert visit.page.locator("#windows-table .track .span").first.bounding_box() is not None


def test_markup_in_the_data_stays_text(visit: Visit) -> None:
    page = visit.page
    assert page.evaluate("window.planted") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("h1").inner_text() == MARKUP
    for place in ("#requests-table", "#missing-table", "#policies-table", "#panels", "#chart"):
        assert "onerror" in page.locator(place).text_content()  # type: ignore[operator]


def test_no_data_could_become_markup_even_by_a_mistake(visit: Visit) -> None:
    tried = (
        "() => { try { document.body.innerHTML = '<img src=x>'; return 'done'; } catch (e) { return e.name; } }"
    )
    assert visit.page.evaluate(tried) == "TypeError"
    assert visit.said
    visit.said.clear()


@pytest.mark.parametrize("width", [320, 400, 700, 1024, 1265, 1280, 1440])
def test_nothing_sticks_out(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 900})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_cut_on_paper(visit: Visit) -> None:
    paper = 1032  # A4 across between its margins of 12 mm, in pixels
    visit.page.set_viewport_size({"width": paper, "height": 700})
    visit.page.emulate_media(media="print")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= paper


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: accessibility is not checked")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 400), ("dark", 400)])
def test_no_serious_barrier_is_found(browser: Browser, page_file: Path, scheme: str, width: int) -> None:
    visit = Visit(
        browser, page_file, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    assert barriers(visit.page) == []
    visit.page.locator("#panel-configured tbody th button").first.click()
    assert barriers(visit.page) == []
    visit.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: accessibility is not checked")
def test_the_check_for_barriers_finds_some(browser: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<html data-ready><title>x</title><img src='data:,'><button></button></html>")
    page = browser.new_page()
    page.goto(bad.as_uri())
    assert barriers(page) != []
    page.close()


def barriers(page: Page) -> list[str]:
    """Let axe-core judge; give what it calls serious or worse."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {found['nodes'][0]['html']}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def test_the_theme_can_be_changed(visit: Visit) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(ground)
    visit.page.click("#theme")
    assert visit.page.evaluate(ground) != light
    assert visit.page.locator("#theme").get_attribute("aria-pressed") == "true"


def test_paper_shows_all_tabs_and_no_controls(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    for status in ("configured", "not_configured", "unsupported"):
        expect(visit.page.locator(f"#panel-{status}")).to_be_visible()
    expect(visit.page.locator("#filters")).to_be_hidden()


def test_the_demo_fleet_is_shown_as_its_data_say(browser: Browser, playbooks: Playbooks, tmp_path: Path) -> None:
    """From Azure to the browser, by the playbook."""
    run = playbooks.run(str(ROOT / "playbooks" / "report.yml"), "-e", '{"jit_subscriptions": ["*"]}')
    assert run.returncode == 0, run.output
    folder = Path(run.named("Write the report").result["page"]).parent
    document = json.loads((folder / "report.json").read_text())

    visit = Visit(browser, folder / "report.html")

    assert visit.number("machines") == len(document["vms"]) == 13
    assert visit.tab("configured") == 1
    assert visit.tab("unsupported") == 1
    assert visit.number("exposed") == 1
    exposed = visit.page.locator("#exposure-table tbody tr").all_inner_texts()
    assert len(exposed) == 1
    assert "web-02" in exposed[0]
    assert "allow-ssh-migration" in exposed[0]
    visit.close()


def test_an_empty_fleet_says_so(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, write_page(sample_document(0, datetime.now(UTC)), tmp_path))
    assert visit.number("machines") == 0
    assert "No machine here is covered" in visit.page.locator("#panels").inner_text()
    assert "Nothing is open here." in visit.page.locator("#windows-table").inner_text()
    visit.close()


def test_thousands_of_machines_are_there_at_once(browser: Browser, tmp_path: Path) -> None:
    document = sample_document(MANY, datetime.now(UTC))
    path = write_page(document, tmp_path)
    visit = Visit(browser, path)

    assert path.stat().st_size < LARGEST_BYTES
    assert visit.number("machines") == MANY
    assert visit.tab("configured") == document["summary"]["configured"]
    assert visit.page.locator("#panel-configured tbody tr").count() == 50

    visit.page.locator("#panel-configured .more button").last.click()
    assert visit.page.locator("#panel-configured tbody tr").count() == document["summary"]["configured"]
    visit.page.fill("#search", "vm-04999")
    expect(visit.page.locator("#tile-machines .figure")).to_have_text("1")
    visit.close()
