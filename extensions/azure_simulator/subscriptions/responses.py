# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about tenants, subscriptions, resource groups, locations and providers."""

from __future__ import annotations

from ..exchange import Call, Json, Reply
from ..paging import page
from ..world import Tenant, World
from .errors import no_such_management_group, unknown_namespace
from .models import ResourceGroup, Subscription
from .providers import PROVIDERS
from .visible import visible_groups, visible_subscriptions


def list_tenants(world: World, call: Call) -> Reply:
    """Answer the one tenant."""
    return Reply(body=page(call, world.behaviour, [world.tenant], _show_tenant))


def list_subscriptions(world: World, call: Call) -> Reply:
    """Answer all subscriptions."""
    visible = visible_subscriptions(world, call)
    body = page(call, world.behaviour, visible, _show_subscription)
    if "nextLink" not in body:
        body["count"] = {"type": "Total", "value": len(visible)}
    return Reply(body=body)


def list_descendants(world: World, call: Call, name: str) -> Reply:
    """Answer what is below a management group; there is one, the tenant's root, named after it."""
    if name.lower() != world.tenant.id.lower():
        raise no_such_management_group(name)
    return Reply(body=page(call, world.behaviour, visible_subscriptions(world, call), _show_descendant))


def get_subscription(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer one subscription."""
    return Reply(body=_show_subscription(world.subscription(subscription_id)))


def list_locations(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the locations that the subscription's groups use."""
    subscription = world.subscription(subscription_id)
    return Reply(body={"value": [_show_location(subscription, name) for name in subscription.locations()]})


def list_groups(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the resource groups of a subscription."""
    groups = visible_groups(world, call, subscription_id)
    return Reply(body=page(call, world.behaviour, groups, _show_group))


def get_group(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer one resource group."""
    return Reply(body=_show_group(world.group(subscription_id, group_name)))


def head_group(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Tell whether a resource group exists."""
    exists = group_name.lower() in world.subscription(subscription_id).groups
    return Reply(204 if exists else 404)


def list_providers(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer all resource providers."""
    subscription = world.subscription(subscription_id)
    return Reply(body=page(call, world.behaviour, list(PROVIDERS), lambda key: _show_provider(subscription, key)))


def get_provider(world: World, call: Call, subscription_id: str, namespace: str) -> Reply:
    """Answer a resource provider with the api-versions of its types."""
    subscription = world.subscription(subscription_id)
    if namespace.lower() not in PROVIDERS:
        raise unknown_namespace(namespace)
    return Reply(body=_show_provider(subscription, namespace.lower()))


def _show_provider(subscription: Subscription, key: str) -> Json:
    """Write a resource provider."""
    name, resource_types = PROVIDERS[key]
    shown = [
        {
            "resourceType": kind,
            "locations": subscription.locations(),
            "apiVersions": list(versions),
            "capabilities": "None",
        }
        for kind, versions in resource_types.items()
    ]
    return {
        "id": f"/subscriptions/{subscription.id}/providers/{name}",
        "namespace": name,
        "resourceTypes": shown,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }


def _show_tenant(tenant: Tenant) -> Json:
    """Write a tenant."""
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": "NL",
        "displayName": tenant.name,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }


def _show_descendant(subscription: Subscription) -> Json:
    """Write a subscription as part of a management group [docs]."""
    root = f"/providers/Microsoft.Management/managementGroups/{subscription.tenant_id}"
    return {
        "id": f"/subscriptions/{subscription.id}",
        "type": "/subscriptions",
        "name": subscription.id,
        "properties": {"displayName": subscription.name, "parent": {"id": root}},
    }


def _show_subscription(subscription: Subscription) -> Json:
    """Write a subscription."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _show_location(subscription: Subscription, name: str) -> Json:
    """Write a location."""
    return {
        "id": f"/subscriptions/{subscription.id}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": name,
        "regionalDisplayName": name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


def _show_group(group: ResourceGroup) -> Json:
    """Write a resource group."""
    return {
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    }
