#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This is a virtual module: all of it happens on the controller, in the action plugin of the same name.

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_report_files
short_description: Write a report on just-in-time access, as a page, as data and as tables
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Writes what M(jitfleet.azure.jit_vm_info), M(jitfleet.azure.jit_request_info) and M(jitfleet.azure.jit_policy_info)
    returned as one HTML page that needs nothing else, neither network nor server, with the same data as JSON and CSV
    beside it.
  - The role P(jitfleet.azure.jit_report#role) reads the data and calls this module; use the module for data of your own.
  - The task runs once, on the controller; the hosts of the play are no matter, and no request is sent.
  - Names, tags and justifications are shown as the text that they are. No value is ever markup, a template or a formula.
attributes:
  check_mode:
    support: full
    description: Writes nothing, and says which files it would write.
  diff_mode:
    support: none
    description: A page of data is no reading matter; RV(files) says what changed.
  idempotent:
    support: full
    description: Files are written each time, to hold the time of the report; that alone is no change.
options:
  dest:
    description:
      - The folder for the files, on the controller. It is made where it is missing, and files of the same names in it are
        replaced.
      - C(report.html) is the page, C(report.json) its data, C(vms.csv), C(requests.csv), C(exposures.csv) and C(policies.csv)
        are tables for spreadsheets.
    type: path
    required: true
  vms:
    description: The VMs, as RV(jitfleet.azure.jit_vm_info#module:vms) holds them.
    type: list
    elements: dict
    required: true
  requests:
    description: The requests, as RV(jitfleet.azure.jit_request_info#module:requests) holds them.
    type: list
    elements: dict
    default: []
  policies:
    description: The policies, as RV(jitfleet.azure.jit_policy_info#module:policies) holds them.
    type: list
    elements: dict
    default: []
  missing_vms:
    description:
      - The VMs that policies hold and that don't exist any more, as RV(jitfleet.azure.jit_vm_info#module:missing) holds them.
    type: list
    elements: dict
    default: []
  subscriptions:
    description: Maps ids of subscriptions to names. One without a name is shown by its id.
    type: dict
    default: {}
  title:
    description: The page's title.
    type: str
    default: Just-in-time VM access
  scope:
    description: A line that says what the report is about, such as V(Production, all regions).
    type: str
    default: ''
  days:
    description: How many days back O(requests) reach. It is shown only; nothing is left out by it.
    type: int
    default: 7
  long_maximum:
    description: Maximums above this are named as worth a second look.
    type: str
    default: 8h
  rdp_addresses:
    description:
      - Write an C(.rdp) file for each VM whose port 3389 is open, in the folder C(rdp) of O(dest), with the first of these
        addresses that the VM has. V(dns) is the name of its public address. A VM that has none is named in
        RV(without_address).
      - The files that earlier reports wrote there for VMs that are not open any more are removed, since their addresses may be
        another VM's by now. C(report.json) keeps a record of them. Files of your own stay, and so does one that you changed.
      - An empty list writes none.
    type: list
    elements: str
    choices: [public_ip, private_ip, dns]
    default: []
  mode:
    description:
      - The files' mode, in octal digits and quotes.
      - A report says who can reach what, so by default only its owner may read it.
    type: str
    default: '0600'
seealso:
  - module: jitfleet.azure.jit_vm_info
  - module: jitfleet.azure.jit_request_info
  - module: jitfleet.azure.jit_policy_info
"""

EXAMPLES = r"""
- name: Read the VMs of a resource group
  jitfleet.azure.jit_vm_info:
    resource_groups: [rg-vdi]
  register: desktops

- name: Write a page about them, without a history
  jitfleet.azure.jit_report_files:
    dest: /var/www/reports/vdi
    title: Virtual desktops
    vms: "{{ desktops.vms }}"
    mode: '0644'
"""

RETURN = r"""
page:
  description: The path of the page.
  returned: success
  type: str
  sample: /var/www/reports/vdi/report.html
files:
  description: The files with their C(path) and C(state), which is V(created), V(changed), V(unchanged) or V(removed).
  returned: success
  type: list
  elements: dict
  sample:
    - path: /var/www/reports/vdi/report.html
      state: created
summary:
  description: The numbers that the page begins with.
  returned: success
  type: dict
  sample:
    vms: 13
    configured: 7
    not_configured: 5
    unsupported: 1
    open_windows: 6
    open_vms: 6
    requests: 9
    people: 2
    exposed_vms: 1
    doubtful_vms: 0
    unguarded_vms: 1
    untold_vms: 0
    policies: 2
    any_source: 2
    long_maximum: 0
    missing_vms: 1
without_address:
  description: The names of open VMs for which no C(.rdp) file was written, since they have none of O(rdp_addresses).
  returned: success
  type: list
  elements: str
  sample: []
"""
