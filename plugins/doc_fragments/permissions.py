# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  permissions_check:
    description:
      - Ask Azure first whether the credential may do all that the task is for, and fail before anything is sent if not. The
        message, and RV(missing_permissions), name the actions that are missing and the resource groups that lack
        them, the message also the smallest of the collection's roles that has them.
      - Also in check mode. Costs one request for each resource group (up to 200), and one list of policies for each
        subscription.
      - It is advice. Azure answers from role assignments to resource groups and above; it overlooks those to single VMs,
        deny assignments, locks and Azure Policy. Where it doesn't tell, a warning says so and the task goes on.
    type: bool
    default: false
seealso:
  - ref: ansible_collections.jitfleet.azure.docsite.guide_permissions
    description: What each option needs, and three roles that have it.
"""
