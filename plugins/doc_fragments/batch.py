# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  vms:
    description:
      - The virtual machines to work on, for plays that don't run over them.
      - Without it the task works on the hosts of the play. Each host's VM comes from its variable C(azure_vm_id), as the
        inventory plugin P(jitfleet.azure.jit_vms#inventory) sets it, else from its variable C(id) where that is a VM's
        ARM id, as the inventory of azure.azcollection sets it.
      - Each element is a VM's ARM id, or a mapping.
      - A mapping names the VM by C(id), or by C(resource_group), C(name) and, unless O(subscription_id) is meant,
        C(subscription_id). The module's own documentation says which wishes a mapping can hold beside that.
      - Ids compare without case. A VM that is named twice counts once.
    type: list
    elements: raw
  hosts:
    description:
      - Work only on these hosts of the play, by their inventory names.
      - The task runs once for all hosts, so its C(when) can't choose between them. One that holds for the first host and
        not for others is refused; one that doesn't hold for the first host skips the task for all, which is Ansible's
        doing. This option chooses instead, for example C({{ groups.windows | intersect(ansible_play_batch) }}).
      - In a C(rescue), and in an include that has a condition, Ansible doesn't tell which hosts are meant. There this
        option, or O(vms), has to be given.
    type: list
    elements: str
  resource_groups:
    description:
      - Work on the virtual machines of these resource groups, for plays on localhost. The play's hosts are then no matter.
      - The VMs are found through Azure Resource Graph, which shows changes after a while; powered-off ones too.
      - A group in which no VM is found is warned about. If there is none at all, the task fails, or with
        O(on_failure=report) does nothing. M(jitfleet.azure.jit_policy) goes on where it takes deleted VMs out.
    type: list
    elements: str
  subscriptions:
    description:
      - Work on the virtual machines of these subscriptions, by their ids, or with V(*) of all that the credential sees.
      - With O(resource_groups) only those groups in them. Without it, O(resource_groups) are looked for in the subscription
        O(subscription_id).
    type: list
    elements: str
  filter:
    description:
      - A JMESPath expression that chooses among the VMs of O(resource_groups) or O(subscriptions), for example
        C(tags.role == 'vdi' && powerstate == 'running').
      - It sees the variables that the inventory plugin P(jitfleet.azure.jit_vms#inventory) gives a host, without those for
        connections. Only where C(jit_) occurs in it, the policies are read for it as well.
      - Needs the Python package jmespath on the controller.
    type: str
  unknown_hosts:
    description: What to do about hosts of the play for which no VM is known.
    type: str
    choices:
      fail: Fail, naming the hosts, before anything is sent to Azure.
      skip: Leave them out, with a warning.
    default: fail
  on_failure:
    description:
      - What to do when some of the VMs could not be served. All others are served either way, and the result says for
        each VM what became of it.
    type: str
    choices:
      fail: >-
        Fail the task. Ansible then ends the play for all hosts, because the task runs once for all of them; where a
        C(rescue) catches the failure, it goes on with the first host only.
      report: Let the task succeed; RV(ignore:vms[].error) tells the failures.
    default: fail
notes:
  - The task runs once for all hosts of the play, on the controller, with the controller's own Python. It needs no
    C(delegate_to), no C(run_once) and no connection to the hosts.
  - Options are templated once, with the first host's variables.
  - Ansible templates the first host's connection variables before the task runs, so one that is undefined there fails the
    task for all hosts.
  - Ansible credits the result to the first host in its recap. Add C(run_once=true) to give a registered result to all
    hosts.
  - Because Ansible shows the first host's line only, the task itself tells what became of each VM, in a table of up to 40
    VMs. Beyond that it counts, and names up to 20 failures. Work of more than 5 seconds has progress lines, at most one a
    second. Nothing of that appears under C(no_log), or where the variable C(jitfleet_quiet) or the environment variable
    C(JITFLEET_QUIET) is true; and nothing about a result that is neither changed nor a failure where the option
    C(display_ok_hosts) of the output's callback is false.
"""
