# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each VM, for a person: Ansible itself prints the first host's line only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from ..module_utils._jit.ids import VmId, labels
from ..module_utils._jit.orphans import read_requester
from ..module_utils._jit.times import read_moment

# Up to so many VMs a table, beyond it counts and the names of so many failures.
TABLE_VMS = 40
NAMED_FAILURES = 20
_SHOWN_SOURCES = 3
_LONGEST_REASON = 240
_HEADINGS = ("VM", "outcome", "ports", "source", "until, or why not")
_CLOSING_HEADINGS = (*_HEADINGS[:-1], "remarks")
# An ARM id, or a path below one, with its last two parts by themselves.
_ARM_ID = re.compile(r"/subscriptions/[^\s'\"]+?((?:/[^\s'\"/]+){2})(?=[\s'\"]|$)")
# States that the counts say enough about.
_UNEVENTFUL = ("unchanged",)
_CLOSED = "closed"
_NOTHING_OPEN = "nothing was open"

Row = tuple[str, ...]


def outcome_lines(
    module: str, result: Mapping[str, Any], now: datetime, *, zone: tzinfo | None = None, check_mode: bool = False
) -> list[str]:
    """Write a result as lines; nothing where there is no outcome. `zone` None is this machine's own."""
    summary = result.get("summary")
    if not summary:
        return []
    vms: Sequence[Mapping[str, Any]] = result.get("vms") or ()
    states = {state: count for state, count in summary.items() if not state.startswith("policies")}
    left_out: Sequence[Mapping[str, Any]] = result.get("left_out") or ()
    head = f"{module}: {_summary(summary, _told(states, vms))}" + (
        f"; {len(left_out)} left out" if left_out else ""
    )
    head += " (check mode: nothing was sent)" if check_mode else ""
    if max(len(vms), sum(states.values())) + len(left_out) > TABLE_VMS:
        return [head, *_failures([vm for vm in vms if vm.get("error")]), *_reasons(left_out)]
    vms = [*vms, *({**vm, "state": "left_out", "error": None, "detail": vm["problem"]} for vm in left_out)]
    own_name = str(((result.get("invocation") or {}).get("module_args") or {}).get("requested_by") or "")
    page = _Page(now, zone, own_name, check_mode)
    rows = [
        tuple(_plain(cell) for cell in row)
        for vm, name in zip(vms, _names(vms), strict=True)
        for row in _rows(vm, name, page)
    ]
    return [head, *_table(rows, _CLOSING_HEADINGS if states.get(_CLOSED) else _HEADINGS)]


@dataclass(frozen=True, slots=True)
class _Page:
    """For whom the table is written, when and where; `own_name` is who asks, as justifications say it."""

    now: datetime
    zone: tzinfo | None
    own_name: str
    check_mode: bool

    def others(self, windows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Name who asked for the windows beside the reader himself, whose jobs run on this node and on that."""
        who = (read_requester(str(w["justification"])) or str(w["requestor"]) or "nobody known" for w in windows)
        return list(dict.fromkeys(name for name in who if _nowhere(name) != _nowhere(self.own_name)))


def _nowhere(name: str) -> str:
    """Leave out the node, which is another one from job to job."""
    return name.rpartition(" on ")[0] or name


def _told(states: Mapping[str, int], vms: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Tell VMs that were closed from those that had nothing open."""
    idle = sum(vm.get("state") == _CLOSED and not vm.get("changed") for vm in vms)
    told = {}
    for state, count in states.items():
        told[state] = count - idle if state == _CLOSED else count
        if state == _CLOSED:
            told["had_nothing_open"] = idle
    return told


def _summary(summary: Mapping[str, int], states: Mapping[str, int]) -> str:
    told = ", ".join(f"{count} {_words(state)}" for state, count in states.items() if count) or "nothing to do"
    if "policies" in summary:
        told += f"; {summary['policies_changed']} of {summary['policies']} policies changed"
    return told


def _names(vms: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name the VMs so that two of one name are told apart."""
    ids = [VmId.parse("id", str(vm["id"])) for vm in vms]
    label = labels(ids)
    return [label[vm] for vm in ids]


def _rows(vm: Mapping[str, Any], name: str, page: _Page) -> list[Row]:
    """Write a VM's rows: one for all ports that fared alike."""
    reason = str(vm.get("error") or "")
    alike: dict[Row, list[str]] = {}
    for port in vm.get("ports") or ():
        cells = _closed(port, page) if port["state"] == _CLOSED or _is_closing(port) else _opened(port, page)
        alike.setdefault(cells, []).append(str(port["port"]))
    if not alike:
        state = _state(vm)
        remark = _reason(reason) or _remark(vm)
        return [] if state in _UNEVENTFUL else [(name, _words(state), "", "", remark)]
    rows: list[Row] = []
    for (state, sources, detail), ports in alike.items():
        if not detail and reason:  # the VM's error tells of all its ports at once
            detail, reason = _reason(reason), ""
        rows.append((name if not rows else "", state, ", ".join(ports), sources, detail))
    return [*rows, ("", _words(_state(vm)), "", "", _reason(reason))] if reason else rows


def _opened(port: Mapping[str, Any], page: _Page) -> Row:
    state = str(port["state"])
    return _words(state), _sources(port), "" if _is_failure(state) else _until(port, page)


def _is_closing(port: Mapping[str, Any]) -> bool:
    return any(key in port for key in ("ended", "kept", "still_open"))


def _closed(port: Mapping[str, Any], page: _Page) -> Row:
    """Say what ended and for whom, and what stays open all the same."""
    ended, kept, still_open = (port.get(key) or () for key in ("ended", "kept", "still_open"))
    sources = list(dict.fromkeys(source for window in ended for source in window["sources"]))
    shown = _sources({"sources": sources}) if sources else ""
    state = str(port["state"])
    if _is_failure(state):  # the VM's error says it all
        return _words(state), shown, ""
    has_ended = bool(ended or port.get("rules"))
    remarks = [] if has_ended else [_NOTHING_OPEN]
    if others := page.others(ended):
        remarks.append(f"asked for by {' and '.join(others)}")
    for window in kept:
        asked = "".join(f", asked for by {name}" for name in page.others([window]))
        remarks.append(f"stays open for {_sources(window)} until {_until(window, page)}{asked}")
    remarks += [f"is still open for {_sources({'sources': [o['source']]})}: {o['reason']}" for o in still_open]
    word = "would end" if page.check_mode and has_ended else _words(state)
    return word, shown, _reason("; ".join(remarks))


def _state(vm: Mapping[str, Any]) -> str:
    """Name what became of a VM as a whole; what went wrong beats what was to be done."""
    state = str(vm.get("state") or "")
    return "failed" if vm.get("error") and not _is_failure(state) else state


def _sources(port: Mapping[str, Any]) -> str:
    if "sources" not in port:
        return ""
    sources = ["any" if source == "*" else str(source) for source in port["sources"]]
    more = len(sources) - _SHOWN_SOURCES
    shown = ", ".join(sources[:_SHOWN_SOURCES]) or "as Azure sees it"
    return f"{shown} and {more} more" if more > 0 else shown


def _until(port: Mapping[str, Any], page: _Page) -> str:
    """Write the end in local time and in UTC, with the day where it is another one."""
    moment = read_moment(str(port.get("end_time") or ""))
    if moment is None:
        return f"for {port['duration']}" if port.get("duration") else ""
    local, today = moment.astimezone(page.zone), page.now.astimezone(page.zone)
    if not local.utcoffset():
        return f"{_at(local, today)} UTC"
    return f"{_at(local, today)} ({_at(moment, local)} UTC)"


def _at(moment: datetime, day: datetime) -> str:
    return moment.strftime("%H:%M" if moment.date() == day.date() else "%Y-%m-%d %H:%M")


def _remark(vm: Mapping[str, Any]) -> str:
    if vm.get("state") == _CLOSED:
        return _NOTHING_OPEN
    return _reason(str(vm.get("detail") or "")) or ("not verified" if vm.get("verified") is False else "")


def _is_failure(state: str) -> bool:
    return state in ("failed", "unknown", "unverified")


def _failures(failed: Sequence[Mapping[str, Any]]) -> list[str]:
    shown = failed[:NAMED_FAILURES]
    lines = [
        f"  {_state(vm)}  {_plain(name)}: {_plain(_reason(str(vm['error'])))}"
        for vm, name in zip(shown, _names(shown), strict=True)
    ]
    more = len(failed) - len(shown)
    return [*lines, f"  and {more} more that failed"] if more else lines


def _reasons(left_out: Iterable[Mapping[str, Any]]) -> list[str]:
    counts = Counter(str(vm["reason"]) for vm in left_out)
    return [f"  left out  {count}: {_words(reason)}" for reason, count in counts.most_common()]


def _table(rows: Sequence[Row], headings: Row) -> list[str]:
    if not rows:
        return []
    used = [index for index in range(len(headings)) if any(row[index] for row in rows)]
    lines = [[cells[index] for index in used] for cells in (headings, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(used))]
    return [
        ("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]


def _words(state: str) -> str:
    return state.replace("_", " ")


def _reason(text: str) -> str:
    """Shorten a reason, and before that the ARM ids in it; the result has all of it."""
    line = _ARM_ID.sub(r"...\1", " ".join(text.split()))
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 3]}..."


def _plain(text: str) -> str:
    """Keep what comes from elsewhere from steering the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
