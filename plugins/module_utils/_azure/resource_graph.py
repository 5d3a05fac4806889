# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines with their network, by one query of Azure Resource Graph.

Its limits [docs]: 1000 rows a page, 1000 subscriptions a query, 3 joins and 2 mv-expands a query, 400 rows an
mv-expand, and no row beyond the first page of a query that ends in `summarize`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypedDict, cast

from .._jit.conditions import LOCATION, POWER_STATE, RESOURCE_GROUP, AllOf, Condition, Is, power_code
from .._jit.errors import ReplyLost
from .._jit.hosts import OFF, VmRow
from .._jit.ids import VmId
from .arm import Arm
from .subscriptions import is_usable, list_subscriptions

PATH = "/providers/Microsoft.ResourceGraph/resources"
API_VERSION = "2022-10-01"
PAGE = 1000
SUBSCRIPTIONS = 1000

_POWER_STATE = "tostring(properties.extended.instanceView.powerState.code)"
# An interface as Resource Manager shows it.
_MODEL = """,
        model = pack('id', id, 'name', name, 'type', 'Microsoft.Network/networkInterfaces',
            'location', location, 'tags', tags, 'properties', properties)"""

# Each interface's IP configurations are gathered inside the join, so that there is one row for each VM. Ids are
# compared in lower case: Azure writes them in any case [rec], and joins tell cases apart.
_VMS = """\
Resources
| where type =~ 'microsoft.compute/virtualmachines'
{conditions}| project id, name, location, resourceGroup, subscriptionId, tags, zones, plan = tostring(plan.name),
    vmId = tostring(properties.vmId), timeCreated = tostring(properties.timeCreated),
    powerState = tostring(properties.extended.instanceView.powerState.code),
    provisioningState = tostring(properties.provisioningState),
    vmSize = tostring(properties.hardwareProfile.vmSize), licenseType = tostring(properties.licenseType),
    computerName = tostring(properties.osProfile.computerName),
    image = properties.storageProfile.imageReference, osDisk = properties.storageProfile.osDisk,
    dataDisks = properties.storageProfile.dataDisks,
    scaleSet = tostring(properties.virtualMachineScaleSet.id),
    guestName = tostring(properties.extended.instanceView.computerName),
    osName = tostring(properties.extended.instanceView.osName),
    osVersion = tostring(properties.extended.instanceView.osVersion),
    hyperVGeneration = tostring(properties.extended.instanceView.hyperVGeneration),
    nicCount = array_length(properties.networkProfile.networkInterfaces), vmKey = tolower(id)
| join kind=leftouter (
    Resources
    | where type =~ 'microsoft.network/networkinterfaces'
    | where isnotempty(properties.virtualMachine.id)
    | mv-expand configuration = properties.ipConfigurations limit 400
    | project vmKey = tolower(tostring(properties.virtualMachine.id)), nic = id, nicName = name,
        mac = tostring(properties.macAddress), nicPrimary = properties.primary,
        securityGroup = tostring(properties.networkSecurityGroup.id),
        ipName = tostring(configuration.name), ipPrimary = configuration.properties.primary,
        privateAddress = tostring(configuration.properties.privateIPAddress),
        subnet = tostring(configuration.properties.subnet.id),
        subnetKey = tolower(tostring(configuration.properties.subnet.id)),
        publicKey = tolower(tostring(configuration.properties.publicIPAddress.id)),
        hasPublic = isnotempty(configuration.properties.publicIPAddress.id),
        applicationGroups = configuration.properties.applicationSecurityGroups,
        natRules = array_length(configuration.properties.loadBalancerInboundNatRules),
        backendPools = array_length(configuration.properties.loadBalancerBackendAddressPools){model}
    | join kind=leftouter (
        Resources
        | where type =~ 'microsoft.network/publicipaddresses'
        | project publicKey = tolower(id), publicId = id, publicName = name,
            publicAddress = tostring(properties.ipAddress), fqdn = tostring(properties.dnsSettings.fqdn),
            publicSku = tostring(sku.name)
    ) on publicKey
    | join kind=leftouter (
        Resources
        | where type =~ 'microsoft.network/virtualnetworks'
        | mv-expand part = properties.subnets limit 400
        | project subnetKey = tolower(tostring(part.id)), subnetSeen = true,
            subnetSecurityGroup = tostring(part.properties.networkSecurityGroup.id),
            networkSpace = properties.addressSpace.addressPrefixes
    ) on subnetKey
    | summarize interfaces = make_list(pack(
        'nic', nic, 'nicName', nicName, 'mac', mac, 'nicPrimary', nicPrimary, 'securityGroup', securityGroup,
        'ipName', ipName, 'ipPrimary', ipPrimary, 'privateAddress', privateAddress,
        'publicId', publicId, 'publicName', publicName, 'publicAddress', publicAddress, 'fqdn', fqdn,
        'subnet', subnet, 'subnetSeen', subnetSeen, 'subnetSecurityGroup', subnetSecurityGroup,
        'hasPublic', hasPublic, 'publicSku', publicSku, 'applicationGroups', applicationGroups,
        'natRules', natRules, 'backendPools', backendPools, 'networkSpace', networkSpace{packed_model})
        ) by vmKey
) on vmKey
| project-away vmKey, vmKey1
| order by id asc"""


# What there is to know of a VM without its network, which is most of a fleet's rows.
_SYSTEMS = f"""\
Resources
| where type =~ 'microsoft.compute/virtualmachines'
{{conditions}}| project id, location, powerState = {_POWER_STATE},
    osType = tostring(properties.storageProfile.osDisk.osType)
| order by id asc"""


class SystemRow(TypedDict):
    """A VM's operating system, and whether it runs."""

    id: str
    location: str
    powerState: str | None
    osType: str | None


class ResourceGraph:
    """Read fleets of virtual machines."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def list_subscriptions(self) -> list[str]:
        return list_subscriptions(self._arm)

    def list_subscriptions_below(self, management_groups: Sequence[str]) -> list[str]:
        """Read the ids of the subscriptions in some management groups that can be used."""
        text = (
            "ResourceContainers\n| where type =~ 'microsoft.resources/subscriptions'\n"
            "| project id, subscriptionId, state = tostring(properties.state)\n| order by id asc"
        )
        rows = self._rows(text, {"managementGroups": list(management_groups)})
        return [str(row["subscriptionId"]) for row in rows if is_usable(row["state"])]

    def list_vms(
        self,
        subscriptions: Sequence[str],
        resource_groups: Collection[str],
        *,
        include_powered_off: bool,
        condition: Condition | None = None,
        whole_interfaces: bool = False,
    ) -> list[VmRow]:
        """Read the VMs of the subscriptions, or of some resource groups in them; no groups means all.

        `whole_interfaces` asks for all that is known of the interfaces, some kilobytes for each VM.
        """
        text = query(
            resource_groups,
            include_powered_off=include_powered_off,
            condition=condition,
            whole_interfaces=whole_interfaces,
        )
        scope = {"subscriptions": list(subscriptions)}
        return [_read(row) for row in self.ask(text, scope)] if subscriptions else []

    def list_systems(self, subscriptions: Sequence[str], resource_groups: Collection[str]) -> list[SystemRow]:
        """Read the VMs' systems alone; no groups means all."""
        conditions = f"| where {_in_groups(resource_groups)}\n" if resource_groups else ""
        return self.ask(_SYSTEMS.replace("{conditions}", conditions), {"subscriptions": list(subscriptions)})

    def ask(self, text: str, scope: Mapping[str, Any]) -> list[Any]:
        """Ask any query; a scope of many subscriptions is asked in parts, an empty one is all that is seen."""
        subscriptions = scope.get("subscriptions")
        if not subscriptions:
            return list(self._rows(text, scope))
        starts = range(0, len(subscriptions), SUBSCRIPTIONS)
        parts = [{"subscriptions": subscriptions[start : start + SUBSCRIPTIONS]} for start in starts]
        return [row for part in parts for row in self._rows(text, part)]

    def _rows(self, text: str, scope: Mapping[str, Any]) -> Iterator[Any]:
        options: dict[str, Any] = {"resultFormat": "objectArray", "$top": PAGE}
        while True:
            body = {**scope, "query": text, "options": options}
            page = self._arm.query(PATH, API_VERSION, body)
            yield from _rows_of(page)
            token = page.get("$skipToken")
            if not token:
                break
            if token == options.get("$skipToken"):
                raise ReplyLost("Azure Resource Graph gave out the same page twice")
            options = {**options, "$skipToken": token}
        if str(page.get("resultTruncated") or "").lower() == "true":
            raise ReplyLost(f"Azure Resource Graph cut its answer short at {page.get('count')} rows")


def _rows_of(page: Mapping[str, Any]) -> list[Any]:
    """Take the rows of a page. One that has fewer than it tells of must not pass for a smaller fleet.

    `totalRecords` is of all pages, and may change from one to the next, so it counts only where nothing came.
    """
    rows = page.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReplyLost("Azure Resource Graph answered with something that is no list of rows")
    told = page.get("count") if rows else page.get("totalRecords")
    if isinstance(told, int) and len(rows) < told:
        raise ReplyLost(f"Azure Resource Graph gave {len(rows)} of {told} rows")
    return rows


def _read(row: Any) -> VmRow:
    """Take a row as it is, but for the id: Azure writes the group's name in it in any case [rec]."""
    if not isinstance(row.get("id"), str):
        raise ReplyLost("Azure Resource Graph gave a row without an id")
    vm_id = VmId.find_in(row["id"])
    if vm_id is not None:
        row["id"] = str(VmId.of(vm_id.subscription_id, vm_id.resource_group.lower(), vm_id.name))
    return cast(VmRow, row)


def query(
    resource_groups: Collection[str],
    *,
    include_powered_off: bool,
    condition: Condition | None = None,
    whole_interfaces: bool = False,
) -> str:
    """Write the query for some resource groups, or for all of them where none is named."""
    conditions = ""
    if resource_groups:
        conditions += f"| where {_in_groups(resource_groups)}\n"
    if not include_powered_off:
        # A VM whose state Resource Graph doesn't know is left in.
        conditions += f"| where {_POWER_STATE} !in~ ({', '.join(map(quote, OFF))})\n"
    if condition is not None:
        conditions += f"| where {write_condition(condition)}\n"
    model, packed = (_MODEL, ", 'model', model") if whole_interfaces else ("", "")
    return _VMS.replace("{conditions}", conditions).replace("{model}", model).replace("{packed_model}", packed)


def _in_groups(resource_groups: Collection[str]) -> str:
    return f"resourceGroup in~ ({', '.join(map(quote, resource_groups))})"


def write_condition(condition: Condition) -> str:
    """Write a condition in the query language."""
    if not isinstance(condition, Is):
        word = " and " if isinstance(condition, AllOf) else " or "
        return f"({word.join(map(write_condition, condition.parts))})"
    # Only the values of tags tell cases apart.
    if condition.property == LOCATION:
        return f"location {'!=' if condition.negated else '=='} {quote(condition.value)}"
    loosely = "!~" if condition.negated else "=~"
    if condition.property == RESOURCE_GROUP:
        return f"resourceGroup {loosely} {quote(condition.value)}"
    if condition.property == POWER_STATE:
        return f"{_POWER_STATE} {loosely} {quote(power_code(condition.value))}"
    return f"tostring(tags[{quote(condition.tag)}]) {'!=' if condition.negated else '=='} {quote(condition.value)}"


def quote(text: str) -> str:
    """Write a text as a literal of the query language, so that nothing in it can end the literal."""
    escaped = "".join(_escape(character) for character in text)
    return f"'{escaped}'"


def _escape(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    # The escape has four digits; what is beyond them, such as the parts of a flag, can stand for itself.
    return character if character.isprintable() or ord(character) > 0xFFFF else f"\\u{ord(character):04x}"
