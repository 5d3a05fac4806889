# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines, as far as just-in-time access needs to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .ids import VmId


@dataclass(frozen=True, slots=True)
class Vm:
    """`location` is Azure's short name (`westeurope`), `os_type` is `Windows` or `Linux`.

    None where it can't be told: whether the VM runs, whether a network security group guards it, and its first
    addresses.
    """

    id: VmId
    location: str
    os_type: str
    is_running: bool | None = None
    is_guarded: bool | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    public_address: str | None = None
    private_address: str | None = None
