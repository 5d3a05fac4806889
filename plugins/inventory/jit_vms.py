# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: jit_vms
short_description: Azure virtual machines with their just-in-time access
version_added: 0.1.0
author:
  - jitfleet contributors (@jitfleet)
description:
  - Makes a host of each Azure virtual machine that the credential sees, with the state of its just-in-time (JIT)
    access.
  - Reads the VMs, their network interfaces and addresses with one query of Azure Resource Graph for each thousand VMs,
    and the JIT policies with one request for each subscription. Azure Resource Manager's lists can be read instead.
  - The name of the inventory file must end in C(jit_vms.yml) or C(jit_vms.yaml).
  - The hosts' variables have the names that C(azure.azcollection.azure_rm) gives them, and that plugin's options are
    understood, so that inventories and playbooks that were written for it run on. The guide on inventories says what
    differs.
extends_documentation_fragment:
  - jitfleet.azure.auth.plugin
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is meant for this plugin.
    type: str
    required: true
    choices: [jitfleet.azure.jit_vms]
  subscriptions:
    description:
      - The ids of the subscriptions whose VMs are hosts.
      - By default all that the credential sees. The environment variable E(AZURE_SUBSCRIPTION_ID) does not narrow
        them, unless O(azure_rm_defaults) is in force.
    type: list
    elements: str
    default: []
    env:
      - name: JIT_VMS_SUBSCRIPTIONS
  subscription_id:
    description: The one subscription, as C(azure.azcollection.azure_rm) has it; O(subscriptions) is meant.
    type: str
  management_groups:
    description:
      - The ids of management groups; the VMs of all subscriptions in them are hosts, beside those of
        O(subscriptions).
      - With O(source=arm) the credential needs C(Microsoft.Management/managementGroups/descendants/read) on them.
    type: list
    elements: str
    default: []
    env:
      - name: JIT_VMS_MANAGEMENT_GROUPS
  resource_groups:
    description:
      - The names of the resource groups whose VMs are hosts, in any of the subscriptions.
      - By default all. It is Azure that leaves the others out, so that they cost nothing.
    type: list
    elements: str
    default: []
    env:
      - name: JIT_VMS_RESOURCE_GROUPS
  source:
    description:
      - Where the VMs are read from.
      - V(resource_graph) is one query for each thousand VMs, whatever the number of subscriptions.
      - V(arm) is five lists for each subscription, which are current to the second. Lists of the network that the
        credential may not read are passed over with a warning. Where the lists of a whole subscription are forbidden,
        those of the resource groups stand in for them, and each VM is asked for its power state. What guests say of themselves (C(os_name),
        C(os_version), C(hyper_v_generation)) is not sure to be there.
      - V(auto) is V(resource_graph), and V(arm) with a warning where Resource Graph is forbidden or absent.
    type: str
    choices: [resource_graph, arm, auto]
    default: resource_graph
    env:
      - name: JIT_VMS_SOURCE
  filter:
    description:
      - A JMESPath expression over the host's variables, such as V(tags.role == 'vdi' && location == 'westeurope').
        A VM for which it is false, null or empty is no host.
      - Azure itself leaves out what plain comparisons rule out, such as V(tags.NAME == 'text'),
        V(location == 'text'), and C(==) and C(!=) with C(resource_group) and C(powerstate), alone or joined by
        C(&&) and C(||).
      - An expression that fails for a VM stops the inventory and names both.
    type: str
    env:
      - name: JIT_VMS_FILTER
  include_powered_off:
    description:
      - Take in the VMs that are stopped or deallocated, too, or are about to be.
      - V(false) by default, unless O(azure_rm_defaults) is in force and O(default_host_filters) lets them in.
    type: bool
    env:
      - name: JIT_VMS_INCLUDE_POWERED_OFF
  hostnames:
    description:
      - What hosts are called, in order of preference. The first that a VM has is taken, and its resource name if it
        has none.
      - V(name) is the name of the resource, V(computer_name) that of the operating system, V(tags.NAME) the value of
        the tag C(NAME), V(default) the variable C(default_inventory_hostname), see O(plain_host_names). Anything
        else is a Jinja expression over the host's variables, such as V(name + '.example.com').
      - Where several hosts would have one name (upper and lower case make no difference), each of them gets it with
        a suffix like C(_3f2a) that depends on the VM's id alone. So does a VM that would be called like the
        controller, C(localhost), like a group, also one of O(keyed_groups), or like a host that an earlier inventory
        file made of another VM.
      - Letters, digits, C(_), C(-) and C(.) stay, the last two not in front; C(_) takes the place of all else that a
        tag or an expression says, since it would make a path, a pattern or an option of the name.
      - A suffix comes and goes with the other host of that name. V(default) with O(plain_host_names=false) gives names
        that stay whatever happens.
      - V(default) is the default.
    type: list
    elements: str
    env:
      - name: JIT_VMS_HOSTNAMES
  connect_via:
    description:
      - What C(ansible_host) is set to, in order of preference. The first that the VM has is taken.
      - V(public_ip) and V(private_ip) are the primary interface's primary address, V(dns) is the DNS name of a
        public address.
      - By default V(public_ip), V(private_ip), V(dns), in this order.
    type: list
    elements: str
    choices: [public_ip, private_ip, dns]
    env:
      - name: JIT_VMS_CONNECT_VIA
  connection_defaults:
    description:
      - Set C(ansible_connection) and C(ansible_port) by the operating system, to C(ssh) and 22 for Linux, to
        O(windows_connection) and 5986 for Windows.
      - Variables of a host win over those of its groups. Set this to V(false) if files in C(group_vars) say how to
        connect.
      - V(true) by default, unless O(azure_rm_defaults) is in force.
    type: bool
    env:
      - name: JIT_VMS_CONNECTION_DEFAULTS
  windows_connection:
    description: The connection plugin for Windows, where O(connection_defaults) sets it.
    type: str
    choices: [psrp, winrm]
    default: psrp
    env:
      - name: JIT_VMS_WINDOWS_CONNECTION
  hostvars_prefix:
    description:
      - Put this in front of the names of the variables that describe the VM.
      - The variables that start with C(jit_) or C(ansible_), and C(azure_vm_id), keep their names, since the
        collection's modules and Ansible read them.
    type: str
    default: ''
    env:
      - name: JIT_VMS_HOSTVARS_PREFIX
  hostvars_suffix:
    description: Put this behind the names of the variables that O(hostvars_prefix) concerns.
    type: str
    default: ''
    env:
      - name: JIT_VMS_HOSTVARS_SUFFIX
  azure_rm_defaults:
    description:
      - Read the file as C(azure.azcollection.azure_rm) does where it says nothing. Then hosts are named
        C(NAME_HASH), see O(plain_host_names); only running, provisioned VMs are hosts, see
        O(default_host_filters); O(connection_defaults) is V(false); C(ansible_host) is an address, never a DNS name;
        the subscription of the profile, of E(AZURE_SUBSCRIPTION_ID) or of C(az), in this order, is read, if
        O(subscriptions), O(subscription_id) and O(management_groups) don't say otherwise; templates that fail are told, see
        O(fail_on_template_errors); and hosts have C(network_interface_properties).
      - By default this holds for files that have any of the options that only that plugin knows. These are
        O(include_vm_resource_groups), O(include_vmss_resource_groups), O(include_hcivm_resource_groups),
        O(include_arc_resource_groups), O(conditional_groups), O(hostvar_expressions), O(include_host_filters),
        O(exclude_host_filters), O(default_host_filters), O(plain_host_names), O(fail_on_template_errors),
        O(batch_fetch), O(batch_fetch_interval), O(batch_fetch_timeout), O(api_profile), O(log_path), O(log_mode) and
        O(use_contrib_script_compatible_sanitization).
    type: bool
  include_vm_resource_groups:
    description:
      - O(resource_groups) under the name that C(azure.azcollection.azure_rm) has for it. V(*) means all.
      - Where O(azure_rm_defaults) is in force, the variable E(ANSIBLE_AZURE_VM_RESOURCE_GROUPS), names with commas
        between them, wins over it.
    type: list
    elements: str
  include_vmss_resource_groups:
    description:
      - Accepted with a warning. Instances of scale sets in flexible orchestration are hosts like any other VM, those
        in uniform orchestration are none, since just-in-time access does not know them.
    type: list
    elements: str
    default: []
  include_hcivm_resource_groups:
    description: Accepted with a warning. VMs of Azure Stack HCI are no hosts.
    type: list
    elements: str
    default: []
  include_arc_resource_groups:
    description: Accepted with a warning. Machines of Azure Arc are no hosts.
    type: list
    elements: str
    default: []
  conditional_groups:
    description: More O(groups), under the name that C(azure.azcollection.azure_rm) has for them.
    type: dict
  hostvar_expressions:
    description: More of O(compose), under the name that C(azure.azcollection.azure_rm) has for it.
    type: dict
  exclude_host_filters:
    description:
      - Jinja conditions over the host's variables. A VM for which any of them is true is no host.
      - What O(filter) can say costs less, since Azure needn't send those VMs.
    type: list
    elements: raw
    default: []
  include_host_filters:
    description: Jinja conditions over the host's variables. Only VMs for which any of them is true are hosts.
    type: list
    elements: raw
    default: [true]
  default_host_filters:
    description:
      - More of O(exclude_host_filters).
      - By default none, or V(powerstate != "running") and V(provisioning_state != "succeeded") where
        O(azure_rm_defaults) is in force.
    type: list
    elements: raw
  plain_host_names:
    description:
      - Whether C(default_inventory_hostname) is the name of the resource alone, or has four digits of a hash of the
        VM's id behind it, such as C(web_0324), the same as C(azure.azcollection.azure_rm) gives it.
      - V(true) by default, unless O(azure_rm_defaults) is in force.
    type: bool
  fail_on_template_errors:
    description:
      - Whether a condition of O(exclude_host_filters), O(include_host_filters) or O(default_host_filters) that fails
        stops the inventory; otherwise it counts as not true.
      - Where O(azure_rm_defaults) is in force and O(strict) isn't, also whether failures of O(compose), O(groups)
        and O(keyed_groups) are told as warnings. The host stays, without what failed.
      - V(true) by default.
    type: bool
  use_contrib_script_compatible_sanitization:
    description:
      - Keep hyphens in the names of groups. Turn Ansible's own C(TRANSFORM_INVALID_GROUP_CHARS) off as well.
    type: bool
    default: false
  batch_fetch:
    description: Accepted, and of no effect. There is nothing to be fetched for each VM.
    type: bool
  batch_fetch_interval:
    description: Accepted, and of no effect.
    type: int
  batch_fetch_timeout:
    description: Accepted, and of no effect.
    type: int
  api_profile:
    description: Accepted, and of no effect.
    type: str
  log_path:
    description: Accepted, and of no effect.
    type: str
  log_mode:
    description: Accepted, and of no effect.
    type: str
notes:
  - What the credential may not read in one subscription or resource group, such as its VMs or their JIT policies, is left
    out with a warning, as long as there are others. With O(strict) it stops the inventory.
  - Tags, names and all else that comes from Azure are data. They are never evaluated as templates.
  - Ansible reserves the variable names C(name) and C(tags) and warns in plays about inventories that set them. They
    are there because C(azure.azcollection.azure_rm) has them; O(hostvars_prefix) avoids the warning.
  - The sign-in options may be templates, such as a lookup of a secret. There is no interactive sign-in.
  - An inventory that fails is no failure for Ansible, which goes on with no hosts and exits with 0. Set
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to V(true) where that would go unnoticed, such as in schedules.
  - Lists in environment variables have commas between their elements. A variable that is empty counts as not set.
  - Resource Graph follows changes of the VMs within seconds to minutes. The JIT policies are read from their source. One that is
    just being written shows no requests for a second at least, so its VMs have no open ports then.
  - The cache holds what Azure said about VMs and policies, never a secret. Which ports are open is worked out from the
    requests' end times whenever the inventory is loaded; requests made since the cache was filled are not seen. A
    change of what is read, or as whom, is a reason to read anew, as C(--flush-cache) is.
  - C(jit_status) is C(unsupported) only if the VM's interfaces and their subnets could all be read and have no network
    security group. A VM that is guarded by nothing but an Azure Firewall is shown so until a policy holds it. Where
    the credential may not read the virtual network, the VM is C(not_configured).
  - C(id) and C(azure_vm_id) have the name of the resource group in lower case.
requirements:
  - jmespath (for O(filter))
seealso:
  - plugin: azure.azcollection.azure_rm
    plugin_type: inventory
"""

EXAMPLES = r"""
# fleet.jit_vms.yml: all running VMs that the credential sees
plugin: jitfleet.azure.jit_vms

---
# The groups "vdi", "web", ... from the values of the tag "role", so that `ansible-playbook -l vdi` works
plugin: jitfleet.azure.jit_vms
keyed_groups:
  - key: tags.role | default('')
    prefix: ''
    separator: ''

---
# Two resource groups of one subscription, Windows only, over private addresses, with WinRM
plugin: jitfleet.azure.jit_vms
subscriptions:
  - 5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01
resource_groups:
  - rg-vdi
  - rg-office
filter: os_profile.system == 'windows' && tags.environment != 'test'
connect_via:
  - private_ip
windows_connection: winrm

---
# Names from a tag, else the computer's name with a domain; groups by region; no reserved variable names
plugin: jitfleet.azure.jit_vms
hostnames:
  - tags.hostname
  - azure_computer_name + '.corp.example.com'
hostvars_prefix: azure_
keyed_groups:
  - key: azure_location
    prefix: region
groups:
  closing_soon: jit_open_until is not none and jit_open_until < '2030-01-01T00:00:00Z'

---
# An inventory of azure.azcollection.azure_rm, of which only the plugin's name was changed
plugin: jitfleet.azure.jit_vms
include_vm_resource_groups:
  - myrg1
conditional_groups:
  db_hosts: "'dbserver' in name"
keyed_groups:
  - prefix: tag
    key: tags

---
# All subscriptions below a management group; Resource Manager's lists where Resource Graph is forbidden
plugin: jitfleet.azure.jit_vms
management_groups:
  - mg-landing-zones
source: auto

---
# Kept for ten minutes; `--flush-cache` reads it anew
plugin: jitfleet.azure.jit_vms
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-jit-vms
cache_timeout: 600

# A host's variables (what Azure doesn't say is null, an empty text, list or mapping):
#
# azure_vm_id: /subscriptions/5b1f6f0e-.../resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
# jit_status: configured                      # or not_configured, unsupported
# jit_policy_id: /subscriptions/5b1f6f0e-.../locations/westeurope/jitNetworkAccessPolicies/default
# jit_ports: [{port: 3389, protocol: any, sources: ['*'], max_duration: 3h}]
# jit_open_ports: [3389]                      # open now
# jit_open_until: '2030-01-01T12:00:00Z'      # when the last of them closes
# ansible_host: 20.82.1.10
# ansible_connection: psrp
# ansible_port: 5986
#
# and, under the names and in the shapes of azure.azcollection.azure_rm:
#
# id, name, location, resource_group, subscription_id, resource_type, vmid, computer_name, tags,
# default_inventory_hostname, powerstate (running, deallocated, ...), provisioning_state,
# os_profile: {system: windows}, os_disk: {name, operating_system_type, id}, data_disks: [{name, lun, id}],
# image: {sku, publisher, version, offer}, plan, license_type, virtual_machine_size, availability_zone,
# creation_time, vmss: {id, name},
# os_name, os_version, hyper_v_generation (where the guest tells them),
# network_interface, network_interface_id, mac_address, security_group, security_group_id, subnet: [{id}],
# private_ipv4_addresses, public_ipv4_address, public_ip_address: [{id, name, ipv4_address}], public_dns_hostnames
"""

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..plugin_utils._supported_core import require_supported_core

require_supported_core()  # before the imports that an older one can't do

from ..module_utils._jit.errors import JitFleetError
from ..plugin_utils._inventory import Builder
from ..plugin_utils._inventory_settings import forget_empty_variables

ENDINGS = ("jit_vms.yml", "jit_vms.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Azure virtual machines with their just-in-time access."""

    NAME = "jitfleet.azure.jit_vms"

    def verify_file(self, path: str) -> bool:
        """Accept files by their ending; Ansible shows the error only where the file names this plugin."""
        if not super().verify_file(path):
            return False
        if not path.endswith(ENDINGS):
            raise AnsibleParserError(
                f"the inventory {path} is for {self.NAME}, so its name must end in {' or '.join(ENDINGS)}: rename it"
            )
        return True

    def parse(self, inventory: object, loader: object, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        forget_empty_variables()
        config = self._read_config_data(path)
        try:
            Builder(self, config).build(path, use_cache=cache)
        except JitFleetError as error:
            # Without its cause, which Ansible would tell again.
            raise AnsibleParserError(f"{path}: {error}") from None
