#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_vm_info
short_description: Report which VMs just-in-time access guards, and who gets in all the same
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Sorts virtual machines into the three tabs of the portal's page on just-in-time (JIT) access of Microsoft Defender for
    Cloud - configured, not configured, unsupported with the reason - from what Azure says now.
  - Tells of each VM what the portal doesn't - who gets in to which management port by the rules of its network security
    groups, which rule is to blame, whether the rule by which JIT access keeps ports closed is there and refuses, and
    whether the rules of open windows are in effect.
  - Costs a handful of requests for each subscription and none for each VM, but for three cases that the options and notes
    tell of.
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.batch
  - jitfleet.azure.permissions
  - jitfleet.azure.reading
options:
  on_failure:
    description:
      - What to do when there is no VM at all in O(resource_groups) or O(subscriptions), or O(filter) wants none.
      - VMs that are named, or that hosts of the play stand for, and that don't exist are in RV(not_found), which is no failure.
    type: str
    choices:
      fail: Fail the task.
      report: Let the task succeed, with a warning.
    default: fail
  ports:
    description:
      - Judge these ports of each VM, by numbers or service names, instead of 22, 3389, 5985 and 5986.
      - The ports of the VM's own policies are judged beside them, those that policies open by UDP alone by UDP. All others are
        judged by TCP.
    type: list
    elements: raw
  sources:
    description:
      - Judge also whether these addresses and CIDR prefixes get in, such as those of an office.
      - The internet as a whole and the virtual network are judged always.
    type: list
    elements: str
  source:
    description:
      - Where the VMs and their networks are read from.
      - V(resource_graph) is one query for each thousand VMs, whatever the number of subscriptions. It follows changes within
        seconds to minutes. Policies and security groups are read from their source in any case.
      - V(arm) is ten lists for each subscription, which are current to the second.
      - V(auto) is V(resource_graph), and V(arm) with a warning where Resource Graph is forbidden or absent.
    type: str
    choices: [auto, resource_graph, arm]
    default: auto
  effective_rules:
    description:
      - By which rules to judge.
      - V(computed) reads the security groups and judges as Azure documents that it does.
      - V(azure) asks Azure for the rules in effect on each network interface. That is one request for each interface and some
        more for its answer, which takes seconds, and is done for 16 at a time; so it is for a few VMs, chosen by O(hosts),
        O(vms) or O(filter).
      - Azure answers for running VMs only, and needs the permission
        C(Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action). A VM for which there is no answer is
        judged by the security groups, and RV(ignore:vms[].rules_problem) says why.
    type: str
    choices: [computed, azure]
    default: computed
  wait_timeout:
    description: How long to wait at most, in seconds, for Azure's answer about one interface, with O(effective_rules=azure).
    type: int
    default: 120
  check_assessments:
    description:
      - Read also what Defender for Cloud's own recommendation on JIT access says of each VM, as a second opinion. It is hours
        late; RV(ignore:vms[].assessment) tells since when it says so, where Azure tells, and whether it agrees.
      - One query. Where O(source) makes it a list, that list has all assessments of a subscription in it, is long, and doesn't
        tell since when they say so.
    type: bool
    default: true
  query:
    description:
      - A JMESPath expression over the result. What it gives is returned as RV(query_result), and RV(vms) and RV(hosts) are left
        out. A thousand VMs in full are some megabytes, which is too much for some callback plugins, and for AWX.
      - Needs the Python package jmespath on the controller.
    type: str
notes:
  - A verdict is V(open) or V(closed) for all addresses of a source, V(partial) where some certainly get in and others don't
    or can't be told, and V(unknown) where it can't be told from what was read whether anybody does. It is
    about network security groups and public addresses; whether something listens, and what the VM's own firewall does,
    is not looked at.
  - The verdict is V(unknown), unless all that may be comes to the same, where a load balancer's NAT rules or backend pools
    name the VM's interface, where an Azure Firewall stands in the VM's network or in a peer of it or a policy
    names a firewall's address for the VM, where a rule hangs on a service
    tag whose addresses aren't known, and where a group, a subnet, an interface or a public address may not be read.
  - Security admin rules of Azure Virtual Network Manager come before all security groups and can't be read from them. So
    everything is V(unknown) in subscriptions that such a manager can have rules for. Managers are looked for in all that the
    credential sees, or with O(source=arm) in the subscriptions that are read; one that it doesn't see isn't noticed.
    O(effective_rules=azure) clears the doubt for all ports that no rule of a manager names.
  - The tag C(VirtualNetwork), which Azure's last rules let in, stands for the network, its peers, and all that routes lead to.
    A default route makes the internet a part of it. Peers and route tables are read; what a gateway learned is shown nowhere.
    So for a VM with a public address in a network with a gateway, of its own or a peer's, the internet is V(unknown) where
    only the last rules decide. O(effective_rules=azure) clears that doubt.
  - What is not noticed - a load balancer that knows its backends by addresses alone, an Azure Firewall in a hub of a Virtual WAN
    or in a network that the credential doesn't see, another appliance that forwards to the VM, and whatever a proxy or a
    bastion host in the network lets through.
  - Prices of single VMs are asked for only in subscriptions whose plan covers some of their VMs, with one request for each VM;
    a VM that a policy holds and that no list shows is asked for by itself.
  - A VM without a security group counts as guarded where an Azure Firewall is in its own virtual network. One in another
    network, such as a hub, is not noticed.
  - O(permissions_check) looks at the groups of VMs that are named or that hosts of the play stand for. For O(subscriptions) and
    O(resource_groups) a warning says that it was left out; what may not be read there is told by warnings and as V(unknown).
seealso:
  - module: jitfleet.azure.jit_policy_info
  - module: jitfleet.azure.jit_request_info
"""

EXAMPLES = r"""
- name: See which management ports of all VMs the internet reaches now, and by which rule
  jitfleet.azure.jit_vm_info:
    subscriptions: ['*']
    query: >-
      vms[].{name: name, exposed: exposure[?source == 'internet' && (state == 'open' || state == 'partial')].{port: port,
      rule: rule.name, group: rule.security_group_id}}[?exposed]
  register: reachable

- name: Look at the VMs of the play, and at an office's address
  jitfleet.azure.jit_vm_info:
    sources: [203.0.113.0/24]
  register: posture
  run_once: true

- name: See what can't be covered, and why
  jitfleet.azure.jit_vm_info:
    resource_groups: [rg-vdi]
    query: "vms[?jit_status == 'unsupported'].{name: name, reason: reason, detail: detail}"
  register: unsupported

- name: Find VMs whose closing rule a deployment removed or another rule undoes
  jitfleet.azure.jit_vm_info:
    subscriptions: ['*']
    query: "vms[].{name: name, deny: standing_deny[?state != 'present']}[?deny]"
  register: not_guarded

- name: Ask Azure itself for one VM's rules
  jitfleet.azure.jit_vm_info:
    vms:
      - resource_group: rg-web
        name: web-02
    effective_rules: azure
  register: web
"""

RETURN = r"""
vms:
  description: The VMs, in the order of their ids, or in that of the hosts.
  returned: without O(query)
  type: list
  elements: dict
  contains:
    id:
      description:
        - The VM's ARM id. C(name), C(subscription_id), C(resource_group), C(location), C(tags), C(os), C(power_state),
          C(public_ip), C(private_ip) and C(dns_name) describe it.
      type: str
      returned: always
    jit_status:
      description: The portal's tab - V(configured), V(not_configured) or V(unsupported).
      type: str
      returned: always
    reason:
      description:
        - Why a VM is V(unsupported) - V(no_nsg), V(defender_plan_missing), V(classic_vm) or V(firewall_manager); null else.
          C(detail) says it in a sentence, with the plan that was found.
      type: str
      returned: always
    notes:
      description:
        - What else is to be known - V(powered_off), V(azure_firewall) for a VM that has no security group and is guarded by a
          firewall, V(nsg_unknown) and V(defender_plan_unknown) where these may not be read, V(policy_updating), and reasons
          that would make the VM unsupported if they came first or if no policy held it.
        - A policy that is just being written may show no windows. With V(policy_updating) it did, so windows may be missing, and
          what only rules of just-in-time access let in is V(unknown) in C(besides_windows).
      type: list
      elements: str
      returned: always
    policies:
      description: All policies that hold the VM, with C(id) and C(ports) as M(jitfleet.azure.jit_policy_info) writes them.
      type: list
      elements: dict
      returned: always
    open:
      description:
        - The windows that are open or about to open, with C(port), C(sources), C(state), C(end_time), C(remaining_seconds),
          C(requestor), C(justification) and C(policy_id). Windows whose rule was deleted are not open.
        - C(effect) tells whether the window's rule lets its sources in - V(effective), V(shadowed) by another rule or because
          they are IPv6 and the VM has IPv4 alone, V(absent), V(unexplained) where they get in by another rule, V(pending), or
          V(unknown). C(effect_reason) says it in a sentence.
      type: list
      elements: dict
      returned: always
    exposure:
      description:
        - A verdict for each port and source, V(internet), V(virtual_network) and those of O(sources). Unless C(state) is
          V(closed), C(reason) says why in a sentence, C(rule) names the rule to blame, and C(address) the private address that
          is reached. Of V(partial) ones C(admitted) are the prefixes that get in.
        - Where windows are open, just opening, or ended within five minutes, C(besides_windows) says the same of the rules
          without those that let in nobody else.
      type: list
      elements: dict
      returned: always
    internet_ports:
      description: The ports that the internet, or a part of it, certainly reaches, and by no window that is open.
      type: list
      elements: int
      returned: always
    standing_deny:
      description:
        - For each port of the VM's policies what became of the rule by which JIT access keeps it closed - V(present), V(missing),
          as after a deployment that writes the group anew, V(partial) if only some of several addresses have it,
          V(shadowed) if the rules in C(shadowed_by) let somebody in before it, or V(unknown).
        - Empty for a VM that has no security group and is guarded by an Azure Firewall, whose rules aren't read.
      type: list
      elements: dict
      returned: always
    rules_from:
      description: V(security_groups), or V(azure) with O(effective_rules=azure); C(rules_problem) says why it isn't.
      type: str
      returned: always
    defender_plan:
      description: The plan of Defender for Servers, with C(tier) and C(sub_plan); null where it may not be read.
      type: dict
      returned: always
    assessment:
      description:
        - Defender's second opinion, with C(status) and C(cause) as Azure writes them, C(changed), C(age_seconds) and C(agrees);
          null where there is none.
      type: dict
      returned: always
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web-02
      name: web-02
      subscription_id: 11111111-2222-4333-8444-555555555555
      resource_group: rg-web
      location: westeurope
      tags: {role: web}
      os: linux
      power_state: running
      public_ip: 203.0.113.20
      private_ip: 10.21.1.5
      dns_name: web-02.westeurope.cloudapp.azure.com
      jit_status: configured
      reason: null
      detail: null
      notes: []
      policies:
        - id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
          ports: [{port: 22, protocol: any, sources: [any], max_duration: 3h}]
      open: []
      exposure:
        - port: 22
          protocol: tcp
          source: internet
          state: open
          reason: let in by allow-ssh-migration (310) in nsg-web-02
          address: 10.21.1.5
          rule:
            name: allow-ssh-migration
            priority: 310
            security_group_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../networkSecurityGroups/nsg-web-02
      internet_ports: [22]
      standing_deny:
        - port: 22
          state: shadowed
          shadowed_by:
            - name: allow-ssh-migration
              priority: 310
              security_group_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../networkSecurityGroups/nsg-web-02
      rules_from: security_groups
      defender_plan: {tier: standard, sub_plan: P2}
      assessment:
        status: Healthy
        cause: JitIsEnabled
        changed: "2026-05-04T06:00:00Z"
        age_seconds: 43200
        agrees: true
hosts:
  description: Where each host's VM stands in RV(vms).
  returned: without O(query), in a play over VMs or with O(vms)
  type: dict
  sample: {web-02: 0}
not_found:
  description: The ids of VMs that were named, or that hosts of the play stand for, and that were not found.
  returned: in a play over VMs or with O(vms)
  type: list
  elements: str
  sample: [/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web-09]
missing:
  description:
    - The VMs that policies hold and that don't exist any more, with C(id), C(name) and C(policy_id).
    - In a play over VMs or with O(vms) they are those of the policies that hold one of these VMs.
  returned: always
  type: list
  elements: dict
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web-07
      name: web-07
      policy_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
summary:
  description:
    - How many VMs there are, by tab and by reason, in how many something is open, how many are missing from policies, for each
      source how many VMs are at worst V(open), V(partial), V(unknown) and V(closed) to it besides open windows, how many have a policy's port whose
      closing rule is missing, partial or shadowed, and of how many Defender's assessment says otherwise.
  returned: always
  type: dict
  sample:
    vms: 13
    configured: 8
    not_configured: 4
    unsupported: 1
    reasons: {no_nsg: 1}
    open: 2
    missing: 0
    exposure:
      internet: {open: 1, partial: 0, unknown: 0, closed: 12}
      virtual_network: {open: 5, partial: 0, unknown: 0, closed: 8}
    not_guarded: 1
    disagreements: 0
missing_permissions:
  description: For each resource group that lacks some, C(scope) and the C(actions) that are missing.
  returned: when O(permissions_check) finds any missing
  type: list
  elements: dict
  sample:
    - scope: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-web
      actions: [Microsoft.Network/networkSecurityGroups/read]
query_result:
  description: What O(query) gives.
  returned: with O(query)
  type: raw
  sample:
    - name: web-02
      exposed:
        - port: 22
          rule: allow-ssh-migration
          group: /subscriptions/11111111-2222-4333-8444-555555555555/.../networkSecurityGroups/nsg-web-02
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._filter import Query
from ..module_utils._jit.policies import Json
from ..module_utils._operations.report_posture import report_posture
from ..module_utils._options import batch_spec
from ..module_utils._permission_options import permissions_spec, report_deeds
from ..module_utils._posture_options import check_report, fleet_for, read_request, without_nothing
from ..module_utils._runner import Context, run_report


def plan(params: Mapping[str, Any]) -> Callable[[Context], Json]:
    """Read the options into what to report."""
    request = read_request(params)
    query = Query("query", params["query"]) if params["query"] else None

    def operate(context: Context) -> Json:
        if params["permissions_check"]:
            check_report(request, report_deeds(params), context)
        fleet = fleet_for(params["source"], context.fleet, context.lists, context.warn)
        report = report_posture(request, dataclasses.replace(context, fleet=fleet))
        report = without_nothing(report, params["on_failure"], context.warn)
        if query is not None:
            report["query_result"] = query.of(report)
            report = {key: value for key, value in report.items() if key not in ("vms", "hosts")}
        return report

    return operate


def main() -> None:
    run_report(
        {
            **batch_spec(),
            **permissions_spec(),
            "ports": {"type": "list", "elements": "raw"},
            "sources": {"type": "list", "elements": "str"},
            "source": {"type": "str", "choices": ["auto", "resource_graph", "arm"], "default": "auto"},
            "effective_rules": {"type": "str", "choices": ["computed", "azure"], "default": "computed"},
            "wait_timeout": {"type": "int", "default": 120},
            "check_assessments": {"type": "bool", "default": True},
            "query": {"type": "str"},
        },
        plan,
    )


if __name__ == "__main__":
    main()
