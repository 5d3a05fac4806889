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
    and the JIT policies with one request for each subscription.
  - The name of the inventory file must end in C(jit_vms.yml) or C(jit_vms.yaml).
  - The hosts' variables have the names that C(azure.azcollection.azure_rm) gives them, so that playbooks that were
    written for that inventory run on.
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
        them.
    type: list
    elements: str
    default: []
  resource_groups:
    description:
      - The names of the resource groups whose VMs are hosts, in any of the subscriptions.
      - By default all. It is Azure that leaves the others out, so that they cost nothing.
    type: list
    elements: str
    default: []
  filter:
    description:
      - A JMESPath expression over the host's variables, such as V(tags.role == 'vdi' && location == 'westeurope').
        A VM for which it is false, null or empty is no host.
      - An expression that fails for a VM stops the inventory and names both.
    type: str
  include_powered_off:
    description: Take in the VMs that are stopped or deallocated, too, or are about to be.
    type: bool
    default: false
  hostnames:
    description:
      - What hosts are called, in order of preference. The first that a VM has is taken, and its resource name if it
        has none.
      - V(name) is the name of the resource, V(computer_name) that of the operating system, V(tags.NAME) the value of
        the tag C(NAME). Anything else is a Jinja expression over the host's variables, such as
        V(name + '.example.com').
      - Where several hosts would have one name (upper and lower case make no difference), each of them gets it with
        a suffix like C(_3f2a) that depends on the VM's id alone. So does a VM that would be called like the
        controller, C(localhost).
    type: list
    elements: str
    default: [name]
  connect_via:
    description:
      - What C(ansible_host) is set to, in order of preference. The first that the VM has is taken.
      - V(public_ip) and V(private_ip) are the primary interface's primary address, V(dns) is the DNS name of a
        public address.
    type: list
    elements: str
    choices: [public_ip, private_ip, dns]
    default: [public_ip, private_ip, dns]
  connection_defaults:
    description:
      - Set C(ansible_connection) and C(ansible_port) by the operating system, to C(ssh) and 22 for Linux, to C(psrp)
        and 5986 for Windows.
      - Variables of a host win over those of its groups. Set this to V(false) if files in C(group_vars) say how to
        connect.
    type: bool
    default: true
  hostvars_prefix:
    description:
      - Put this in front of the names of the variables that describe the VM.
      - The variables that start with C(jit_) or C(ansible_), and C(azure_vm_id), keep their names, since the
        collection's modules and Ansible read them.
    type: str
    default: ''
  hostvars_suffix:
    description: Put this behind the names of the variables that O(hostvars_prefix) concerns.
    type: str
    default: ''
notes:
  - Tags, names and all else that comes from Azure are data. They are never evaluated as templates.
  - Ansible reserves the variable names C(name) and C(tags) and warns in plays about inventories that set them. They
    are there because C(azure.azcollection.azure_rm) has them; O(hostvars_prefix) avoids the warning.
  - The sign-in options may be templates, such as a lookup of a secret.
  - Resource Graph follows changes of the VMs within seconds to minutes. The JIT policies are read from their source.
  - The cache holds what Azure said about VMs and policies, never a secret. Which ports are open is worked out from the
    requests' end times whenever the inventory is loaded; requests made since the cache was filled are not seen.
  - C(jit_status) is C(unsupported) only if the VM's interfaces and their subnets could all be read and have no network
    security group. A VM that is guarded by nothing but an Azure Firewall is shown so until a policy holds it. Where
    the credential may not read the virtual network, the VM is C(not_configured).
  - C(id) and C(azure_vm_id) have the name of the resource group in lower case, as Resource Graph writes it.
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
compose:
  ansible_connection: "'winrm'"

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
# network_interface, network_interface_id, mac_address, security_group, security_group_id, subnet: [{id}],
# private_ipv4_addresses, public_ipv4_address, public_ip_address: [{id, name, ipv4_address}], public_dns_hostnames
"""

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._jit.errors import JitFleetError
from ..plugin_utils._inventory import Builder

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
        config = self._read_config_data(path)
        try:
            Builder(self, config).build(path, use_cache=cache)
        except JitFleetError as error:
            raise AnsibleParserError(f"{path}: {error}") from error
