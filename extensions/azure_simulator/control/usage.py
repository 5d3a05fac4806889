# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator itself has used of this machine."""

from __future__ import annotations

import resource
import sys
import time

from ..exchange import Json

# Linux counts memory in kibibytes, macOS in bytes.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


def show_usage() -> Json:
    """Write CPU time in seconds and peak memory in bytes, both of this process since its start."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
    return {"cpu_seconds": time.process_time(), "peak_memory_bytes": peak}
