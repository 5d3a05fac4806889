#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: defender_plan
short_description: Turn Microsoft Defender for Servers on or off for subscriptions
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Sets the plan of Microsoft Defender for Servers on Azure subscriptions. Just-in-time (JIT) access takes Plan 2.
  - B(This costs money.) With O(tier=standard) Microsoft charges every server of the subscription by the hour it runs, VMs
    and connected machines alike, whether JIT access guards it or not; Plan 2 costs about three times as much as Plan 1.
    Prices are at U(https://azure.microsoft.com/pricing/details/defender-for-cloud/). So the plan is turned on only where
    O(tier=standard) is said outright, and O(subscriptions=*) turns it on in every subscription that the credential sees.
    Try it in check mode first.
  - Whatever else Azure shows of the plan and lets one set, such as its extensions, is sent back as it is, fields unknown to
    this module too; the notes tell of one exception.
  - The task runs once, on the controller; the hosts of the play are no matter, it works on what the options say.
extends_documentation_fragment:
  - jitfleet.azure.auth
attributes:
  check_mode:
    support: full
    description: Changes nothing, and predicts which subscriptions would change.
  diff_mode:
    support: full
    description: Shows tier and sub plan of the subscriptions that change.
  idempotent:
    support: full
    description: A second run finds the plan as wished, and writes nothing.
options:
  state:
    description: Whether the plan O(tier) and O(sub_plan) shall be there, or none.
    type: str
    choices:
      present: The subscriptions have the plan that O(tier) and O(sub_plan) say.
      absent: The same as O(tier=free).
    default: present
  tier:
    description:
      - Whether Defender for Servers is on. There is no default; who wants the plan has to say so.
    type: str
    choices:
      standard: It is on, and costs money for every server.
      free: >-
        It is off for the whole subscription, with everything that belongs to it, such as threat detection and scanning
        for vulnerabilities. What then becomes of JIT policies, and of windows that are open, Microsoft doesn't say.
  sub_plan:
    description:
      - Which plan is on, with O(tier=standard).
      - Without it a plan that is on stays the size it is, and where it is off the full one (V(P2)) is turned on, as Azure
        itself does.
    type: str
    choices:
      P1: Plan 1, without JIT access. The module says so in a warning.
      P2: Plan 2, with JIT access.
  subscriptions:
    description:
      - The subscriptions, by their ids, or V(*) for all that the credential sees.
      - Without it O(subscription_id).
    type: list
    elements: str
  wait_timeout:
    description:
      - How long to wait at most, in seconds, until Azure shows the change.
      - A change that it accepted and doesn't show by then is V(unknown).
    type: int
    default: 60
  on_failure:
    description: What to do when the plan of some of the subscriptions could not be set; all others are set either way.
    type: str
    choices:
      fail: Fail the task.
      report: Let the task succeed; RV(subscriptions[].error) tells the failures.
    default: fail
notes:
  - Needs the actions C(Microsoft.Security/pricings/read) and C(Microsoft.Security/pricings/write) on the subscription, which
    the roles Security Admin, Owner and Contributor have.
  - The plan is there within seconds. What follows from it takes longer - Azure's recommendation about JIT access, which
    reports use, lags by hours.
  - A single VM can have a plan of its own, Plan 1 or none, whatever its subscription has. Azure then shows the subscription
    as partially covered; the module warns, and leaves such VMs as they are. Unless the subscription's plan is enforced
    (RV(jitfleet.azure.defender_plan_info#module:subscriptions[].enforced)), which this module leaves as it is too.
  - An Azure Policy, of a management group for example, can turn the plan on or off again after this module did. It finds
    that at its next run only.
  - From Plan 2 to Plan 1 the plan's extensions, such as agentless scanning, are left for Azure to decide about, since Plan 1
    lacks some of them. Going back then turns on what Azure turns on by default, not what was on before.
seealso:
  - module: jitfleet.azure.defender_plan_info
  - module: jitfleet.azure.jit_policy
"""

EXAMPLES = r"""
- name: See what turning on Plan 2 in two subscriptions would change
  jitfleet.azure.defender_plan:
    subscriptions:
      - 11111111-2222-4333-8444-555555555555
      - 66666666-7777-4888-9999-aaaaaaaaaaaa
    tier: standard
    sub_plan: P2
  check_mode: true
  diff: true

- name: Turn it on, which costs money for every server
  jitfleet.azure.defender_plan:
    subscriptions: [11111111-2222-4333-8444-555555555555]
    tier: standard
    sub_plan: P2

- name: Turn it off where nobody uses it any more
  jitfleet.azure.defender_plan:
    subscriptions: [66666666-7777-4888-9999-aaaaaaaaaaaa]
    tier: free
"""

RETURN = r"""
subscriptions:
  description: What became of each subscription.
  returned: always
  type: list
  elements: dict
  contains:
    subscription_id:
      description: The subscription.
      type: str
      returned: always
    state:
      description:
        - V(changed), V(unchanged) or V(failed); V(unknown) where the answer was lost or Azure doesn't show yet what it
          accepted. Running the task again is harmless then.
      type: str
      returned: always
    changed:
      description: Whether the plan was changed, or with V(unknown) may have been.
      type: bool
      returned: always
    tier:
      description: V(standard) or V(free), after the task; null if it isn't known.
      type: str
      returned: always
    sub_plan:
      description: V(P1) or V(P2), after the task; null in the free tier.
      type: str
      returned: always
    before:
      description: C(tier) and C(sub_plan) before the task.
      type: dict
      returned: always
    verified:
      description: Whether Azure was seen to show the change.
      type: bool
      returned: when it was made
    error:
      description: What went wrong.
      type: str
      returned: when it went wrong
  sample:
    - subscription_id: 11111111-2222-4333-8444-555555555555
      state: changed
      changed: true
      tier: standard
      sub_plan: P2
      before: {tier: free, sub_plan: null}
      verified: true
summary:
  description: How many subscriptions are in each state.
  returned: always
  type: dict
  sample: {changed: 1, unchanged: 0, failed: 0, unknown: 0}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._operations.server_plans import set_plans
from ..module_utils._plan_options import plans_failure, plans_result, read_plan_request
from ..module_utils._runner import Conclusion, Context, run_scoped


def plan(params: Mapping[str, Any]) -> Callable[[Context], Conclusion]:
    """Read the options into a request."""
    request = read_plan_request(params)

    def operate(context: Context) -> Conclusion:
        outcomes = set_plans(
            request, context.fleet, context.defender, context.clock, context.warn, check_mode=context.check_mode
        )
        fails = outcomes.failures and params["on_failure"] == "fail"
        return Conclusion(plans_result(outcomes), plans_failure(outcomes) if fails else None)

    return operate


def main() -> None:
    run_scoped(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "tier": {"type": "str", "choices": ["standard", "free"]},
            "sub_plan": {"type": "str", "choices": ["P1", "P2"]},
            "subscriptions": {"type": "list", "elements": "str"},
            "wait_timeout": {"type": "int", "default": 60},
            "on_failure": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
        },
        plan,
    )


if __name__ == "__main__":
    main()
