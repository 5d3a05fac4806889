#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_policy_info
short_description: Report just-in-time access policies
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Reads the just-in-time (JIT) access policies of Microsoft Defender for Cloud, with their VMs, their ports and what is
    open at this moment.
  - Costs one list for each subscription, or for each resource group if some are named.
  - The task runs once, on the controller; the hosts of the play are no matter.
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.reading
options:
  subscriptions:
    description:
      - The subscriptions to read, by their ids, or V(*) for all that the credential sees; one of these whose policies may
        not be read is left out with a warning.
      - Without it those of O(vms), else O(subscription_id).
    type: list
    elements: str
  resource_groups:
    description: Read only the policies in these resource groups, by one list for each.
    type: list
    elements: str
  regions:
    description:
      - Report only policies of these regions, by Azure's short names such as V(westeurope) or as the portal shows them
        (V(West Europe)).
      - A region or a resource group without any policy is warned about.
    type: list
    elements: str
  names:
    description: Report only policies of these names. The portal calls them V(default).
    type: list
    elements: str
  vms:
    description:
      - Report only policies that hold one of these VMs, and of their VMs only these.
      - Each element is a VM's ARM id, or a mapping with C(resource_group), C(name) and, unless O(subscription_id) is meant,
        C(subscription_id).
    type: list
    elements: raw
  cross_check:
    description:
      - Ask also for the list of each region in which there are VMs or policies, with O(resource_groups) for each of these
        groups. The list of a subscription is put together from several sources and has been reported to miss policies.
      - RV(missed) names what only these lists show.
    type: bool
    default: false
  query:
    description:
      - A JMESPath expression over the result. What it gives is returned as RV(query_result), and RV(policies) is left out.
      - Needs the Python package jmespath on the controller.
    type: str
seealso:
  - module: jitfleet.azure.jit_policy
"""

EXAMPLES = r"""
- name: See what is open in all subscriptions
  jitfleet.azure.jit_policy_info:
    subscriptions: ['*']
    query: "policies[].vms[?open].{vm: name, ports: open[].port}[]"
  register: open_now

- name: Read the policies of one group, and take no list's word for it
  jitfleet.azure.jit_policy_info:
    resource_groups: [rg-vdi]
    cross_check: true
  register: vdi

- name: Give new VMs the ports that another one has
  jitfleet.azure.jit_policy_info:
    vms:
      - resource_group: rg-vdi
        name: vdi-01
  register: model
"""

RETURN = r"""
policies:
  description: The policies, in the order of their ids.
  returned: without O(query)
  type: list
  elements: dict
  contains:
    id:
      description: The policy's ARM id. C(name), C(subscription_id), C(resource_group) and C(location) repeat its parts.
      type: str
      returned: always
    provisioning_state:
      description: Azure's word, such as V(Succeeded), V(Updating) or V(Failed).
      type: str
      returned: always
    vms:
      description:
        - The VMs with C(id), C(name), C(ports) as the option O(jitfleet.azure.jit_policy#module:ports) takes them, C(open)
          and, behind an Azure Firewall, C(public_ip_address).
        - C(open) lists the windows that are open or about to open, each with C(port), C(sources), C(state), C(end_time),
          C(remaining_seconds), C(requestor) and C(justification). While C(provisioning_state) is V(Updating) Azure shows none.
      type: list
      elements: dict
      returned: always
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      name: default
      subscription_id: 11111111-2222-4333-8444-555555555555
      resource_group: rg-vdi
      location: westeurope
      provisioning_state: Succeeded
      vms:
        - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
          name: vdi-01
          ports: [{port: 3389, protocol: any, sources: [any], max_duration: 3h}]
          open:
            - port: 3389
              sources: [203.0.113.7]
              state: initiated
              end_time: "2026-05-04T21:00:00Z"
              remaining_seconds: 5400
              requestor: ada@example.com
              justification: CHG-4711
summary:
  description: How many policies and different VMs are reported, and in how many of the VMs' entries something is open.
  returned: always
  type: dict
  sample: {policies: 1, vms: 1, open: 1}
missed:
  description: The ids of policies that only O(cross_check) found.
  returned: always
  type: list
  elements: str
  sample: [/subscriptions/11111111-2222-4333-8444-555555555555/.../locations/northeurope/jitNetworkAccessPolicies/default]
query_result:
  description: What O(query) gives.
  returned: with O(query)
  type: raw
  sample:
    - {vm: vdi-01, ports: [3389]}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._filter import Query
from ..module_utils._jit.policies import Json
from ..module_utils._operations.report_policies import report_policies
from ..module_utils._report_options import read_wanted
from ..module_utils._runner import Context, run_report


def plan(params: Mapping[str, Any]) -> Callable[[Context], Json]:
    """Read the options into what to report."""
    wanted = read_wanted(params)
    query = Query("query", params["query"]) if params["query"] else None

    def operate(context: Context) -> Json:
        now = context.clock.now()
        report = report_policies(wanted, context.fleet, context.jit, context.jit, now, context.warn)
        if query is not None:
            report["query_result"] = query.of(report)
            del report["policies"]
        return report

    return operate


def main() -> None:
    run_report(
        {
            "subscriptions": {"type": "list", "elements": "str"},
            "resource_groups": {"type": "list", "elements": "str"},
            "regions": {"type": "list", "elements": "str"},
            "names": {"type": "list", "elements": "str"},
            "vms": {"type": "list", "elements": "raw"},
            "cross_check": {"type": "bool", "default": False},
            "query": {"type": "str"},
        },
        plan,
    )


if __name__ == "__main__":
    main()
