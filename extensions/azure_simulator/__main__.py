# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of `python -m azure_simulator`."""

from __future__ import annotations

import sys
from pathlib import Path

try:
    from .cli import main

    sys.exit(main())
except ModuleNotFoundError as error:  # some are imported where they are needed first
    needed = Path(__file__).with_name("requirements.txt")
    sys.exit(
        f"azure_simulator: {error}: what it needs is installed by {sys.executable} -m pip install -r {needed}"
    )
