# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that strangers wrote, in a form that nothing takes for a template or for a second line."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 1000
# What opens something in a template; a space between the two characters makes plain text of it.
_OPENER = re.compile(r"\{(?=[{%#])")
_CLOSER = re.compile(r"([}%#])(?=\})")


def plain(text: str, longest: int = LONGEST) -> str:
    """Write a text on one line, without control characters, and with a space in each mark of a template.

    Who receives events hands them to Ansible as extra variables, where `{{` would be evaluated.
    """
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    harmless = _CLOSER.sub(r"\1 ", _OPENER.sub("{ ", visible))
    return " ".join(harmless.split())[:longest].rstrip()
