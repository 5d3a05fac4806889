# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The troubleshooting guide quotes messages as they are written in the code."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_troubleshooting.rst"
OF_ANSIBLE = "(Ansible)"


@functools.cache
def texts() -> frozenset[str]:
    """Give every text of the plugins, without what is put into one when it is used, and the playbooks'."""
    of_plugins = (
        node.value
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset([*of_plugins, *(path.read_text() for path in (ROOT / "playbooks").rglob("*.yml"))])


def quotations() -> Iterator[str]:
    """Give the messages that are entries of the guide, cut where something stands for names and numbers."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    for entry, below in itertools.pairwise(lines):
        if entry.startswith("``") and below.startswith("    ") and OF_ANSIBLE not in entry.replace("both ", ""):
            for message in re.findall(r"``(.+?)``", entry):
                yield from (part.strip(" ,;") for part in message.split("..."))


@pytest.mark.parametrize("quotation", sorted(set(quotations()) - {""}))
def test_a_quoted_message_is_written_so_in_the_code(quotation: str) -> None:
    assert any(quotation in text for text in texts()), quotation


def test_there_are_quotations() -> None:
    assert len(set(quotations())) > 30
