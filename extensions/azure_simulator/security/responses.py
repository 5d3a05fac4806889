# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about Defender plans."""

from __future__ import annotations

from ..errors import unregistered_api_version
from ..exchange import Call, Json, Reply
from ..moments import format_utc
from ..subscriptions.models import Subscription
from ..subscriptions.providers import PRICING_VERSIONS
from ..world import World
from .errors import invalid_pricing, pricing_not_found
from .models import Pricing

_RESOURCE = "/providers/Microsoft.Security/pricings/VirtualMachines"
_HEADERS: dict[str, str | list[str]] = {"api-supported-versions": "1.0", "Server": "Kestrel"}


def list_pricings(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer all plans of a subscription."""
    subscription = world.subscription(subscription_id)
    shown = [_show(subscription, plan, _version(call)) for plan in subscription.pricings.values()]
    return Reply(body={"value": shown}, headers=_HEADERS)


def get_pricing(world: World, call: Call, subscription_id: str, plan_name: str) -> Reply:
    """Answer one plan."""
    subscription = world.subscription(subscription_id)
    return Reply(body=_show(subscription, _find(subscription, plan_name), _version(call)), headers=_HEADERS)


def get_vm_pricing(
    world: World, call: Call, subscription_id: str, group_name: str, vm_name: str, plan_name: str
) -> Reply:
    """Answer the plan of one VM, which is always its subscription's [spec: GetResourcePricingByName]."""
    subscription = world.subscription(subscription_id)
    group = world.group(subscription_id, group_name)
    vm = group.vms.get(vm_name.lower())
    if vm is None or plan_name.lower() != "virtualmachines":
        raise pricing_not_found(plan_name)
    shown = _show(subscription, subscription.pricings["virtualmachines"], _version(call))
    own = ("enforce", "resourcesCoverageStatus")
    properties = {name: value for name, value in shown["properties"].items() if name not in own}
    properties |= {"inherited": "True", "inheritedFrom": f"/subscriptions/{subscription.id}"}
    return Reply(body={**shown, "id": f"{vm.id}{_RESOURCE}", "properties": properties}, headers=_HEADERS)


def put_pricing(world: World, call: Call, subscription_id: str, plan_name: str) -> Reply:
    """Change one plan; Standard without a sub plan becomes P2 [rec]."""
    subscription = world.subscription(subscription_id)
    plan, version = _find(subscription, plan_name), _version(call)
    properties = call.json().get("properties")
    if not isinstance(properties, dict):
        raise invalid_pricing("The 'properties' of the pricing are missing.")
    tier, sub_plan = _wish(plan, properties)
    if tier == "Standard" and plan.tier != "Standard":
        plan.enabled = world.clock.now()
    plan.tier, plan.sub_plan = tier, sub_plan
    world.touch()
    return Reply(body=_show(subscription, plan, version), headers=_HEADERS)


def _wish(plan: Pricing, properties: Json) -> tuple[str, str | None]:
    """Return tier and sub plan that a PUT asks for. Raises ArmError."""
    tier, sub_plan = properties.get("pricingTier"), properties.get("subPlan")
    if tier not in ("Free", "Standard"):
        raise invalid_pricing(f"'{tier}' is not a pricing tier: allowed are Free and Standard.")
    if tier == "Free" and properties.get("extensions"):
        # [issue: the Terraform provider azurerm sends none with Free]
        raise invalid_pricing("Extensions can't be set in the Free pricing tier.")
    if tier == "Free" or plan.name != "VirtualMachines":
        return tier, None
    if sub_plan not in (None, "P1", "P2"):
        raise invalid_pricing(f"'{sub_plan}' is not a sub plan of VirtualMachines: allowed are P1 and P2.")
    return tier, sub_plan or "P2"


def _version(call: Call) -> str:
    """Return the api-version asked for. Raises ArmError."""
    if call.api_version not in PRICING_VERSIONS:
        raise unregistered_api_version("pricings", call.api_version, PRICING_VERSIONS)
    return call.api_version


def _find(subscription: Subscription, name: str) -> Pricing:
    """Return a plan. Raises ArmError."""
    plan = subscription.pricings.get(name.lower())
    if plan is None:
        raise pricing_not_found(name)
    return plan


def _show(subscription: Subscription, plan: Pricing, version: str) -> Json:
    """Write a plan: each api-version added fields [rec: 2018, 2022, 2023; spec: 2024]."""
    properties: Json = {}
    standard = plan.tier == "Standard"
    if version >= "2023" and standard and plan.name == "VirtualMachines":
        properties["extensions"] = _extensions(plan)
    if version >= "2022" and plan.sub_plan:
        properties["subPlan"] = plan.sub_plan
    properties |= {"pricingTier": plan.tier, "freeTrialRemainingTime": "PT0S"}
    if version >= "2024" and standard and plan.enabled is not None:
        properties["enablementTime"] = format_utc(plan.enabled)
    if version >= "2024":
        properties |= {
            "enforce": "False",
            "resourcesCoverageStatus": "FullyCovered" if standard else "NotCovered",
        }
    if plan.deprecated:
        properties |= {"deprecated": True, "replacedBy": list(plan.replaced_by)}
    return {
        "id": f"/subscriptions/{subscription.id}/providers/Microsoft.Security/pricings/{plan.name}",
        "name": plan.name,
        "type": "Microsoft.Security/pricings",
        "properties": properties,
    }


def _extensions(plan: Pricing) -> list[Json]:
    """Write the extensions of the servers' plan; agentless scanning is P2's [rec]."""
    extensions: list[Json] = [{"name": "MdeDesignatedSubscription", "isEnabled": "False"}]
    if plan.sub_plan == "P2":
        extensions.append(
            {
                "name": "AgentlessVmScanning",
                "isEnabled": "True",
                "additionalExtensionProperties": {"ExclusionTags": "[]"},
                "operationStatus": {"code": "Succeeded", "message": "Successfully enabled extension"},
            }
        )
    return extensions
