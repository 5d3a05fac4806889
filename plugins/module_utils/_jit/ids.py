# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of VMs and policies. Azure returns them in any case, so they compare without case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from .errors import InvalidOption

_VM = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/?#%\s]+)"
    r"/providers/Microsoft\.Compute/virtualMachines/([^/?#%\s]+)/?",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Security"
    r"/locations/([^/]+)/jitNetworkAccessPolicies/([^/]+)/?",
    re.IGNORECASE,
)
_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class VmId:
    """A virtual machine's ARM id."""

    key: str
    subscription_id: str = field(compare=False)
    resource_group: str = field(compare=False)
    name: str = field(compare=False)

    @classmethod
    def of(cls, subscription_id: str, resource_group: str, name: str) -> VmId:
        key = f"{subscription_id}/{resource_group}/{name}".lower()
        return cls(key, subscription_id, resource_group, name)

    @classmethod
    def find_in(cls, text: str) -> VmId | None:
        """Read an id, or say by None that the text is none."""
        return _find_vm(text)

    @classmethod
    def parse(cls, option: str, text: str) -> VmId:
        """Read an id that a user gave.

        Azure answers a malformed one with 403 `LinkedAuthorizationFailed`, which says nothing about the
        mistake: so it is found here.
        """
        vm = cls.find_in(text.strip())
        if vm is None or not _SUBSCRIPTION.fullmatch(vm.subscription_id):
            raise InvalidOption(
                option,
                f"{text!r} is not the id of a virtual machine; it looks like /subscriptions/<uuid>"
                "/resourceGroups/<group>/providers/Microsoft.Compute/virtualMachines/<name>",
            )
        return vm

    @property
    def group_key(self) -> tuple[str, str]:
        """Tell two VMs of one resource group from two of different ones."""
        return self.subscription_id.lower(), self.resource_group.lower()

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Compute/virtualMachines/{self.name}"
        )


# An entry of a policy is read several times on its way, and there are thousands.
@lru_cache(maxsize=32768)
def _find_vm(text: str) -> VmId | None:
    match = _VM.fullmatch(text)
    return VmId.of(*match.groups()) if match else None


@dataclass(frozen=True, slots=True, order=True)
class PolicyId:
    """A just-in-time policy's ARM id."""

    key: str
    subscription_id: str = field(compare=False)
    resource_group: str = field(compare=False)
    location: str = field(compare=False)
    name: str = field(compare=False)

    @classmethod
    def of(cls, subscription_id: str, resource_group: str, location: str, name: str) -> PolicyId:
        key = f"{subscription_id}/{resource_group}/{location}/{name}".lower()
        return cls(key, subscription_id, resource_group, location, name)

    @classmethod
    def find_in(cls, text: str) -> PolicyId | None:
        match = _POLICY.fullmatch(text)
        return cls.of(*match.groups()) if match else None

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Security/locations/{self.location}/jitNetworkAccessPolicies/{self.name}"
        )


def is_subscription_id(text: str) -> bool:
    return _SUBSCRIPTION.fullmatch(text) is not None


def labels(vms: Iterable[VmId]) -> dict[VmId, str]:
    """Name VMs for people: by name, and by id where two have one name."""
    distinct = set(vms)
    names = Counter(vm.name.lower() for vm in distinct)
    return {vm: vm.name if names[vm.name.lower()] == 1 else str(vm) for vm in distinct}
