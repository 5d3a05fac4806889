# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated VMs' addresses: real listeners on loopback that follow the effective network rules.

Behind an `ssh` endpoint commands run on this machine, as the user who runs the simulator.
"""

from __future__ import annotations

from .plane import DataPlane
from .sessions import SessionRecord

__all__ = ["DataPlane", "SessionRecord"]
