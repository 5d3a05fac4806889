# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a refusal beyond Azure's own words."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused

GRAPH = "POST /providers/Microsoft.ResourceGraph/resources"
PRICING = "GET /subscriptions/1/providers/Microsoft.Security/pricings/VirtualMachines"


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        (PRICING, 404, "SubscriptionNotFound"),
        (PRICING, 400, "InvalidSubscriptionId"),
        (GRAPH, 400, "BadRequest"),
    ],
)
def test_an_unknown_subscription_says_where_its_id_may_come_from(
    request_line: str, status: int, code: str
) -> None:
    text = str(AzureRefused(request_line, status, code, "The subscription '1' could not be found."))
    assert text.startswith(f"{request_line} was refused with {status} {code}: The subscription '1'")
    assert "could not be found. Check the ids in AZURE_SUBSCRIPTION_ID and the options subscription_id" in text


@pytest.mark.parametrize(
    ("request_line", "status", "code"), [(PRICING, 404, "NotFound"), (GRAPH, 403, "Forbidden")]
)
def test_other_refusals_keep_azures_words(request_line: str, status: int, code: str) -> None:
    assert str(AzureRefused(request_line, status, code, "No.")).endswith(": No.")
