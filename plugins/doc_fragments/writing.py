# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  write_budget:
    description:
      - How long one write may take, in seconds, from the start of the reading that it is made from to Azure's reply.
      - A write that took longer is looked at like any other, and a warning says that another writer's change may be
        lost.
    type: float
    default: 5.0
  quiet_window:
    description:
      - How long, in seconds, a policy must keep its VM list unchanged, with the change in effect, before the change
        counts as done. It is looked at every half second.
      - At least O(write_budget). Writers who keep both don't lose each other's VMs.
    type: float
    default: 6.0
"""
