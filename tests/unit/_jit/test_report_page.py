# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whatever the data hold, they stay data."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_page import (
    MOST_REQUESTS,
    embed,
    pack,
    page_data,
    write_page,
)
from ansible_collections.jitfleet.azure.plugins.plugin_utils._report_folder import PAGE_FOLDER, SCRIPTS, page_parts
from hypothesis import given
from hypothesis import strategies as st
from report_samples import MARKUP, sample_document

NOW = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class Elements(HTMLParser):
    """The elements of a page, each with its attributes and the text right within it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._within = False
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        self._within = True

    def handle_endtag(self, tag: str) -> None:
        self._within = False

    def handle_data(self, data: str) -> None:
        if self._within:
            self.found[-1][2].append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [
            "".join(texts)
            for name, found, texts in self.found
            if name == tag and attributes.items() <= found.items()
        ]


def page_of(data: Any, title: str = "Access") -> str:
    parts = page_parts()
    return write_page(parts.template, parts.style, parts.scripts, title, data)


def unpack(packed: dict[str, Any]) -> list[dict[str, Any]]:
    """Read rows back as the page's data.js does."""

    def cell(column: dict[str, Any], number: int) -> Any:
        return column["values"][column["at"][number] if "at" in column else number]

    return [
        {key: cell(column, number) for key, column in packed["columns"].items()}
        for number in range(packed["length"])
    ]


@given(JSON)
def test_embedded_data_end_no_element_and_come_back_as_they_were(data: Any) -> None:
    text = embed(data)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == data


@given(st.lists(st.fixed_dictionaries({"a": JSON, "b": JSON}), max_size=8))
def test_packed_rows_come_back_as_they_were(rows: list[dict[str, Any]]) -> None:
    assert unpack(json.loads(json.dumps(pack(rows)))) == rows


@pytest.mark.parametrize("text", [MARKUP, "@@SCRIPT@@ @@STYLE@@", "<!--<script>", "\\u003c", "]]>"])
def test_data_and_title_stay_text(text: str) -> None:
    elements = Elements(page_of({"name": text}, title=text))

    assert elements.texts("h1") == [text]
    assert json.loads(elements.texts("script", id="data")[0]) == {"name": text}
    assert len(elements.texts("script")) == 2
    assert not elements.texts("img")


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    elements = Elements(page_of({"name": MARKUP}))
    ((_tag, policy, _text),) = [found for found in elements.found if found[1].get("http-equiv")]
    directives = dict(part.strip().split(" ", 1) for part in str(policy["content"]).split(";"))
    (style,) = elements.texts("style")
    script = elements.texts("script")[-1]

    def hashed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == hashed(style)
    assert directives["script-src"] == hashed(script)
    assert "unsafe" not in str(policy["content"])


def test_the_page_names_nothing_outside() -> None:
    for _tag, attributes, _text in Elements(page_of({})).found:
        assert not attributes.keys() & {"src", "srcset", "action", "style"}
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")


def test_no_script_makes_markup_of_text() -> None:
    files = {path.stem for path in PAGE_FOLDER.glob("*.js")}
    assert files == set(SCRIPTS)
    for script in page_parts().scripts:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|DOMParser", script)
        assert "</script" not in script.lower()


def test_the_page_holds_what_the_document_does() -> None:
    document = sample_document(60, NOW)

    data = json.loads(embed(page_data(document)))

    ids = [vm["id"] for vm in document["vms"]]
    usual = [
        vm["id"]
        or f"/subscriptions/{vm['subscription_id']}/resourceGroups/{vm['resource_group']}"
        f"/providers/Microsoft.Compute/virtualMachines/{vm['name']}"
        for vm in unpack(data["vms"])
    ]
    assert usual == ids
    assert [{**vm, "id": None} for vm in unpack(data["vms"])] == [{**vm, "id": None} for vm in document["vms"]]
    back = [{**request, "id": ids[request["vm"]]} for request in unpack(data["requests"])]
    assert [{key: row[key] for key in row if key != "vm"} for row in back] == document["requests"]
    assert data["summary"] == document["summary"]


def test_a_long_history_is_cut_and_said_to_be() -> None:
    document = sample_document(20, NOW, requests=MOST_REQUESTS + 5)
    data = page_data(document)
    assert data["requests"]["length"] == MOST_REQUESTS
    assert data["requests_left_out"] == 5


def test_a_request_for_a_vm_that_is_not_there_keeps_its_name() -> None:
    document = sample_document(20, NOW)
    document["requests"][0] = {**document["requests"][0], "id": "/elsewhere", "name": "gone"}
    first = unpack(page_data(document)["requests"])[0]
    assert (first["vm"], first["name"]) == (None, "gone")
