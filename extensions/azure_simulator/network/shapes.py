# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network resources as JSON, in the shapes recorded from Azure."""

from __future__ import annotations

from ..exchange import Json
from ..resource_ids import etag, guid
from .models import (
    ADDRESSES,
    GROUPS,
    INTERFACES,
    NETWORKS,
    NetworkInterface,
    NetworkSecurityGroup,
    PublicAddress,
    SecurityRule,
    Subnet,
    VirtualNetwork,
)

# name, description, source, destination, access, priority, direction [rec]
_DEFAULT_RULES = (
    (
        "AllowVnetInBound",
        "Allow inbound traffic from all VMs in VNET",
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow",
        65000,
        "Inbound",
    ),
    (
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        "AzureLoadBalancer",
        "*",
        "Allow",
        65001,
        "Inbound",
    ),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", 65500, "Inbound"),
    (
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow",
        65000,
        "Outbound",
    ),
    (
        "AllowInternetOutBound",
        "Allow outbound traffic from all VMs to Internet",
        "*",
        "Internet",
        "Allow",
        65001,
        "Outbound",
    ),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", 65500, "Outbound"),
)
_PLURALS = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")


def show_interface(nic: NetworkInterface) -> Json:
    """Write a network interface."""
    tag = etag(nic.id)
    properties: Json = {
        "provisioningState": "Succeeded",
        "resourceGuid": guid("nic", nic.id),
        "ipConfigurations": [_show_configuration(nic, tag)],
        "dnsSettings": {
            "dnsServers": [],
            "appliedDnsServers": [],
            "internalDomainNameSuffix": f"{guid('dns', nic.subnet.id)[:8]}.ax.internal.cloudapp.net",
        },
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
    }
    if nic.nsg is not None:
        properties["networkSecurityGroup"] = {"id": nic.nsg.id}
    if nic.vm is not None:
        mac = guid("mac", nic.id).replace("-", "")[:6].upper()
        properties |= {
            "macAddress": f"00-0D-3A-{mac[:2]}-{mac[2:4]}-{mac[4:]}",
            "primary": nic is nic.vm.nics[0],
            "virtualMachine": {"id": nic.vm.id},
        }
    properties |= {"hostedWorkloads": [], "tapConfigurations": [], "nicType": "Standard"}
    return {
        "name": nic.name,
        "id": nic.id,
        "etag": tag,
        "location": nic.location,
        "tags": {},
        "properties": properties,
        "type": INTERFACES,
    }


def _show_configuration(nic: NetworkInterface, tag: str) -> Json:
    """Write the IP configuration of an interface."""
    properties: Json = {
        "provisioningState": "Succeeded",
        "privateIPAddress": nic.private_address,
        "privateIPAllocationMethod": "Dynamic",
    }
    if nic.public_address is not None:
        properties["publicIPAddress"] = {"id": nic.public_address.id}
    properties |= {"subnet": {"id": nic.subnet.id}, "primary": True, "privateIPAddressVersion": "IPv4"}
    for name, ids in (
        ("applicationSecurityGroups", nic.application_groups),
        ("loadBalancerBackendAddressPools", nic.backend_pools),
        ("loadBalancerInboundNatRules", nic.nat_rules),
    ):
        if ids:
            properties[name] = [{"id": one} for one in ids]
    return {
        "name": "ipconfig1",
        "id": f"{nic.id}/ipConfigurations/ipconfig1",
        "etag": tag,
        "type": f"{INTERFACES}/ipConfigurations",
        "properties": properties,
    }


def show_address(public: PublicAddress) -> Json:
    """Write a public address."""
    properties: Json = {
        "provisioningState": "Succeeded",
        "resourceGuid": guid("pip", public.id),
        "ipAddress": public.address,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static" if public.sku == "Standard" else "Dynamic",
        "idleTimeoutInMinutes": 4,
    }
    if public.label is not None:
        fqdn = f"{public.label}.{public.location}.cloudapp.azure.com"
        properties["dnsSettings"] = {"domainNameLabel": public.label, "fqdn": fqdn}
    properties["ipTags"] = []
    if public.interface is not None:
        properties["ipConfiguration"] = {"id": f"{public.interface.id}/ipConfigurations/ipconfig1"}
    return {
        "name": public.name,
        "id": public.id,
        "etag": etag(public.id),
        "location": public.location,
        "tags": {},
        "properties": properties,
        "type": ADDRESSES,
        "sku": {"name": public.sku, "tier": "Regional"},
    }


def show_nsg(nsg: NetworkSecurityGroup) -> Json:
    """Write a security group with its rules and whom it guards."""
    properties: Json = {
        "provisioningState": "Updating" if nsg.busy_with else "Succeeded",
        "resourceGuid": guid("nsg", nsg.id),
        "securityRules": [show_rule(nsg, rule) for rule in nsg.rules.values()],
        "defaultSecurityRules": show_default_rules(nsg),
    }
    if nsg.interfaces:
        properties["networkInterfaces"] = [{"id": nic.id} for nic in nsg.interfaces]
    if nsg.subnets:
        properties["subnets"] = [{"id": subnet.id} for subnet in nsg.subnets]
    return {
        "name": nsg.name,
        "id": nsg.id,
        "etag": etag(nsg.id, nsg.revision),
        "type": GROUPS,
        "location": nsg.location,
        "tags": nsg.tags,
        "properties": properties,
    }


def show_rule(nsg: NetworkSecurityGroup, rule: SecurityRule, state: str = "Succeeded") -> Json:
    """Write a rule; plural fields are there even when empty [rec]."""
    plurals = {name: rule.properties.get(name) or [] for name in _PLURALS}
    return {
        "name": rule.name,
        "id": f"{nsg.id}/securityRules/{rule.name}",
        "etag": etag(nsg.id, nsg.revision),
        "type": f"{GROUPS}/securityRules",
        "properties": {"provisioningState": state} | rule.properties | plurals,
    }


def show_default_rules(nsg: NetworkSecurityGroup) -> list[Json]:
    """Write the rules that every security group has."""
    return [_show_default(nsg, *rule) for rule in _DEFAULT_RULES]


def _show_default(
    nsg: NetworkSecurityGroup,
    name: str,
    description: str,
    source: str,
    destination: str,
    access: str,
    priority: int,
    direction: str,
) -> Json:
    """Write one default rule."""
    return {
        "name": name,
        "id": f"{nsg.id}/defaultSecurityRules/{name}",
        "etag": etag(nsg.id, nsg.revision),
        "type": f"{GROUPS}/defaultSecurityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "description": description,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
        }
        | {plural: [] for plural in _PLURALS},
    }


def show_network(network: VirtualNetwork) -> Json:
    """Write a virtual network with its subnets."""
    return {
        "name": network.name,
        "id": network.id,
        "etag": etag(network.id),
        "type": NETWORKS,
        "location": network.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid("vnet", network.id),
            "addressSpace": {"addressPrefixes": list(network.prefixes)},
            "subnets": [show_subnet(subnet) for subnet in network.subnets.values()],
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
        },
    }


def show_subnet(subnet: Subnet) -> Json:
    """Write a subnet."""
    properties: Json = {"provisioningState": "Succeeded", "addressPrefix": subnet.prefix}
    if subnet.nsg is not None:
        properties["networkSecurityGroup"] = {"id": subnet.nsg.id}
    properties |= {
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }
    return {
        "name": subnet.name,
        "id": subnet.id,
        "etag": etag(subnet.id),
        "properties": properties,
        "type": f"{NETWORKS}/subnets",
    }
