# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs can be covered, and why the others can't."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from .._jit.errors import InvalidOption, InvalidOptions
from .._jit.ids import VmId
from .._jit.vms import Vm
from .cover_request import CoverRequest, VmWish
from .fleet import Holdings
from .outcomes import LeftOut
from .parallel import each
from .seams import DefenderApi

# Policy and VM name together, at most [docs].
LONGEST_NAMES = 56


def sort_out(
    request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings, defender: DefenderApi
) -> tuple[list[VmWish], list[LeftOut]]:
    """Give each VM the ports of its template, and tell apart those that stay out.

    What would make Azure refuse a write is an error before the first one, unless such VMs are to be left out.
    """
    if request.state == "absent":
        return list(request.wishes), []
    wishes, left_out = _by_template(request, found)
    refused = {left.vm: left for wish in wishes if (left := _refused(wish, request, found, holdings))}
    if not request.skip_ineligible:
        if refused:
            raise InvalidOptions([_as_problem(left) for left in refused.values()])
        return wishes, left_out
    candidates = [found[wish.vm] for wish in wishes if wish.vm not in refused]
    refused.update({left.vm: left for left in _unprotected(candidates, holdings, defender)})
    return [wish for wish in wishes if wish.vm not in refused], [*left_out, *refused.values()]


def _by_template(request: CoverRequest, found: Mapping[VmId, Vm]) -> tuple[list[VmWish], list[LeftOut]]:
    templates = request.templates
    if templates is None:
        return list(request.wishes), []
    wishes, left_out = [], []
    for wish in request.wishes:
        vm = found.get(wish.vm)
        rules = templates.find(vm.tags) if vm and not wish.is_own else None
        if rules is not None:
            wishes.append(dataclasses.replace(wish, rules=rules))
        elif templates.only and vm and not wish.is_own:
            left_out.append(LeftOut(wish.vm, "no_template", f"no template is for its tag {templates.tag}"))
        else:
            wishes.append(wish)
    return wishes, left_out


def advise_on_templates(request: CoverRequest, found: Iterable[Vm]) -> Iterator[str]:
    """Say which templates are for nobody: a slip in a tag would leave VMs with the default ports."""
    templates = request.templates
    if templates is None:
        return
    tagged = [templates.value_of(vm.tags) for vm in found]
    if not tagged:
        return
    values = set(tagged) - {None}
    if not values:
        yield f"template_tag: no VM has the tag {templates.tag}, so no template is used"
        return
    unused = sorted(templates.rules.keys() - values)
    # of a few hosts nobody expects that they have them all
    if unused and request.scope is not None:
        yield f"templates: no VM has the tag {templates.tag} with {', '.join(unused)}"


def _refused(wish: VmWish, request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings) -> LeftOut | None:
    """Say why Azure would refuse the VM in a policy."""
    if wish.vm not in found:
        return LeftOut(
            wish.vm,
            "not_found",
            "it doesn't exist, or the credential may not see it: leave it out (by -l, or for good), or grant read",
        )
    if wish.vm not in holdings and len(request.policy_name) + len(wish.vm.name) > LONGEST_NAMES:
        problem = (
            f"{request.policy_name!r} and {wish.vm.name!r} together are longer than the {LONGEST_NAMES} "
            "characters that Azure allows: choose a shorter policy name"
        )
        return LeftOut(wish.vm, "name_too_long", problem)
    return None


def _as_problem(left: LeftOut) -> InvalidOption:
    if left.reason == "name_too_long":
        return InvalidOption("policy_name", left.problem)
    return InvalidOption("vms", f"{left.vm} {left.problem.removeprefix('it ')}")


def _unprotected(candidates: Iterable[Vm], holdings: Holdings, defender: DefenderApi) -> Iterable[LeftOut]:
    """Find VMs for which just-in-time access would do nothing.

    One that a policy holds already is taken to be guarded otherwise, such as by an Azure Firewall.
    """
    vms = list(candidates)
    subscriptions = sorted({vm.id.subscription_id.lower() for vm in vms})
    plans = dict(zip(subscriptions, each(defender.includes_jit, subscriptions), strict=True))
    for vm in vms:
        if plans[vm.id.subscription_id.lower()] is False:
            problem = "its subscription doesn't have Defender for Servers Plan 2: defender_plan turns it on"
            yield LeftOut(vm.id, "defender_plan_missing", problem)
        elif vm.is_guarded is False and vm.id not in holdings:
            problem = "no network security group is on its interfaces or their subnets: put one there"
            yield LeftOut(vm.id, "no_nsg", problem)
