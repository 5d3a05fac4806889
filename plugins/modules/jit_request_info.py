#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_request_info
short_description: Report just-in-time access requests, and what is open
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Reads the requests that just-in-time (JIT) access of Microsoft Defender for Cloud keeps in its policies - who asked for
    which port of which VM, from where, why, and until when.
  - Says in one place what is open at this moment, merged over requests that overlap.
  - A policy that is just being written shows no requests for a second at least. A warning names it then.
  - Costs one list for each subscription, or for each resource group if some are named, however long the history is.
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
  vms:
    description:
      - Report only requests for these VMs.
      - Each element is a VM's ARM id, or a mapping with C(resource_group), C(name) and, unless O(subscription_id) is meant,
        C(subscription_id).
    type: list
    elements: raw
  ports:
    description: Report only requests for these ports, by numbers or service names.
    type: list
    elements: raw
  sources:
    description: Report only requests that admit all of these addresses and CIDR prefixes.
    type: list
    elements: str
  states:
    description:
      - Report only requests in these states. V(active) ones are open, V(pending) ones are accepted and not in effect yet,
        V(closed) ones are still listed by Azure and their network rule is gone, see O(check_rules), V(expired) ones reached
        their end, V(revoked) ones were ended by Azure before it.
      - V(other) stands for states that Azure may report and this module doesn't know.
      - RV(open_now) is told whatever states are asked for.
    type: list
    elements: str
    choices: [active, pending, closed, expired, revoked, other]
  requestors:
    description:
      - Report only requests of these people, by the name that Azure keeps. For service principals Azure seems to keep none;
        look for them by O(justification).
    type: list
    elements: str
  justification:
    description: Report only requests whose justification holds this text, in upper or lower case.
    type: str
  started_after:
    description: Report only requests from this moment on, such as V(2026-05-04T18:00:00Z), in UTC unless it says otherwise.
    type: str
  check_rules:
    description:
      - Look at the network security groups of VMs with open windows. Azure goes on listing a window as open until its end
        although its rule was deleted, as M(jitfleet.azure.jit_request) does with O(jitfleet.azure.jit_request#module:state=closed);
        such a window is V(closed) and not in RV(open_now).
      - Where the groups may not be read, what Azure lists is told.
    type: bool
    default: true
  query:
    description:
      - A JMESPath expression over the result. What it gives is returned as RV(query_result), and RV(requests) and
        RV(open_now) are left out.
      - Needs the Python package jmespath on the controller.
    type: str
seealso:
  - module: jitfleet.azure.jit_request
  - module: jitfleet.azure.jit_policy_info
"""

EXAMPLES = r"""
- name: See what is open in all subscriptions
  jitfleet.azure.jit_request_info:
    subscriptions: ['*']
    states: [active]
  register: now

- name: See who asked for RDP since the beginning of the month
  jitfleet.azure.jit_request_info:
    resource_groups: [rg-vdi]
    ports: [rdp]
    started_after: "2026-05-01T00:00:00Z"
    query: "requests[].{vm: name, who: requestor, why: justification, until: end_time}"
  register: who

- name: See what one change opened
  jitfleet.azure.jit_request_info:
    justification: CHG-4711
  register: change
"""

RETURN = r"""
requests:
  description: The requests, port by port, the newest first.
  returned: without O(query)
  type: list
  elements: dict
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
      name: vdi-01
      policy_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      port: 3389
      sources: [203.0.113.7]
      state: active
      status: Initiated
      status_reason: UserRequested
      start_time: "2026-05-04T18:00:00Z"
      end_time: "2026-05-04T21:00:00Z"
      remaining_seconds: 5400
      requestor: ada@example.com
      justification: CHG-4711
open_now:
  description:
    - The VMs with open ports, of those that the options speak of. Of each port every source stands once, with the latest end
      that some request gives it.
  returned: without O(query)
  type: list
  elements: dict
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
      name: vdi-01
      ports:
        - port: 3389
          sources: [203.0.113.7]
          end_time: "2026-05-04T21:00:00Z"
          remaining_seconds: 5400
summary:
  description: How many of the reported requests are in each state, and how many VMs have open ports.
  returned: always
  type: dict
  sample: {active: 1, pending: 0, closed: 0, expired: 0, revoked: 0, other: 0, vms_open: 1}
query_result:
  description: What O(query) gives.
  returned: with O(query)
  type: raw
  sample:
    - {vm: vdi-01, who: ada@example.com, why: CHG-4711, until: "2026-05-04T21:00:00Z"}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._filter import Query
from ..module_utils._jit.policies import Json
from ..module_utils._operations.report_requests import report_requests
from ..module_utils._report_options import read_search
from ..module_utils._runner import Context, run_report


def plan(params: Mapping[str, Any]) -> Callable[[Context], Json]:
    """Read the options into what to report."""
    scope, wanted = read_search(params)
    query = Query("query", params["query"]) if params["query"] else None

    def operate(context: Context) -> Json:
        now = context.clock.now()
        report = report_requests(scope, wanted, context, now, context.warn, check_rules=params["check_rules"])
        if query is not None:
            return {"query_result": query.of(report), "summary": report["summary"]}
        return report

    return operate


def main() -> None:
    run_report(
        {
            "subscriptions": {"type": "list", "elements": "str"},
            "resource_groups": {"type": "list", "elements": "str"},
            "vms": {"type": "list", "elements": "raw"},
            "ports": {"type": "list", "elements": "raw"},
            "sources": {"type": "list", "elements": "str"},
            "states": {
                "type": "list",
                "elements": "str",
                "choices": ["active", "pending", "closed", "expired", "revoked", "other"],
            },
            "requestors": {"type": "list", "elements": "str"},
            "justification": {"type": "str"},
            "started_after": {"type": "str"},
            "check_rules": {"type": "bool", "default": True},
            "query": {"type": "str"},
        },
        plan,
    )


if __name__ == "__main__":
    main()
