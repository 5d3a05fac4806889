#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: defender_plan_info
short_description: Report which subscriptions have Microsoft Defender for Servers
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Reads the plan of Microsoft Defender for Servers of Azure subscriptions, and whether it includes just-in-time (JIT)
    access. Costs one request for each subscription.
  - The task runs once, on the controller; the hosts of the play are no matter.
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.reading
options:
  subscriptions:
    description:
      - The subscriptions to read, by their ids, or V(*) for all that the credential sees; one of these whose plan may not be
        read is left out with a warning.
      - Without it O(subscription_id).
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over the result. What it gives is returned as RV(query_result), and RV(subscriptions) is left
        out.
      - Needs the Python package jmespath on the controller.
    type: str
notes:
  - Needs the action C(Microsoft.Security/pricings/read) on the subscriptions, which the roles Reader and Security Reader
    have.
  - What is told is the subscription's plan. Single VMs can have one of their own, see C(coverage).
seealso:
  - module: jitfleet.azure.defender_plan
"""

EXAMPLES = r"""
- name: List subscriptions in which JIT access does nothing
  jitfleet.azure.defender_plan_info:
    subscriptions: ['*']
    query: "subscriptions[?!includes_jit].subscription_id"
  register: without_jit

- name: Look at one subscription
  jitfleet.azure.defender_plan_info:
    subscriptions: [11111111-2222-4333-8444-555555555555]
  register: plans
"""

RETURN = r"""
subscriptions:
  description: The plans, in the order of O(subscriptions).
  returned: without O(query)
  type: list
  elements: dict
  contains:
    subscription_id:
      description: The subscription.
      type: str
      returned: always
    tier:
      description: V(standard) or V(free).
      type: str
      returned: always
    sub_plan:
      description: V(P1) or V(P2); null in the free tier. A standard tier without one is the full plan, V(P2).
      type: str
      returned: always
    includes_jit:
      description: Whether the plan includes JIT access.
      type: bool
      returned: always
    coverage:
      description: >-
        V(fully), V(partially) if some VMs have a plan of their own, or V(not); null where Azure doesn't say.
      type: str
      returned: always
    enforced:
      description: Whether VMs can't have plans of their own; null where Azure doesn't say.
      type: bool
      returned: always
    enabled_since:
      description: When the plan was last turned on, as Azure writes it; null if it is off or Azure doesn't know.
      type: str
      returned: always
    free_trial_remaining:
      description: What is left of the free trial, in ISO 8601; V(PT0S) is nothing.
      type: str
      returned: always
    extensions:
      description: The plan's extensions, each with C(name) and C(enabled).
      type: list
      elements: dict
      returned: always
  sample:
    - subscription_id: 11111111-2222-4333-8444-555555555555
      tier: standard
      sub_plan: P2
      includes_jit: true
      coverage: fully
      enforced: false
      enabled_since: "2026-03-01T12:42:42.1921106Z"
      free_trial_remaining: PT0S
      extensions: [{name: AgentlessVmScanning, enabled: true}]
summary:
  description: How many subscriptions have each plan.
  returned: always
  type: dict
  sample: {p1: 0, p2: 1, free: 0}
query_result:
  description: What O(query) gives.
  returned: with O(query)
  type: raw
  sample: [11111111-2222-4333-8444-555555555555]
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._filter import Query
from ..module_utils._jit.policies import Json
from ..module_utils._operations.server_plans import report_plans
from ..module_utils._plan_options import read_plan_scope
from ..module_utils._runner import Context, run_report


def plan(params: Mapping[str, Any]) -> Callable[[Context], Json]:
    """Read the options into what to report."""
    scope = read_plan_scope(params)
    query = Query("query", params["query"]) if params["query"] else None

    def operate(context: Context) -> Json:
        report = report_plans(scope, context.fleet, context.defender, context.warn)
        if query is not None:
            return {"query_result": query.of(report), "summary": report["summary"]}
        return report

    return operate


def main() -> None:
    run_report(
        {
            "subscriptions": {"type": "list", "elements": "str"},
            "query": {"type": "str"},
        },
        plan,
    )


if __name__ == "__main__":
    main()
