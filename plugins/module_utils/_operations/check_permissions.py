# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask before anything is sent whether the credential may do what a task is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from .._jit.allowed_actions import Granted, may
from .._jit.errors import AzureError, PermissionsMissing
from .._jit.ids import VmId
from .._jit.layout import Layout
from .._jit.permissions import Deed, Need, Place, smallest_role
from .fleet import read_known
from .parallel import each
from .seams import JitApi, LayoutApi, Warn

# Resource groups that are asked about: far more than a task of people has, far less than the read rate bears.
MOST_GROUPS = 200
NAMED = 10
_OF_NETWORK = (Place.INTERFACE, Place.NETWORK, Place.SECURITY_GROUP)


class PermissionsApi(Protocol):
    """What the caller may do at a scope. Raises an `AzureError` where that isn't told."""

    def granted(self, scope: str) -> list[Granted]: ...


class Services(Protocol):
    """What the check needs of the outside world."""

    @property
    def permissions(self) -> PermissionsApi: ...
    @property
    def jit(self) -> JitApi: ...
    @property
    def layouts(self) -> LayoutApi: ...
    @property
    def warn(self) -> Warn: ...


def check_permissions(deeds: Iterable[Deed], vms: Sequence[VmId], services: Services) -> None:
    """Raise `PermissionsMissing` where a resource group lacks what the deeds take of it.

    Costs one request for each resource group, never one for a VM. A group of which Azure doesn't tell is warned
    about, and so are those beyond the most that are asked about.
    """
    needed = _needed(deeds, vms, services)
    asked = list(needed)[:MOST_GROUPS]
    answers = dict(zip(asked, each(lambda scope: _ask(scope, services.permissions), asked), strict=True))
    missing = {
        scope: lacks
        for scope, answer in answers.items()
        if not isinstance(answer, AzureError)
        and (lacks := tuple(sorted(action for action in needed[scope] if not may(answer, action))))
    }
    if missing:
        raise PermissionsMissing(_message(missing), missing)
    _warn_of_unknown(needed, answers, services.warn)


def _ask(scope: str, permissions: PermissionsApi) -> list[Granted] | AzureError:
    try:
        return permissions.granted(scope)
    except AzureError as error:
        return error


def _needed(deeds: Iterable[Deed], vms: Sequence[VmId], services: Services) -> dict[str, set[str]]:
    """Say for each resource group which actions are needed there; those with a wildcard can't be asked for."""
    needs = list(dict.fromkeys(need for deed in deeds for need in deed.needs if not need.is_wide))
    scopes = _scopes(vms, needs, services)
    by_scope: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for need in needs:
        for scope in scopes.get(need.place, ()):
            by_scope.setdefault(names.setdefault(scope.lower(), scope), set()).add(need.action)
    return by_scope


def _scopes(vms: Sequence[VmId], needs: Iterable[Need], services: Services) -> dict[Place, list[str]]:
    """Find the resource groups at which things are; what can't be found is taken to be beside its VM."""
    places = {need.place for need in needs}
    scopes = {Place.VM: list(dict.fromkeys(_group_of(str(vm)) for vm in vms))}
    if Place.POLICY in places:
        scopes[Place.POLICY] = _policy_groups(vms, services.jit)
    if places.intersection(_OF_NETWORK):
        layouts = _layouts(vms, services.layouts)
        for place in _OF_NETWORK:
            scopes[place] = _network_groups(vms, layouts, place)
    return scopes


def _policy_groups(vms: Sequence[VmId], jit: JitApi) -> list[str]:
    try:
        holdings = read_known(jit, vms).holdings
    except AzureError:
        holdings = {}
    ids = [
        str(held)
        for vm in vms
        for held in ([holding.policy.id for holding in holdings[vm]] if vm in holdings else [vm])
    ]
    return list(dict.fromkeys(map(_group_of, ids)))


def _layouts(vms: Collection[VmId], layouts: LayoutApi) -> Mapping[VmId, Layout]:
    try:
        return layouts.layouts(vms)
    except AzureError:
        return {}


def _network_groups(vms: Sequence[VmId], layouts: Mapping[VmId, Layout], place: Place) -> list[str]:
    ids: list[str] = []
    for vm in vms:
        layout = layouts.get(vm)
        if layout is None:
            ids.append(str(vm))
        elif place is Place.INTERFACE:
            ids += [attachment.nic_id for attachment in layout.attachments]
        elif place is Place.NETWORK:
            ids += [attachment.subnet for attachment in layout.attachments if attachment.subnet]
        else:
            ids += layout.groups
    return list(dict.fromkeys(map(_group_of, ids)))


def _group_of(resource_id: str) -> str:
    """Give the id of the resource group in which a resource is."""
    return "/".join(resource_id.split("/")[:5])


def _message(missing: Mapping[str, tuple[str, ...]]) -> str:
    by_actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for scope, actions in missing.items():
        by_actions[actions].append(scope)
    parts = [f"{', '.join(actions)} in {_named(scopes)}" for actions, scopes in by_actions.items()]
    role = smallest_role({action for actions in missing.values() for action in actions})
    advice = (
        f" The role {role.name} has all of that: extensions/roles/{role.file_name} of the collection."
        if role
        else ""
    )
    return f"nothing was sent: the credential lacks {'; and '.join(parts)}.{advice}"


def _named(scopes: Sequence[str]) -> str:
    names = [f"{scope.split('/')[4]} (subscription {scope.split('/')[2]})" for scope in scopes[:NAMED]]
    more = f" and {len(scopes) - NAMED} more" if len(scopes) > NAMED else ""
    return f"resource group{'s' if len(scopes) > 1 else ''} {', '.join(names)}{more}"


def _warn_of_unknown(
    needed: Collection[str], answers: Mapping[str, list[Granted] | AzureError], warn: Warn
) -> None:
    unknown = {scope: answer for scope, answer in answers.items() if isinstance(answer, AzureError)}
    if unknown:
        warn(
            f"what the credential may do is unknown in {_named(list(unknown))}, so what is missing shows only "
            f"when something is sent: {next(iter(unknown.values()))}"
        )
    if len(needed) > len(answers):
        warn(f"permissions were asked for in {len(answers)} resource groups only, of {len(needed)}")
