# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The custom roles, tried: what each promises can be done with it, and all else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.permissions_api import ArmPermissionsApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import PermissionsMissing
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.permissions import (
    CLOSE_BY_POLICY,
    CLOSE_BY_RULE,
    COVER,
    DEEDS,
    OPEN,
    ROLES,
    START_VMS,
    UNCOVER,
    WAIT_FOR_RULE,
    CustomRole,
    Deed,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.check_permissions import check_permissions
from closing_scene import SceneServices
from deeds import GROUP, WHOLE, Actor, Refused, make_actor
from running_simulator import ROOT

CHANGING = [
    (deed, need.action) for deed in DEEDS for need in deed.needs if not need.action.endswith(("/read", "/*"))
]


# What the option permissions_check asks for.
CHECKED = (OPEN, WAIT_FOR_RULE, START_VMS, CLOSE_BY_RULE, CLOSE_BY_POLICY, COVER, UNCOVER)


class CheckServices(SceneServices):
    """What checking permissions needs, by the actor's cloud."""

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor.scene)
        self.permissions = ArmPermissionsApi(actor.scene.arm)


def actions_in_file(role: CustomRole) -> list[str]:
    path = ROOT / "extensions" / "roles" / role.file_name
    actions: list[str] = json.loads(path.read_text())["Actions"]
    return actions


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_is_good_for_what_it_promises_and_for_nothing_else(
    role: CustomRole, deed: Deed, tmp_path: Path
) -> None:
    actor = make_actor(tmp_path, actions_in_file(role))
    if deed in role.deeds:
        actor.do(deed.name)
        return
    with pytest.raises(Refused, match="403"):
        actor.do(deed.name)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_what_the_table_lists_is_enough(deed: Deed, tmp_path: Path) -> None:
    make_actor(tmp_path, [need.action for need in deed.needs]).do(deed.name)


@pytest.mark.parametrize(("deed", "action"), CHANGING, ids=lambda value: getattr(value, "name", None))
def test_nothing_is_changed_without_the_permission_for_it(deed: Deed, action: str, tmp_path: Path) -> None:
    actor = make_actor(tmp_path, [need.action for need in deed.needs if need.action != action])
    with pytest.raises(Refused, match="403"):
        actor.do(deed.name)


@pytest.mark.parametrize("name", ["find", "look", "open", "wait_for_rule", "close_by_rule", "start_vms", "cover"])
def test_a_role_on_a_resource_group_is_enough_for_what_is_in_it(name: str, tmp_path: Path) -> None:
    make_actor(tmp_path, actions_in_file(ROLES[-1]), scope=GROUP).do(name)


@pytest.mark.parametrize("scope", [WHOLE, GROUP], ids=["subscription", "group"])
@pytest.mark.parametrize("deed", CHECKED, ids=lambda deed: deed.name)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_check_says_beforehand_what_trying_shows(
    role: CustomRole, deed: Deed, scope: str, tmp_path: Path
) -> None:
    actor = make_actor(tmp_path, actions_in_file(role), scope)
    services = CheckServices(actor)
    vms = [actor.scene.vm("vm-2"), actor.scene.vm("vm-3")]
    if deed in role.deeds:
        check_permissions([deed], vms, services)
    else:
        with pytest.raises(PermissionsMissing) as caught:
            check_permissions([deed], vms, services)
        assert set(caught.value.missing) == {GROUP}
    assert services.warnings == []
    assert sum(count for name, count in actor.scene.arm.sent.items() if name.endswith("/permissions")) == 1
    assert not any(name.startswith(("PUT", "DELETE")) for name in actor.scene.arm.sent)
