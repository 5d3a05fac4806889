# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads about each VM."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.plugin_utils._outcome_table import outcome_lines

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=2))
END = "2026-05-04T21:00:00Z"


def vm(name: str, state: str = "opened", *ports: dict[str, Any], group: str = "rg", **more: Any) -> dict[str, Any]:
    root = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups"
    vm_id = f"{root}/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    return {"id": vm_id, "name": name, "state": state, **({"ports": list(ports)} if ports else {}), **more}


def port(number: int = 3389, state: str = "opened", *sources: str, until: str | None = END) -> dict[str, Any]:
    end = {"end_time": until} if until else {}
    return {"port": number, "state": state, "sources": list(sources or ["203.0.113.7"]), **end}


def result(*vms: dict[str, Any], **summary: int) -> dict[str, Any]:
    return {"vms": list(vms), "summary": summary or dict(Counter(vm["state"] for vm in vms))}


def lines(found: dict[str, Any], **how: Any) -> list[str]:
    return outcome_lines("jit_request", found, NOON, **{"zone": UTC, **how})


def test_each_vm_has_its_line_up_to_forty() -> None:
    failed = vm("vdi-3", "failed", error="no just-in-time policy covers this VM")

    told = lines(
        result(vm("vdi-1", "opened", port()), vm("vdi-20", "already_open", port(22, "already_open", "*")), failed)
    )

    assert told == [
        "jit_request: 1 opened, 1 already open, 1 failed",
        "  VM      outcome       ports  source       until, or why not",
        "  vdi-1   opened        3389   203.0.113.7  21:00 UTC",
        "  vdi-20  already open  22     any          21:00 UTC",
        "  vdi-3   failed                            no just-in-time policy covers this VM",
    ]


@pytest.mark.parametrize(
    ("until", "zone", "shown"),
    [
        (END, UTC, "21:00 UTC"),
        (END, BERLIN, "23:00 (21:00 UTC)"),
        ("2026-05-04T22:30:00Z", BERLIN, "2026-05-05 00:30 (2026-05-04 22:30 UTC)"),
        ("2026-05-05T01:30:00.1234567Z", BERLIN, "2026-05-05 03:30 (01:30 UTC)"),
        ("2026-05-05T01:30:00Z", UTC, "2026-05-05 01:30 UTC"),
    ],
)
def test_the_end_is_told_in_local_time_and_in_utc(until: str, zone: timezone, shown: str) -> None:
    told = lines(result(vm("vdi-1", "opened", port(until=until))), zone=zone)

    assert told[-1].endswith(f"203.0.113.7  {shown}")


def test_ports_that_fared_alike_share_a_line_and_others_follow() -> None:
    several = vm("a", "failed", port(22), port(5986), port(3389, "failed"), error="port 3389: taken")
    del several["ports"][2]["sources"]

    assert lines(result(several))[2:] == [
        "  a   opened   22, 5986  203.0.113.7  21:00 UTC",
        "      failed   3389                   port 3389: taken",
    ]


def test_an_error_that_no_port_shows_is_told_all_the_same() -> None:
    assert lines(result(vm("a", "opened", port(), error="its rule is shadowed")))[2:] == [
        "  a   opened   3389   203.0.113.7  21:00 UTC",
        "      failed                       its rule is shadowed",
    ]


def test_a_prediction_says_so_and_for_how_long() -> None:
    planned = {"port": 3389, "state": "opened", "sources": [], "duration": "3h"}

    told = lines(result(vm("a", "opened", planned)), check_mode=True)

    assert told[0] == "jit_request: 1 opened (check mode: nothing was sent)"
    assert told[-1] == "  a   opened   3389   as Azure sees it  for 3h"


def test_many_sources_are_counted() -> None:
    told = lines(result(vm("a", "opened", port(22, "opened", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"))))

    assert "10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more" in told[-1]


def test_policies_are_counted_and_only_vms_with_which_something_happened_have_a_line() -> None:
    vms = [
        vm("same", "unchanged"),
        vm("new", "added", verified=True),
        vm("old", "removed", verified=False),
        vm("bad", "added", error="Azure refused"),
    ]

    told = lines(result(*vms, added=1, unchanged=1, removed=1, failed=1, policies=3, policies_changed=2))

    assert told == [
        "jit_request: 1 added, 1 unchanged, 1 removed, 1 failed; 2 of 3 policies changed",
        "  VM   outcome  until, or why not",
        "  new  added",
        "  old  removed  not verified",
        "  bad  failed   Azure refused",
    ]


def test_nothing_to_tell_is_one_line_and_a_failure_without_an_outcome_is_none() -> None:
    assert lines({"vms": [], "summary": {"opened": 0, "failed": 0}}) == ["jit_request: nothing to do"]
    assert lines({"failed": True, "msg": "ports[0]: 'rpd' is no port"}) == []


def test_beyond_forty_vms_failures_are_named_up_to_twenty() -> None:
    fine = [vm(f"vdi-{number}", "opened", port()) for number in range(40)]
    bad = [vm(f"bad-{number}", "failed", error="full") for number in range(22)]

    assert len(lines(result(*fine))) == 42
    assert lines(result(*fine, fine[0])) == ["jit_request: 41 opened"]
    told = lines(result(*fine, *bad))
    assert told[0] == "jit_request: 40 opened, 22 failed"
    assert told[1:21] == [f"  failed  bad-{number}: full" for number in range(20)]
    assert told[21:] == ["  and 2 more that failed"]


def test_a_failure_that_carries_only_the_failed_vms_counts_all_the_same() -> None:
    told = lines(result(vm("bad", "unknown", error="who knows"), opened=60, unknown=1))

    assert told == ["jit_request: 60 opened, 1 unknown", "  unknown  bad: who knows"]


def test_vms_of_one_name_are_told_apart() -> None:
    told = lines(result(vm("a", "opened", port(), group="rg-1"), vm("a", "opened", port(), group="rg-2")))

    assert "/resourceGroups/rg-1/" in told[2]
    assert "/resourceGroups/rg-2/" in told[3]


def test_what_azure_says_steers_no_terminal_and_fills_no_screen() -> None:
    told = lines(result(vm("a", "failed", error="one\n  two\x1b[2J " + "x" * 300)))

    (row,) = told[2:]
    assert "one two?[2J xxx" in row
    assert row.endswith("x...")
    assert len(row) < 290


def test_ids_in_a_reason_are_shortened_so_that_the_reason_itself_is_seen() -> None:
    policy = (
        f"{vm('a')['id'].partition('/providers/')[0]}/providers/Microsoft.Security/locations/x/policies/default"
    )

    told = lines(result(vm("a", "failed", error=f"POST {policy}/initiate was refused: '{policy}' is full")))

    assert told[-1].endswith("POST .../default/initiate was refused: '.../policies/default' is full")


def left(name: str, reason: str, problem: str = "why") -> dict[str, Any]:
    return {"id": vm(name)["id"], "name": name, "reason": reason, "problem": problem}


def test_vms_that_were_left_out_have_a_line_with_the_reason() -> None:
    found = {**result(vm("new", "added")), "left_out": [left("odd", "no_nsg", "no security group guards it")]}

    assert lines(found) == [
        "jit_request: 1 added; 1 left out",
        "  VM   outcome   until, or why not",
        "  new  added",
        "  odd  left out  no security group guards it",
    ]


def test_many_vms_that_were_left_out_are_counted_by_reason() -> None:
    others = [left(f"a{number}", "no_nsg") for number in range(30)] + [left("b", "defender_plan_missing")] * 11

    told = lines({**result(vm("new", "added")), "left_out": others})

    assert told == [
        "jit_request: 1 added; 41 left out",
        "  left out  30: no nsg",
        "  left out  11: defender plan missing",
    ]


def closed(number: int, *ended: dict[str, Any], state: str = "closed", **more: Any) -> dict[str, Any]:
    done = {"ended": list(ended), "rules": ["rule"]} if ended else {}
    return {"port": number, "state": state, **done, **more}


def window(*sources: str, by: str = "ann@ctl", requestor: str = "") -> dict[str, Any]:
    said = f"CHG-1 [run 7-1-ff by {by}] #ref" if by else ""
    return {
        "sources": list(sources or ["203.0.113.7"]),
        "end_time": END,
        "requestor": requestor,
        "justification": said,
    }


def closing(*vms: dict[str, Any], by: str = "ann@ctl", **summary: int) -> dict[str, Any]:
    return {**result(*vms, **summary), "invocation": {"module_args": {"requested_by": by}}}


def test_closing_tells_what_ended_and_where_nothing_was_open() -> None:
    told = lines(
        closing(
            vm("a", "closed", closed(22, window()), closed(3389, window()), changed=True),
            vm("b", "closed", closed(22), changed=False),
            vm("c", "closed", changed=False),
            vm("d", "failed", closed(22, state="failed"), error="port 22: rule x is locked", changed=False),
        )
    )

    assert told == [
        "jit_request: 1 closed, 2 had nothing open, 1 failed",
        "  VM  outcome  ports     source       remarks",
        "  a   closed   22, 3389  203.0.113.7",
        "  b   closed   22                     nothing was open",
        "  c   closed                          nothing was open",
        "  d   failed   22                     port 22: rule x is locked",
    ]


def test_closing_names_who_else_is_concerned() -> None:
    kept = closed(22, window(), kept=[window("203.0.113.8", by="bob@ctl")])
    loose = closed(22, window(), still_open=[{"source": "203.0.113.7", "reason": "rule allow-ssh lets it in"}])
    told = lines(
        closing(
            vm(
                "a",
                "closed",
                closed(22, window(by="bob@ctl"), window("*", by="", requestor="eve@x")),
                changed=True,
            ),
            vm("b", "closed", kept, changed=True),
            vm("c", "closed", loose, changed=True),
        )
    )

    assert told[2:] == [
        "  a   closed   22     203.0.113.7, any  asked for by bob@ctl and eve@x",
        "  b   closed   22     203.0.113.7       stays open for 203.0.113.8 until 21:00 UTC, asked for by bob@ctl",
        "  c   closed   22     203.0.113.7       is still open for 203.0.113.7: rule allow-ssh lets it in",
    ]


def test_ones_own_windows_of_another_node_are_ones_own() -> None:
    alice = closing(vm("a", "closed", closed(22, window(by="alice on n1")), changed=True), by="alice on n2")

    assert lines(alice)[-1] == "  a   closed   22     203.0.113.7"


def test_a_prediction_of_closing_says_what_would_end() -> None:
    told = lines(
        closing(
            vm("a", "closed", closed(22, window()), changed=True), vm("b", "closed", closed(22), changed=False)
        ),
        check_mode=True,
    )

    assert told == [
        "jit_request: 1 closed, 1 had nothing open (check mode: nothing was sent)",
        "  VM  outcome    ports  source       remarks",
        "  a   would end  22     203.0.113.7",
        "  b   closed     22                  nothing was open",
    ]


def test_many_closed_vms_are_counted() -> None:
    busy = [vm(f"a{number}", "closed", closed(22, window()), changed=True) for number in range(30)]
    idle = [vm(f"b{number}", "closed", changed=False) for number in range(20)]

    assert lines(closing(*busy, *idle)) == ["jit_request: 30 closed, 20 had nothing open"]
