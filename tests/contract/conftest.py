# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Microsoft's API description and the recorded traffic lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def azure_data() -> Path:
    """Return the folder of descriptions and recordings, which are not part of the project."""
    folder = Path(os.environ.get("JITFLEET_AZURE_DATA", ROOT.parent / "shared" / "azure"))
    if not (folder / "recordings").is_dir():
        pytest.skip(f"no Azure data in {folder}: set JITFLEET_AZURE_DATA to a folder with spec/ and recordings/")
    return folder
