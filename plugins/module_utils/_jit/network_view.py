# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups around VMs, as they were read: which rules concern a VM, and who gets in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from .endpoints import Endpoint, Layer, NoGroup, Unread
from .errors import AzureError
from .exposure import Verdict, judge_rules
from .grants import Grant
from .layout import Attachment, Layout
from .security_rules import SecurityGroup, SecurityRule
from .sources import covers, is_address, normal

# By id in lower case; for a group that can't be read the reason stands there.
Groups: TypeAlias = Mapping[str, SecurityGroup | AzureError]


class _Indexed:
    """A group's rules: those for single addresses by address, and those that may concern any."""

    def __init__(self, group: SecurityGroup) -> None:
        self._group = group
        self._common: list[SecurityRule] = []
        self._by_address: dict[str, list[SecurityRule]] = {}
        for rule in group.rules:
            if rule.destination_groups or not all(map(is_address, rule.destinations)):
                self._common.append(rule)
                continue
            for address in rule.destinations:
                self._by_address.setdefault(address, []).append(rule)

    def for_address(self, address: str) -> SecurityGroup:
        """Give the group as traffic to an address meets it: a group may hold the rules of hundreds of VMs."""
        rules = [*self._by_address.get(address, ()), *self._common]
        return replace(self._group, rules=tuple(sorted(rules, key=lambda rule: rule.priority)))

    def grants_for(self, address: str) -> list[SecurityRule]:
        return [rule for rule in self._by_address.get(address, ()) if rule.is_jit_grant]


class NetworkView:
    """What was read of security groups."""

    def __init__(self, groups: Groups) -> None:
        self._unread = {key: answer for key, answer in groups.items() if isinstance(answer, AzureError)}
        self._groups = {key: _Indexed(group) for key, group in groups.items() if isinstance(group, SecurityGroup)}

    def doubt(self, layout: Layout) -> str:
        """Say why rules around a VM may have been missed; nothing if all were read."""
        for group in layout.groups:
            if group.lower() in self._unread:
                return (
                    f"a network security group of the VM can't be read: {self._unread[group.lower()]}. Grant the "
                    "credential Microsoft.Network/networkSecurityGroups/read there"
                )
        if not layout.is_complete:
            return (
                "not all network interfaces and subnets of the VM could be read, so rules may have been missed. "
                "Grant the credential Microsoft.Network/networkInterfaces/read and virtualNetworks/subnets/read"
            )
        return ""

    def grant_rules(self, layout: Layout) -> list[SecurityRule]:
        """Give the rules by which grants admit to one of the VM's addresses."""
        rules = (
            rule
            for attachment in layout.attachments
            for group in attachment.groups
            for rule in self._grants_at(group, attachment)
        )
        return list({rule.id.lower(): rule for rule in rules}.values())

    def endpoints(self, layout: Layout) -> list[Endpoint]:
        return [self._endpoint(attachment) for attachment in layout.attachments]

    def judge(self, layout: Layout, source: str, port: int) -> list[Verdict]:
        """Judge by the security groups alone whether a source gets in to a port, for each address of the VM."""
        return [judge_rules(endpoint, source, port) for endpoint in self.endpoints(layout)]

    def ended_sources(
        self, grant: Grant, layout: Layout, others: Iterable[Grant] = (), *, by_number: bool = False
    ) -> list[str]:
        """Tell for which of its sources a running grant ended early.

        The standing deny refuses them again, or only other windows among `others` let them in any more. These are
        wider ones, as a grant's own rule names its sources as they were asked for, or with `by_number` later ones
        for the same source, where there are fewer rules than windows. Whom somebody else's rule refuses has his
        window all the same; to ask for another one wouldn't help him.
        """
        if not layout.attachments:
            return []
        besides = [other for other in others if (other.vm, other.port) == (grant.vm, grant.port)]
        borrowed = [
            one
            for one in grant.sources
            if self._is_borrowed(one, grant.port, layout, besides)
            or (by_number and self._is_left_over(one, grant, layout, besides))
        ]
        if self._has_rule_everywhere(grant, layout):
            return borrowed
        return [
            source
            for source in grant.sources
            if source in borrowed
            or all(_is_shut_by_jit(verdict) for verdict in self.judge(layout, source, grant.port))
        ]

    def _is_borrowed(self, source: str, port: int, layout: Layout, others: Iterable[Grant]) -> bool:
        """Tell whether a source gets in by the rules of wider windows alone: all that name it are theirs."""
        wider = [own for other in others for own in other.sources if _is_wider(own, source)]
        if not wider or self.doubt(layout):
            return False
        naming = [
            own
            for rule in self.grant_rules(layout)
            if rule.opens(port)
            for own in rule.sources
            if covers(own, source)
        ]
        return bool(naming) and all(any(_is_same(one, own) for one in wider) for own in naming)

    def _is_left_over(self, source: str, grant: Grant, layout: Layout, others: Iterable[Grant]) -> bool:
        """Tell whether later windows for the same source have all the rules for it that there are.

        That two windows never share a rule is inferred [inf].
        """
        later = {
            other
            for other in others
            if other.began_after(grant) and any(_is_same(own, source) for own in other.sources)
        }
        if not later or self.doubt(layout):
            return False
        rules = (
            sum(
                rule.opens(grant.port) and any(_is_same(own, source) for own in rule.sources)
                for rule in self._grants_at(group, attachment)
            )
            for attachment in layout.attachments
            for group in attachment.groups
        )
        return 0 < max(rules, default=0) <= len(later)

    def _grants_at(self, group: str, attachment: Attachment) -> list[SecurityRule]:
        indexed = self._groups.get(group.lower())
        return indexed.grants_for(normal(attachment.address)) if indexed else []

    def _has_rule_everywhere(self, grant: Grant, layout: Layout) -> bool:
        """Tell whether all groups of some address have a rule for the grant, so that nothing was deleted there."""
        return any(
            attachment.groups and all(self._serves(group, attachment, grant) for group in attachment.groups)
            for attachment in layout.attachments
        )

    def _serves(self, group: str, attachment: Attachment, grant: Grant) -> bool:
        return any(
            rule.opens(grant.port) and all(_admits(rule.sources, source) for source in grant.sources)
            for rule in self._grants_at(group, attachment)
        )

    def _endpoint(self, attachment: Attachment) -> Endpoint:
        subnet = self._layer(attachment.subnet_group, attachment.address)
        if not attachment.subnet_group and not attachment.subnet_known:
            subnet = NoGroup.UNREAD
        nic = self._layer(attachment.nic_group, attachment.address)
        return Endpoint(
            address=attachment.address,
            subnet=subnet,
            nic=nic,
            application_groups=attachment.application_groups,
            public=attachment.public,
            network_space=attachment.network_space,
            routed=attachment.routed,
            unread=frozenset({Unread.LOAD_BALANCER} if attachment.is_balanced else ()),
            name=attachment.nic_id,
        )

    def _layer(self, group_id: str | None, address: str) -> Layer:
        if not group_id:
            return NoGroup.NONE
        indexed = self._groups.get(group_id.lower())
        return indexed.for_address(normal(address)) if indexed else NoGroup.UNREAD


def without_rules(groups: Groups, rule_ids: Collection[str]) -> Groups:
    """Give the groups as they would be without these rules, by id in lower case."""
    return {
        key: replace(group, rules=tuple(rule for rule in group.rules if rule.id.lower() not in rule_ids))
        if isinstance(group, SecurityGroup)
        else group
        for key, group in groups.items()
    }


def _admits(sources: Iterable[str], wanted: str) -> bool:
    return any(covers(source, wanted) for source in sources)


def _is_wider(source: str, than: str) -> bool:
    return covers(source, than) and not covers(than, source)


def _is_same(source: str, other: str) -> bool:
    return covers(source, other) and covers(other, source)


def _is_shut_by_jit(verdict: Verdict) -> bool:
    """Tell whether a source is refused, and by no rule that a person wrote."""
    rule = verdict.rule
    return verdict.is_closed and isinstance(rule, SecurityRule) and (rule.is_jit_deny or rule.is_default)
