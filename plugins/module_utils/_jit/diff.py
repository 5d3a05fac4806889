# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a policy means to a person: per VM and port, before and after, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .ids import PolicyId, VmId, labels
from .policies import Coverage
from .ports import clashes

View = dict[str, dict[str, str]]

ABSENT = "not in the policy"


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """The VMs of one policy that differ. `before` and `after` map a VM to its ports' descriptions.

    A VM goes by its name, or by its id where two of one name differ. A port that has nothing in its place on the
    other side stands there too, so that nobody takes the ports that are shown for all that the VM has.
    """

    policy_id: PolicyId
    vms: frozenset[VmId]
    added: frozenset[VmId]
    removed: frozenset[VmId]
    before: View
    after: View

    def __bool__(self) -> bool:
        return bool(self.vms)


def compare(policy_id: PolicyId, before: Iterable[Coverage], after: Iterable[Coverage]) -> PolicyDiff:
    """Compare two readings of a policy; order, case and prefix form make no difference."""
    old, new = _by_vm(before), _by_vm(after)
    changed = [vm for vm in sorted({*old, *new}) if _rules(old.get(vm)) != _rules(new.get(vm))]
    label = labels(changed)
    return PolicyDiff(
        policy_id=policy_id,
        vms=frozenset(changed),
        added=frozenset(vm for vm in changed if vm not in old),
        removed=frozenset(vm for vm in changed if vm not in new),
        before={label[vm]: _describe(old[vm], new.get(vm)) for vm in changed if vm in old},
        after={label[vm]: _describe(new[vm], old.get(vm)) for vm in changed if vm in new},
    )


def _by_vm(coverages: Iterable[Coverage]) -> dict[VmId, Coverage]:
    return {coverage.vm: coverage for coverage in coverages}


def _rules(coverage: Coverage | None) -> object:
    return None if coverage is None else (frozenset(coverage.rules), coverage.public_ip)


def _describe(coverage: Coverage, other: Coverage | None) -> dict[str, str]:
    own, others = frozenset(coverage.rules), frozenset(other.rules) if other else frozenset()
    described = {rule.label: rule.describe() for rule in coverage.rules if rule not in others}
    missing = [rule.label for rule in others - own if not clashes(rule, own)]
    described |= dict.fromkeys(sorted(missing), ABSENT)
    firewall = other.public_ip if other else None
    if coverage.public_ip != firewall:
        described["firewall"] = coverage.public_ip or ABSENT
    return described
