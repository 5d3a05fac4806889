#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_request
short_description: Open ports of Azure VMs through just-in-time access, and close them again
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Asks just-in-time (JIT) access of Microsoft Defender for Cloud to open ports of virtual machines for a while, for some
    source addresses.
  - Works on all VMs of the play at once. It reads one list of policies for each subscription, and sends one request for
    each policy, however many VMs it holds.
  - Ports that are open already, for these sources and long enough, are not asked for again.
  - Only ports that the VM's policy holds can be opened; M(jitfleet.azure.jit_policy) puts them there, or O(enable_missing).
    Where several policies hold the VM, each port is asked of one that allows it, all of one where that allows all.
  - Closes what was opened before its time is over, by default only what the same O(requested_by) opened.
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.batch
  - jitfleet.azure.waiting
  - jitfleet.azure.writing
  - jitfleet.azure.permissions
attributes:
  check_mode:
    support: full
    description: Sends nothing, and tells which ports would be opened, and which open windows would end.
  diff_mode:
    support: full
    description: Shows for each VM and port what changes.
  idempotent:
    support: full
    description: A second run finds the ports open, or closed, and sends nothing.
options:
  state:
    description: Whether the ports shall be open or closed.
    type: str
    choices:
      open: The ports are open, for O(sources) and for long enough.
      closed: >-
        The open windows that O(ports), O(sources), O(only_mine), O(requestors) and O(justification) choose end now. Azure has
        no operation for that. The window's own rule is deleted from the VM's network security groups; the standing rule of
        just-in-time access beneath it then refuses new connections. Established connections live on, as they do when a
        window's time is over.
    default: open
  ports:
    description:
      - The ports to open or close, by numbers or service names (V(rdp), V(ssh), V(winrm_http), V(winrm_https)).
      - Without it O(state=open) takes each VM's default by its operating system, which is RDP (3389) for Windows and SSH
        (22) for Linux, and O(state=closed) takes all ports.
      - The host variable C(jit_request_ports), or the key C(ports) of an element of O(vms), says it for one VM alone.
    type: list
    elements: raw
  sources:
    description:
      - The addresses and CIDR prefixes that shall be admitted, or one of these words. Bits beyond a prefix's length don't
        count, so V(203.0.113.9/24) is V(203.0.113.0/24).
      - V(my_ip) stands for the public address from which this controller reaches Azure, as Azure sees it. Nobody here
        knows that address, so a port counts as open already only by a grant that O(requested_by) asked for with
        V(my_ip) before; where the controller's address may have changed since, name the address itself, give
        O(my_ip_url), or use O(force).
      - V(policy) stands for all sources that the VM's policy allows. Where that is the whole internet, it needs
        O(allow_any_source=true) too.
      - V(any) stands for every address; it needs O(allow_any_source=true).
      - Without it O(state=open) takes V(my_ip), and O(state=closed) ends windows from wherever they admit.
      - With O(state=closed) a window ends as a whole or not at all. One that also admits other addresses than these goes on
        and is reported in RV(vms[].ports[].kept), unless O(all_grants=true).
      - The host variable C(jit_request_sources), or the key C(sources) of an element of O(vms), says it for one VM alone.
    type: list
    elements: str
  my_ip_url:
    description:
      - The URL of a service that answers with the address from which it was asked, as plain text or as a JSON object with
        the key C(ip), such as V(https://api.ipify.org). V(my_ip) among O(sources) then stands for that address, which is
        sent to Azure like any other.
      - It is asked once for each task, through the same proxy and with the same certificate authorities as Azure; in check
        mode too. Name one whose answers you trust, by C(https), because its answer decides who is let in.
      - For a controller that reaches the virtual machines by another way than Azure, such as a VPN, name a service on that
        way.
      - The address is one for the whole task. Behind several addresses that change from connection to connection, name them
        all in O(sources) instead.
      - A user name and a query in the URL appear in no message; a task's arguments are shown in full by C(-vvv).
    type: str
  allow_any_source:
    description:
      - Allow V(any) among O(sources), which opens the ports to the whole internet, prefixes that together are the whole
        internet, such as V(0.0.0.0/1) and V(128.0.0.0/1), and V(policy) where a VM's policy allows every address.
    type: bool
    default: false
  duration:
    description:
      - How long the ports shall be open, such as V(3h), V(90m) or V(PT3H), from 5 minutes up to the policy's maximum.
      - Without it the policy's maximum for each port.
      - The host variable C(jit_request_duration), or the key C(duration) of an element of O(vms), says it for one VM
        alone.
    type: str
  clamp_duration:
    description: Shorten a O(duration) that is above the policy's maximum to that maximum, instead of failing the VM.
    type: bool
    default: false
  force:
    description: Ask for the ports even if they are open. The new windows add to those that are there.
    type: bool
    default: false
  minimum_remaining:
    description:
      - A port counts as open already if it stays open for at least this long. Without it half of the duration.
      - It has to be shorter than what the port is asked for, by O(duration) or by the policy's maximum, else each run would ask
        for one more window. With O(clamp_duration=true) half of the shortened duration takes its place there.
    type: str
  justification:
    description:
      - Why access is needed, in one line of plain text; control characters are refused. Azure keeps it with the request.
      - O(requested_in) and O(requested_by) are put behind it in brackets, as in C(CHG-4711 [awx job 42 "Open RDP" by alice
        on exec-1]), and behind that marks by which the request is known again.
      - The whole has at most 1000 characters, and a longer text is an error. That bound is this collection's own; Azure
        documents none.
      - With O(state=closed) it goes nowhere; it chooses the windows whose justification holds this text as whole words, in
        upper or lower case. So V(CHG-471) leaves the windows of C(CHG-4711).
    type: str
  require_justification:
    description: Fail where O(justification) is missing. Nothing is demanded where access is closed.
    type: bool
    default: false
  justification_pattern:
    description:
      - A regular expression (Python's) that is to be found in O(justification), such as V(CHG-[0-9]{4,}) for a ticket's
        number; anchors hold it to the whole text, as in V(^CHG-[0-9]{4,}$). A missing text doesn't match.
      - For a team's playbooks it is best set in C(module_defaults).
    type: str
  requested_by:
    description:
      - Who asks, because Azure records no name for service principals. Grants of the same O(requested_by) count as one's
        own, so it should be the same from run to run.
      - 'By default what the variables of the play tell: in a job of AWX or Automation Platform the user and the execution
        node, as C(alice on exec-1); for a scheduled job, which has no user, the schedule, as C(schedule "nightly" on exec-1);
        for one started by an event C(rule "ruleset: rule" as alice on exec-1), where the user owns the token that the
        rule used. Elsewhere the user and the machine that run Ansible, as C(alice@controller).'
      - It says what variables say, which proves nothing.
    type: str
  requested_in:
    description:
      - The job in which access is asked for, which differs from run to run.
      - By default, in a job of AWX or Automation Platform, its number, its template and its workflow, as C(awx job 42 "Open
        RDP" in workflow 41 "Maintenance"), with the kind of launch where that is none of C(manual), C(workflow) and
        C(scheduled). Names of more than 80 characters end in C(...). Elsewhere the run of Ansible, as
        C(run 4711-81234-1f3a9c2e) by its process, that process's start and a mark of the machine and its user, by which
        O(orphans_of) finds out whether it is over.
    type: str
  wait_for:
    description: What to wait for.
    type: str
    choices:
      accepted: Azure took the request. Whether the ports open is not known yet.
      initiated: Azure reports the request as C(Initiated), which means that it made the network rules.
      rule: >-
        As V(initiated), and the rule that just-in-time access made is there, and no other rule of the network security groups
        of the VM's interfaces and subnets refuses those whom it admits; also where the port was open already. A rule that
        refuses them is named. Where not all of these rules can be read, or there is no security group, the state is
        V(unknown). Each look reads each security group once, however many VMs it guards; it takes
        C(Microsoft.Network/networkSecurityGroups/read).
      port: >-
        As V(initiated), and a TCP connection from this controller to the port succeeds; also where the port was open already.
        The address is the one that the inventory chose for the host, its variable C(ansible_host), else its name. For VMs
        without a host it is the key C(address) of their element of O(vms), else the VM's first public address, else its first
        private one, as Azure Resource Graph knows them. Ports that the policy opens for UDP alone are passed over. Only
        connections from addresses among O(sources) can succeed.
    default: initiated
  close_method:
    description: How O(state=closed) ends windows.
    type: str
    choices:
      rule: >-
        Delete the windows' own rules from the network security groups. The standing rule that refuses stays, and other
        people's windows are untouched.
      policy: >-
        Take the VMs out of their policies and put them back. This ends every window of theirs, other people's too, so it needs
        O(all_grants=true), and chooses by neither O(ports) nor O(sources), which are refused, as host variables and in O(vms)
        too. That Azure then revokes the windows is inferred from
        recorded traffic; afterwards it is looked at. The VMs' entries are first put into a policy beside their own, named
        C(closing-) and the policy's name. It keeps them covered meanwhile, and a run that was interrupted is finished from
        there by the next one. Where all VMs of a policy are closed, the policy is deleted and made anew, and its history goes.
    default: rule
  start_vms:
    description:
      - Start VMs that are powered off, and wait until they run, before anything is asked for. It takes
        C(Microsoft.Compute/virtualMachines/start/action). O(wait_timeout) holds for this by itself. A VM that doesn't come up
        fails, and nothing is asked for it.
      - Without it VMs that are known to be off are warned about. That is known where the VMs are read anyway; it is not
        asked for by itself.
    type: bool
    default: false
  enable_missing:
    description:
      - Put VMs that no policy holds, and ports that none of their policies has, into a policy first, as
        M(jitfleet.azure.jit_policy) does with a mere port's number, for any source and protocol, for three hours at most, or
        for O(duration) if that is longer. The policy is the VM's own, else C(default) of its group and region.
      - What policies hold already is not changed, also where it is narrower than what is asked for.
      - It takes the time of O(quiet_window) where something is missing, and the permissions of
        M(jitfleet.azure.jit_policy). VMs that can't be covered fail, each with the reason.
    type: bool
    default: false
  write_budget:
    description: With O(enable_missing=true) how long one write of a policy may take, as in M(jitfleet.azure.jit_policy).
    type: float
    default: 5.0
  quiet_window:
    description:
      - With O(enable_missing=true) how long, in seconds, a policy must keep its VM list before it counts as completed, as in
        M(jitfleet.azure.jit_policy). At least O(write_budget).
    type: float
    default: 6.0
  only_mine:
    description:
      - With O(state=closed) end only windows that are one's own. These are the ones that by their justification the same
        O(requested_by) asked for, in a job of AWX or Automation Platform on whichever node, those of the same job,
        O(requested_in), and those that Azure keeps under the name of the user who is signed in.
      - With V(false) whose window it is doesn't matter. O(orphans_of) takes its place.
    type: bool
    default: true
  outlives_run:
    description:
      - The windows shall stay open when the run or job that asks for them is over, because they are for a person, or for
        something that runs by itself. O(orphans_of) leaves them then.
      - It puts C((stays)) behind the brackets of the justification.
    type: bool
    default: false
  orphans_of:
    description:
      - With O(state=closed) end only windows whose run or job is over, whoever asked for them. A cancelled job runs none of
        its tasks, an C(always) section neither, so what it opened stays open. This is for a schedule that sweeps it up.
      - Which run or job asked is what the justification says by O(requested_in). Windows that name none, or that were
        opened with O(outlives_run=true), are left.
      - V(controller) means runs on this machine by the same user of it, whose processes are looked for. Runs on other
        machines or in other containers, or before the container was restarted, are left. It also means the jobs of
        O(ended_jobs).
      - A window that another run found open, and so didn't ask for itself, is closed like any other.
    type: str
    choices: [controller]
  ended_jobs:
    description:
      - With O(orphans_of=controller) the numbers of jobs, and of workflow jobs, of AWX or Automation Platform that are known
        to be over. A window that was opened in a job of a workflow is an orphan once both are over.
      - Windows that name other jobs are left. So a list that is too short does no harm, and one that was read before a job
        began neither.
      - Within such a job it has to be given, because nobody but the controller can tell. The playbook
        C(jitfleet.azure.close_access) asks it.
      - Jobs of two controllers that work on the same VMs can't be told apart by their numbers. Choose further then by
        O(justification), or by the VMs.
    type: list
    elements: int
  requestors:
    description:
      - With O(state=closed) end only windows of these people, by the name that Azure keeps. For service principals Azure
        seems to keep none.
    type: list
    elements: str
  all_grants:
    description:
      - With O(state=closed) end everybody's windows of the chosen ports and sources, and delete also rules that admit more
        than what is to be closed. This is for emergencies.
    type: bool
    default: false
notes:
  - Options that do nothing with this O(state) are warned about where they are set to something else than their default
    (O(duration), O(force), O(wait_for) and others of O(state=open); O(close_method) and O(only_mine) of O(state=closed)).
    Those that choose whose windows are closed are refused with O(state=open).
  - To close takes C(Microsoft.Network/networkSecurityGroups/read) and
    C(Microsoft.Network/networkSecurityGroups/securityRules/delete), and read access to the VMs, their network interfaces and
    virtual networks.
  - A deletion takes Azure some ten seconds, and a security group takes one change at a time. Where many VMs share a group,
    raise O(wait_timeout); those that were not done in time are reported as failed, or as unknown where Azure took the
    deletion, and a second run goes on.
  - With O(state=closed) V(closed) means that of the windows that were chosen none is open. Whether somebody gets in by
    another rule is looked at for ports that are named, or that something was chosen of, where the rules can be read, and told
    in RV(vms[].ports[].still_open) and by a warning.
  - A rule that also serves other ports or other VMs than those to be closed is left and the VM reported as failed, unless
    O(all_grants=true).
  - Azure goes on listing a closed window as C(Initiated) until its end (so it seems; nothing says so). A window counts as
    closed when its rule is gone.
  - A rule names no request. Two windows for the same VM, port and source can't be told apart by their rules, so where one of
    them is not to be closed, both are left and the VM is reported as failed. O(all_grants=true) closes both.
  - A port that an Azure Firewall in front of the VM opened is not closed by this; its rules are not looked at.
  - Azure refuses a request as a whole for the sake of one VM in it. Such a request is sent again in halves, at most 40
    times for a policy, until the VM to blame is found; all others are opened.
  - More than 1000 VMs of one policy are asked for by several requests, one after the other. That bound is this
    collection's own; Azure documents none.
  - Azure accepts a request first and makes the network rules later, which can fail with no error; so C(accepted) doesn't
    prove that a port is open.
  - A request whose answer was lost is looked up by its justification and never sent again blindly. Where the look decides
    nothing, the state is C(unknown).
  - Overlapping grants add up; a new one doesn't end older ones.
seealso:
  - module: jitfleet.azure.jit_policy
  - plugin: jitfleet.azure.jit_vms
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Open the default port on all VMs of the group
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Open RDP or SSH for this controller
      jitfleet.azure.jit_request:
        justification: Patch night

- name: Open RDP for the office
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Open RDP for two hours
      jitfleet.azure.jit_request:
        ports: [rdp]
        sources: [198.51.100.0/24]
        duration: 2h
        justification: CHG-4711

- name: Open one VM by its id, from a play that runs anywhere
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Open SSH from all that the policy allows
      jitfleet.azure.jit_request:
        vms:
          - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-servers/providers/Microsoft.Compute/virtualMachines/web-01
            ports: [ssh]
            duration: 30m
        sources: [policy]

- name: Bring machines up for maintenance, covered or not, and go on when they answer
  hosts: maintenance
  gather_facts: false
  tasks:
    - name: Cover, start and open, and wait for the port
      jitfleet.azure.jit_request:
        enable_missing: true
        start_vms: true
        wait_for: port
        wait_timeout: 600
        justification: CHG-4711

- name: Close what this user opened on all VMs of the group
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Close all ports
      jitfleet.azure.jit_request:
        state: closed

- name: Sweep up what cancelled or killed runs left open
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Close windows whose run on this machine is over, or whose job is among those
      jitfleet.azure.jit_request:
        state: closed
        orphans_of: controller
        ended_jobs: [4711, 4712]

- name: Break glass, end every window of a resource group
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Close everything, whoever opened it
      jitfleet.azure.jit_request:
        state: closed
        resource_groups: [rg-vdi]
        all_grants: true
"""

RETURN = r"""
vms:
  description: What became of each VM. A failure of more than 50 VMs carries only those that failed.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The VM's ARM id.
      type: str
      returned: always
    name:
      description: The VM's name.
      type: str
      returned: always
    hosts:
      description: The hosts of the play that stand for the VM.
      type: list
      elements: str
      returned: always
    policy_id:
      description: The policy that was asked, of several the first; null where none holds the VM.
      type: str
      returned: always
    state:
      description: The gravest state of the VM's ports, V(failed), V(unknown), V(opened), V(already_open) or V(closed).
      type: str
      returned: always
    changed:
      description: Whether a request was accepted, or a rule was deleted or its deletion accepted.
      type: bool
      returned: always
    enabled:
      description: That the VM, or a port of it, was put into its policy, or would be.
      type: bool
      returned: with O(enable_missing=true), where something was missing
    started:
      description: That the VM was off and was started, or would be.
      type: bool
      returned: with O(start_vms=true), where it was off
    ports:
      description: What became of each port.
      type: list
      elements: dict
      returned: when a policy holds the VM
      contains:
        port:
          description: The port's number.
          type: int
          returned: always
        state:
          description: V(opened), V(already_open), V(closed), V(failed) or V(unknown).
          type: str
          returned: always
        sources:
          description: The sources admitted. Empty in check mode where Azure is to find out the address.
          type: list
          elements: str
          returned: when the port is open or would be opened
        policy_id:
          description: The policy that was asked for this port.
          type: str
          returned: when it is another one than the VM's RV(vms[].policy_id)
        end_time:
          description: Until when the port is open, in UTC.
          type: str
          returned: when the port is open
        duration:
          description: For how long the port would be opened.
          type: str
          returned: in check mode
        ended:
          description:
            - The windows that ended, each with its sources, its end, and who asked for it, and why. One of which a rule is
              left did not end, and one that had no rule any more had ended before.
          type: list
          elements: dict
          returned: when rules were deleted
        rules:
          description: The names of the network rules that were deleted.
          type: list
          elements: str
          returned: when rules were deleted
        kept:
          description: The windows of the port that were not meant, in the same form. They go on.
          type: list
          elements: dict
          returned: when there are such
        still_open:
          description:
            - For which sources the port is open all the same, and by which rule; judged by the rules of the VM's security
              groups after the closing. It is judged for the sources of the windows that were to end; where there were none
              for O(sources), and where these name no addresses for C(Internet).
          type: list
          elements: dict
          returned: when there are such
    error:
      description: What went wrong, and how to mend it.
      type: str
      returned: when it went wrong
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
      name: vdi-01
      hosts: [vdi-01]
      policy_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      state: opened
      changed: true
      ports:
        - port: 3389
          state: opened
          sources: [203.0.113.7]
          end_time: "2026-05-04T21:00:00Z"
hosts:
  description: For each host of the play the index of its VM in RV(vms).
  returned: always
  type: dict
  sample:
    vdi-01: 0
summary:
  description: How many VMs were opened, were open already, are closed, failed, or are in an unknown state.
  returned: always
  type: dict
  sample:
    opened: 1
    already_open: 0
    closed: 0
    failed: 0
    unknown: 0
missing_permissions:
  description: Each resource group that lacks some of the actions needed, as C(scope), and those C(actions). Nothing was sent then.
  returned: when O(permissions_check) finds any missing
  type: list
  elements: dict
  sample:
    - scope: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi
      actions: [Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action]
"""

from collections.abc import Mapping
from typing import Any

from ..module_utils._close_options import close_spec, ignored, plan_close, refuse_with_open, warned
from ..module_utils._open_options import open_spec, plan_open
from ..module_utils._options import batch_spec
from ..module_utils._permission_options import checked, permissions_spec, request_deeds
from ..module_utils._policy_options import writing_spec
from ..module_utils._runner import run
from ..module_utils._selection import Selection


def plan(params: Mapping[str, Any]) -> tuple[Selection[Any], Any]:
    """Read the options into what to open, or what to close."""
    if params["state"] != "closed":
        refuse_with_open(params)
    selection, operate = plan_close(params) if params["state"] == "closed" else plan_open(params)
    return selection, warned(ignored(params), checked(params, request_deeds(params), operate))


def main() -> None:
    run(
        {
            "state": {"type": "str", "choices": ["open", "closed"], "default": "open"},
            "ports": {"type": "list", "elements": "raw"},
            "sources": {"type": "list", "elements": "str"},
            "my_ip_url": {"type": "str"},
            "justification": {"type": "str"},
            "requested_by": {"type": "str"},
            "requested_in": {"type": "str"},
            "wait_timeout": {"type": "int", "default": 300},
            **open_spec(),
            **close_spec(),
            **writing_spec(),
            **permissions_spec(),
            **batch_spec(),
        },
        plan,
    )


if __name__ == "__main__":
    main()
