# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just-in-time policies in Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._jit.errors import AzureRefused
from .._jit.ids import PolicyId
from .._jit.policies import Policy
from .arm import Arm

# The only stable version [spec].
API_VERSION = "2020-01-01"
_TYPE = "providers/Microsoft.Security/jitNetworkAccessPolicies"


class ArmJitApi:
    """Read and write just-in-time policies."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def list_policies(
        self,
        subscription_id: str,
        resource_group: str | None = None,
        *,
        keep: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> list[Policy]:
        """Read the policies of a subscription, or of one of its groups, with the requests that `keep` wants.

        The subscription's list is put together from several backends and has been seen to miss policies
        [issue], so what it doesn't show may exist all the same.
        """
        group = f"/resourceGroups/{resource_group}" if resource_group else ""
        return self._list(f"/subscriptions/{subscription_id}{group}/{_TYPE}", group, keep)

    def list_region(self, subscription_id: str, location: str, resource_group: str | None = None) -> list[Policy]:
        """Read the policies of a region, which one backend answers alone [rec]."""
        group = f"/resourceGroups/{resource_group}" if resource_group else ""
        path = _TYPE.replace("/jit", f"/locations/{location}/jit")
        return self._list(f"/subscriptions/{subscription_id}{group}/{path}", group)

    def _list(
        self, path: str, group: str, keep: Callable[[Mapping[str, Any]], bool] | None = None
    ) -> list[Policy]:
        try:
            documents = self._arm.items(path, API_VERSION)
            policies = (policy for document in documents if (policy := Policy.read(document)))
            return [policy.keeping(keep) if keep else policy for policy in policies]
        except AzureRefused as error:
            if group and error.status == 404:  # the group is gone, and its policies with it
                return []
            raise

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        document = self._arm.find(str(policy_id), API_VERSION)
        return Policy.read(document) if document is not None else None

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        """Replace a policy whole."""
        self._arm.write("PUT", str(policy_id), API_VERSION, body)

    def delete_policy(self, policy_id: PolicyId) -> None:
        """Delete a policy; one that doesn't exist is no error [spec: 204]."""
        self._arm.write("DELETE", str(policy_id), API_VERSION)

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for access. The answer is the request as accepted, which doesn't say that a port is open."""
        request: Mapping[str, Any] = self._arm.write("POST", f"{policy_id}/initiate", API_VERSION, body)
        return request
