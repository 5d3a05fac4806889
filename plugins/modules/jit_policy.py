#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_policy
short_description: Cover Azure VMs with just-in-time access policies
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Puts virtual machines under just-in-time (JIT) access of Microsoft Defender for Cloud, so that their management ports
    are closed by network rules and can be opened on request by M(jitfleet.azure.jit_request).
  - Works on all VMs of the play at once. It reads one list of policies for each subscription, and writes each policy that
    has to change once, however many VMs it gains.
  - Adds what is missing and changes what differs. Everything else that a policy holds stays - other VMs, other ports,
    fields that this module doesn't know.
  - A VM goes to the policy that already holds it, else to the policy O(policy_name) of its own resource group and region.
    Where several policies hold it, the one called O(policy_name) in its own group and region is used, else the first by
    id. The others stay as they are, also with O(mode=replace), so that the VM can have other ports by them; every run
    warns about it, and RV(vms[].other_policies) names them. O(state=absent) takes it out of all of them.
  - Writes in a way that is safe beside other writers who do the same, see O(quiet_window).
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.batch
  - jitfleet.azure.waiting
  - jitfleet.azure.writing
  - jitfleet.azure.permissions
attributes:
  check_mode:
    support: full
    description: Changes nothing, and predicts what a run would change.
  diff_mode:
    support: full
    description: >-
      Shows for each policy and VM the ports that change, and no others. A port that only one side has is V(not in the
      policy) on the other.
  idempotent:
    support: full
    description: A second run finds all as wished, and writes nothing.
options:
  state:
    description: Whether the VMs shall be covered.
    type: str
    choices:
      present: The VMs are covered, with the ports wished.
      absent: >-
        The VMs are in no policy any more; with O(ports), only those ports are taken out. A VM that has no port left
        goes, and so does a policy that has no VM left. Azure ends the open windows of a VM that leaves its policy.
    default: present
  ports:
    description:
      - The ports that may be asked for, on every VM of the task.
      - Each element is a port number, the name of a service (V(rdp), V(ssh), V(winrm_http), V(winrm_https)), the word
        V(portal_bulk) for the four ports that the portal proposes for many VMs (22, 3389, 5985, 5986), or a mapping.
      - A mapping has C(port) (a number or a service), C(protocol) (V(tcp), V(udp) or V(any), which is the default),
        C(sources) (a list of addresses and CIDR prefixes, or V(any), which is the default) and C(max_duration) (such as
        V(3h), V(90m), V(1.5 hours) or V(PT3H); from 5 minutes to 1 day; three hours by default).
      - All spellings of everybody (V(any), V(*), V(Internet), V(0.0.0.0/0)) are the same, and no change of one another.
      - An empty list, of ports or of sources, is refused. A variable that comes out empty shall neither take VMs out nor
        let everybody in.
      - Without it each VM gets what the portal proposes for its operating system, which is RDP (3389) for Windows and
        SSH (22) for Linux, any protocol, any source, three hours.
      - The host variable C(jit_policy_ports), or the key C(ports) of an element of O(vms), says it for one VM alone.
      - An element of O(vms) can also have C(public_ip_address), the address of the Azure Firewall in front of the VM.
      - With O(state=absent) numbers and service names only.
    type: list
    elements: raw
  mode:
    description: How the wish relates to what is there.
    type: str
    choices:
      merge: These ports are added to the VMs, or changed. All else stays.
      replace: These VMs have exactly these ports. Other VMs stay.
      exact: >-
        As V(replace), and the policies that these VMs are in hold no other VM. Every other VM there loses its cover,
        whoever put it there.
    default: merge
  policy_name:
    description:
      - The name of the policy for VMs that no policy holds yet. The portal expects V(default).
      - Azure allows 56 characters for the names of a policy and of a VM in it together.
    type: str
    default: default
  prune_missing_vms:
    description:
      - Take VMs that don't exist any more out of the policies that change anyway, or that hold a VM of this task.
        Deleted VMs stay in their policies and can make later writes fail.
      - Where the task finds its VMs by O(resource_groups) or O(subscriptions), all policies there are looked through,
        whatever O(filter) wants, also in subscriptions and groups in which no VM is left. A scope without any VM is then
        warned about and no failure.
      - Only VMs of which Azure itself says that they don't exist; those that the credential may not see stay.
    type: bool
    default: true
  templates:
    description:
      - Ports by the value of the tag O(template_tag), for fleets whose VMs say by a tag what they are.
      - Maps a value to a mapping with C(ports), in the form of O(ports).
      - What O(vms) or the host variable C(jit_policy_ports) says for one VM alone comes first, then its template, then
        O(ports), then the default by its operating system.
    type: dict
  template_tag:
    description: The tag whose value names a VM's template. Tags' names compare without case, their values with it.
    type: str
  without_template:
    description: What to do about VMs for which there is no template.
    type: str
    choices:
      default: They get O(ports), or what the portal proposes for their operating system.
      skip: They are left out and listed in RV(left_out). What policies hold of them stays, except with O(mode=exact).
    default: default
  skip_ineligible:
    description:
      - Leave out VMs that can't be covered, list them in RV(left_out) with the reason, and cover the others.
      - Without it a VM that doesn't exist, or whose name is too long, fails the task before anything is written, and other
        reasons are warned about.
    type: bool
    default: false
  cross_check:
    description:
      - Ask also the groups' own lists of policies for VMs that no subscription's list shows; that costs one request for each
        such group. Lists of whole subscriptions have been seen to miss policies.
      - Without it a VM whose policy was missed is taken for one that no policy holds. Each policy is read by itself before
        it is written, so that the policy O(policy_name) of the VM's own group is found in any case, with all that it holds.
        A VM that only a missed policy of another name or place holds gets a second one; a later run whose list
        shows both warns about it.
    type: bool
    default: false
  widest_prefix:
    description: Warn about sources whose CIDR prefix is shorter than this (four times as long for IPv6).
    type: int
    default: 16
  wait:
    description:
      - Look at the policies after writing them, until they kept the change for O(quiet_window).
      - With V(false) the task ends with Azure's reply, and RV(vms[].verified) is false for what changed.
    type: bool
    default: true
notes:
  - Azure has no conditional write for policies; a write replaces the whole list of VMs. So each policy is read right
    before it is written, and watched afterwards; where another writer took the change out, it is made again, from a new
    reading, a bounded number of times. Only the task's own wish is put back, never another writer's VM.
  - A writer who keeps a reading for minutes, such as an open page of the portal, can still overwrite everybody. The next
    run finds and mends that.
  - Whether open windows of a VM outlast a change of its ports in the policy is not known. The module warns, and the diff
    shows them.
seealso:
  - module: jitfleet.azure.jit_request
  - plugin: jitfleet.azure.jit_vms
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Cover all VMs of the play, with the ports that fit their operating systems
  hosts: all
  gather_facts: false
  tasks:
    - name: Enable just-in-time access
      jitfleet.azure.jit_policy:

- name: Cover virtual desktops for the office's addresses only
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Allow RDP from the office for at most four hours
      jitfleet.azure.jit_policy:
        ports:
          - port: rdp
            protocol: tcp
            sources: [198.51.100.0/24]
            max_duration: 4h

- name: Cover two VMs by their names
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Enable just-in-time access
      jitfleet.azure.jit_policy:
        subscription_id: 11111111-2222-4333-8444-555555555555
        vms:
          - resource_group: rg-servers
            name: web-01
          - resource_group: rg-servers
            name: web-02
            ports: [ssh, winrm_https]

- name: Take VMs out again before they are deleted
  hosts: retired
  gather_facts: false
  tasks:
    - name: Let no policy hold them
      jitfleet.azure.jit_policy:
        state: absent

- name: Cover all that can be covered, with ports by the VMs' tag "role"
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Enable just-in-time access
      jitfleet.azure.jit_policy:
        subscriptions: ['*']
        filter: tags.environment == 'production'
        template_tag: role
        templates:
          vdi:
            ports: [rdp]
          web:
            ports:
              - port: ssh
                sources: [198.51.100.0/24]
        without_template: skip
        skip_ineligible: true
"""

RETURN = r"""
vms:
  description:
    - What became of each VM. A failure of more than 50 VMs carries only those that failed.
    - Of more than 1000 VMs only those that changed or failed are listed, up to 700 of them, failures first. RV(summary)
      counts all, and RV(hosts) tells the state of each.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The VM's ARM id.
      type: str
      returned: always
    name:
      description: The VM's name.
      type: str
      returned: always
    hosts:
      description: The hosts of the play that stand for the VM.
      type: list
      elements: str
      returned: always
    policy_id:
      description: The policy that holds the VM.
      type: str
      returned: always
    state:
      description:
        - V(added), V(updated), V(unchanged) or V(removed), and V(pruned) for a VM that doesn't exist any more.
        - V(failed) where Azure did not take the change, or failed to put it into effect. V(unverified) where it took the
          change, or may have, and it was not seen to last within O(wait_timeout); the next run tells.
        - VMs that the task didn't name are listed only if they were V(removed) (by O(mode=exact)) or V(pruned).
      type: str
      returned: always
    changed:
      description: Whether the VM's entry was changed by this task. What another writer did meanwhile is no change.
      type: bool
      returned: always
    other_policies:
      description: Other policies that hold the VM as well.
      type: list
      elements: str
      returned: when there are some
    verified:
      description: Whether the change was seen to last for O(quiet_window).
      type: bool
      returned: when the VM's policy was written
    error:
      description: What went wrong with the VM's policy, in short where more than 3 VMs share it; RV(policies) tells all.
      type: str
      returned: when it went wrong
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
      name: vdi-01
      hosts: [vdi-01]
      policy_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      state: added
      changed: true
      verified: true
policies:
  description:
    - The policies that changed, were to be changed, or of which Azure says that it failed to put them into effect.
    - Each has C(id), C(changed), C(vms_changed) (how many VMs), C(verified) where it was written, C(error) where something
      went wrong, and C(provisioning_state) where it is V(Failed) without having been written.
  returned: when there are some
  type: list
  elements: dict
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      changed: true
      vms_changed: 1
      verified: true
left_out:
  description:
    - The VMs that were not worked on, with C(id), C(name), C(reason) and C(problem), which says it in words.
    - C(reason) is V(no_template), or with O(skip_ineligible) V(no_nsg), V(defender_plan_missing), V(name_too_long) or V(not_found).
  returned: when VMs were left out
  type: list
  elements: dict
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/legacy-01
      name: legacy-01
      reason: no_nsg
      problem: "no network security group is on its interfaces or their subnets: put one there"
hosts:
  description: For each host of the play the index of its VM in RV(vms), or the state of a VM that isn't listed there.
  returned: always
  type: dict
  sample:
    vdi-01: 0
summary:
  description: How many VMs are in each state; how many policies were concerned, and how many changed.
  returned: always
  type: dict
  sample:
    added: 1
    updated: 0
    unchanged: 0
    removed: 0
    pruned: 0
    unverified: 0
    failed: 0
    policies: 1
    policies_changed: 1
missing_permissions:
  description: Each resource group that lacks some of the actions needed, as C(scope), and those C(actions). Nothing was sent then.
  returned: when O(permissions_check) finds any missing
  type: list
  elements: dict
  sample:
    - scope: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi
      actions: [Microsoft.Security/locations/jitNetworkAccessPolicies/write]
"""

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..module_utils._operations.cover import cover
from ..module_utils._operations.cover_request import CoverRequest, VmWish
from ..module_utils._operations.outcomes import Outcome
from ..module_utils._operations.safe_write import Writer
from ..module_utils._options import Selected, batch_spec, collect
from ..module_utils._permission_options import checked, permissions_spec, policy_deeds
from ..module_utils._policy_options import (
    read_address,
    read_numbers,
    read_patience,
    read_policy_name,
    read_rules,
    read_templates,
    read_widest_prefix,
    refuse_address,
    refuse_with_absent,
    writing_spec,
)
from ..module_utils._runner import Context, run
from ..module_utils._selection import Selection, read_selection


def plan(params: Mapping[str, Any]) -> tuple[Selection[VmWish], Any]:
    """Read the options into a request."""
    selection, policy_name, widest_prefix, templates, patience = collect(
        (_read_selection, read_policy_name, read_widest_prefix, read_templates, read_patience),
        lambda read: read(params),
    )
    request = CoverRequest(
        wishes=(),
        policy_name=policy_name,
        state=params["state"],
        mode=params["mode"],
        prune_missing_vms=params["prune_missing_vms"],
        widest_prefix=widest_prefix,
        templates=templates,
        skip_ineligible=params["skip_ineligible"],
        cross_check=params["cross_check"],
    )
    selection = dataclasses.replace(selection, may_be_empty=params["prune_missing_vms"])

    def operate(context: Context, wishes: Sequence[VmWish]) -> Outcome:
        writer = Writer(context.jit, context.clock, random.random, patience, context.progress.policies)
        asked = dataclasses.replace(request, wishes=wishes, scope=context.scope)
        return cover(asked, context.vms, context.defender, writer, context.warn, check_mode=context.check_mode)

    return selection, checked(params, policy_deeds(params), operate)


def _read_selection(params: Mapping[str, Any]) -> Selection[VmWish]:
    reader = _removal if params["state"] == "absent" else _wish
    own_keys = ("ports", "public_ip_address")
    # A mistake in what holds for all VMs is no reason to keep quiet about those in their list.
    own_only = reader({**params, "ports": None, "mode": "merge"})
    readers: list[Callable[[Mapping[str, Any]], Any]] = [
        reader,
        lambda given: read_selection(given, own_keys, own_only),
    ]
    read_wish, _named = collect(readers, lambda read: read(params))
    return read_selection(params, own_keys, read_wish)


def _wish(params: Mapping[str, Any]) -> Callable[[Selected], VmWish]:
    common = read_rules("ports", params["ports"])

    def wish(vm: Selected) -> VmWish:
        rules = vm.read("ports", read_rules, common)
        address = vm.read("public_ip_address", read_address, None)
        return VmWish(vm.vm, rules, public_ip=address, is_own="ports" in vm.own)

    return wish


def _removal(params: Mapping[str, Any]) -> Callable[[Selected], VmWish]:
    refuse_with_absent(params)
    common = read_numbers("ports", params["ports"])

    def removal(vm: Selected) -> VmWish:
        vm.read("public_ip_address", refuse_address, None)
        return VmWish(vm.vm, numbers=vm.read("ports", read_numbers, common))

    return removal


def main() -> None:
    run(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "ports": {"type": "list", "elements": "raw"},
            "mode": {"type": "str", "choices": ["merge", "replace", "exact"], "default": "merge"},
            "policy_name": {"type": "str", "default": "default"},
            "prune_missing_vms": {"type": "bool", "default": True},
            "templates": {"type": "dict"},
            "template_tag": {"type": "str"},
            "without_template": {"type": "str", "choices": ["default", "skip"], "default": "default"},
            "skip_ineligible": {"type": "bool", "default": False},
            "cross_check": {"type": "bool", "default": False},
            "widest_prefix": {"type": "int", "default": 16},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 300},
            **writing_spec(),
            **permissions_spec(),
            **batch_spec(),
        },
        plan,
    )


if __name__ == "__main__":
    main()
