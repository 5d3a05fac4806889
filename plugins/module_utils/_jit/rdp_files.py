# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files by which Windows' Remote Desktop client connects to VMs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any

from .ports import SERVICES

RDP = SERVICES["rdp"]
# How a VM is addressed, to the field that says so.
ADDRESSES: Mapping[str, str] = {"public_ip": "public_ip", "private_ip": "private_ip", "dns": "dns_name"}
# What our files are called: no other name is ever taken for one of them.
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\.rdp", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?")
# Windows takes these for devices, whatever stands behind a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
_LONGEST_NAME = 80


def write_rdp_files(
    vms: Iterable[Mapping[str, Any]], preference: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Write a file for each VM that has an address, by name, and name the VMs that have none of those wished."""
    files: dict[str, str] = {}
    taken: set[str] = set()
    without = []
    for vm in sorted(vms, key=lambda vm: str(vm["id"]).lower()):
        address = address_of(vm, preference)
        if address is None:
            without.append(str(vm["name"]))
            continue
        name = _free_name(vm, taken)
        taken.add(name.lower())
        files[f"{name}.rdp"] = rdp_file(address)
    return files, without


def address_of(vm: Mapping[str, Any], preference: Sequence[str]) -> str | None:
    """Give the first address of a VM that is one, as the client wants it."""
    for wish in preference:
        if address := _safe_address(str(vm.get(ADDRESSES[wish]) or "").strip()):
            return address
    return None


def rdp_file(address: str, port: int = RDP) -> str:
    """Write a file that asks for the password, and warns if the other side can't prove who it is."""
    lines = (
        f"full address:s:{address}:{port}",
        "prompt for credentials:i:1",
        "authentication level:i:2",
        "enablecredsspsupport:i:1",
        "redirectclipboard:i:1",
        "redirectdrives:i:0",
        "redirectprinters:i:0",
        "autoreconnection enabled:i:1",
    )
    return "".join(f"{line}\r\n" for line in lines)


def _safe_address(text: str) -> str | None:
    """Let through what is an address or a DNS name: anything else could smuggle in lines of its own."""
    try:
        address = ip_address(text)
    except ValueError:
        return text if _DNS_NAME.fullmatch(text) else None
    if isinstance(address, IPv6Address):
        return f"[{address.compressed}]" if address.scope_id is None else None
    return str(address)


def _free_name(vm: Mapping[str, Any], taken: set[str]) -> str:
    """Name a file after its VM; two of one name, or one that had to be changed, are told apart by their ids."""
    name = str(vm["name"])
    safe = _UNSAFE.sub("-", name).strip("-_")[:_LONGEST_NAME]
    if safe and safe == name and safe.lower() not in taken and not _DEVICES.fullmatch(safe):
        return safe
    mark = sha256(str(vm["id"]).lower().encode()).hexdigest()[:8]
    return f"{safe}-{mark}" if safe else f"vm-{mark}"
