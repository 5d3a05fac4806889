# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection files: safe names, and no line but our own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.rdp_files import FILE_NAME, write_rdp_files
from hypothesis import given
from hypothesis import strategies as st


def vm(name: str = "vdi-01", group: str = "rg", **fields: Any) -> dict[str, Any]:
    return {"id": f"/{group}/{name}", "name": name, "public_ip": "203.0.113.7", **fields}


@pytest.mark.parametrize(
    ("fields", "preference", "address"),
    [
        ({}, ["public_ip"], "203.0.113.7:3389"),
        ({"private_ip": "10.0.0.4"}, ["private_ip", "public_ip"], "10.0.0.4:3389"),
        ({"public_ip": None, "private_ip": "10.0.0.4"}, ["public_ip", "private_ip"], "10.0.0.4:3389"),
        ({"dns_name": "vdi-01.example.com"}, ["dns"], "vdi-01.example.com:3389"),
        ({"public_ip": "2001:db8::7"}, ["public_ip"], "[2001:db8::7]:3389"),
    ],
)
def test_a_vm_is_addressed_as_wished(fields: dict[str, Any], preference: list[str], address: str) -> None:
    files, without = write_rdp_files([vm(**fields)], preference)
    assert files["vdi-01.rdp"].splitlines()[0] == f"full address:s:{address}"
    assert without == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        "host name",
        "10.0.0.4\r\nalternate shell:s:calc.exe",
        "vdi\nremoteapplicationmode:i:1",
        "fe80::1%eth0",
        "a" * 300,
        "../x",
        "host:80",
        "-host",
    ],
)
def test_what_is_no_address_is_never_written(address: str | None) -> None:
    assert write_rdp_files([vm(dns_name=address)], ["dns"]) == ({}, ["vdi-01"])


@pytest.mark.parametrize(
    "name", ["CON", "nul", "../../etc/passwd", "a/b", "a\\b", ".hidden", "name.", "\u00e4", "", "a:b"]
)
def test_a_name_that_no_file_should_have_is_changed(name: str) -> None:
    ((file,), _without) = write_rdp_files([vm(name)], ["public_ip"])
    assert FILE_NAME.fullmatch(file)
    assert file.lower().split(".")[0] not in ("con", "nul", name.lower())


def test_vms_of_one_name_get_files_of_their_own() -> None:
    twins = [vm(group="rg-a"), vm(group="rg-b"), vm("VDI-01", group="rg-c")]
    files, _without = write_rdp_files(twins, ["public_ip"])
    assert len({name.lower() for name in files}) == 3
    assert files == write_rdp_files(twins[::-1], ["public_ip"])[0], "whatever order they come in"


@given(st.lists(st.text(max_size=90), min_size=1, max_size=8), st.text(max_size=60))
def test_every_vm_gets_one_safe_file_of_the_same_lines(names: list[str], address: str) -> None:
    vms = [vm(name, group=str(number), dns_name=address) for number, name in enumerate(names)]
    files, without = write_rdp_files(vms, ["dns", "public_ip"])
    assert len({name.lower() for name in files}) == len(vms)
    assert not without
    assert all(FILE_NAME.fullmatch(name) for name in files)
    assert {len(text.splitlines()) for text in files.values()} == {8}
