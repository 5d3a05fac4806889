# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""uv, which makes environments here, chooses packages as the user's pip would."""

from __future__ import annotations

import pytest
from environments import read_settings, uv_variables

OWN = ("SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INSECURE_HOST")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN:
        monkeypatch.delenv(name, raising=False)


def test_variables_outdo_files_and_what_is_for_installing_outdoes_what_is_for_all() -> None:
    listing = """\
:env:.cert='/env.pem'
global.cert='/global.pem'
global.index-url='https://global.example/simple'
global.retries='3'
install.index-url='https://install.example/simple'
wheel.index-url='https://wheel.example/simple'
"""
    assert read_settings(listing) == {
        "cert": "/env.pem",
        "index-url": "https://install.example/simple",
        "retries": "3",
    }


def test_where_pip_looks_uv_looks() -> None:
    settings = {
        "cert": "/ca.pem",
        "index-url": "https://one.example/simple",
        "extra-index-url": "https://two.example/simple\nhttps://three.example/simple",
        "find-links": "/wheels https://four.example/files",
        "trusted-host": "one.example",
        "retries": "3",
    }
    variables = uv_variables(settings)

    assert variables is not None
    assert {name: variables[name] for name in OWN} == {
        "SSL_CERT_FILE": "/ca.pem",
        "UV_DEFAULT_INDEX": "https://one.example/simple",
        "UV_FIND_LINKS": "/wheels,https://four.example/files",
        "UV_INDEX": "https://two.example/simple https://three.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "one.example",
    }


def test_what_is_set_for_uv_itself_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")

    variables = uv_variables({"index-url": "https://one.example/simple"})

    assert variables is not None
    assert variables["UV_DEFAULT_INDEX"] == "https://mine.example/simple"


@pytest.mark.parametrize("key", ["no-index", "constraint", "proxy", "client-cert", "pre", "hitherto-unknown"])
def test_what_uv_is_not_known_to_do_alike_is_left_to_pip(key: str) -> None:
    assert uv_variables({"cert": "/ca.pem", key: "1"}) is None
