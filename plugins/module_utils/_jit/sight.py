# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of one VM's network: where connections arrive, and what else may decide about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .effective_rules import EffectiveRules
from .endpoints import Endpoint, Unread
from .layout import Attachment, Layout
from .network_view import NetworkView
from .security_rules import SecurityGroup, SecurityRule, UnreadRule


@dataclass(frozen=True, slots=True)
class Sight:
    """A VM's layout, and the groups around it.

    `unread` is what decides beside them; `managers` are groups of a Virtual Network Manager whose order among the
    others isn't known, so that they leave open what becomes of the ports that they name.
    """

    layout: Layout
    view: NetworkView
    unread: frozenset[Unread] = frozenset()
    managers: tuple[SecurityGroup, ...] = ()

    @property
    def gap(self) -> str:
        """Say what of the VM was not seen, through which somebody may get in."""
        return "" if self.layout.has_all_addresses else "not all network interfaces of the VM could be read"

    def at_port(self, endpoints: Sequence[Endpoint], port: int) -> Sequence[Endpoint]:
        """Give the VM's endpoints with what was not read that may decide about a port."""
        unread = self.unread
        if any(rule.names_port(port) for group in self.managers for rule in _written(group)):
            unread = unread | {Unread.ADMIN_RULES}
        return [replace(one, unread=one.unread | unread) for one in endpoints] if unread else endpoints


def see_in_effect(layout: Layout, answers: Mapping[str, EffectiveRules], unread: frozenset[Unread]) -> Sight:
    """Look at the rules that Azure gives as those in effect, by interface in lower case.

    Azure's answer names a network manager that has rules there [docs], so that none is to be suspected else, and
    with all prefixes that the tag VirtualNetwork stands for [docs]: those of routes too.
    """
    groups = {group.id.lower(): group for answer in answers.values() for group in answer.groups if group.id}
    told = {Unread.ADMIN_RULES}
    if all(answer.network_space for answer in answers.values() if answer.groups):
        told.add(Unread.ROUTES)
    attachments = tuple(_attached(one, answers[one.nic_id.lower()]) for one in layout.attachments)
    return Sight(
        layout=replace(layout, attachments=attachments),
        view=NetworkView(groups),
        unread=unread - told,
        managers=tuple(group for answer in answers.values() for group in answer.others),
    )


def _attached(attachment: Attachment, answer: EffectiveRules) -> Attachment:
    return replace(
        attachment,
        nic_group=answer.nic.id if answer.nic else None,
        subnet_group=answer.subnet.id if answer.subnet else None,
        subnet_known=True,
        routed=answer.network_space or attachment.routed,
    )


def _written(group: SecurityGroup) -> list[SecurityRule | UnreadRule]:
    return [rule for rule in group.in_order() if isinstance(rule, UnreadRule) or not rule.is_default]
