# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes live, and where they are told apart."""

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.jitfleet.azure.plugins.module_utils._controller import (
    is_alive,
    process_identity,
    this_place,
)


def test_a_process_lives_until_it_ends_also_before_anybody_has_asked_for_its_exit_code() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    identity = process_identity(process.pid)
    living = is_alive(identity)
    os.kill(process.pid, 9)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    unburied = is_alive(identity)
    process.communicate()

    assert (living, unburied, is_alive(identity)) == (True, False, False)


def test_another_process_with_the_same_number_is_another_one() -> None:
    number, _, start = process_identity(os.getpid()).partition(":")

    assert is_alive(f"{number}:{start}")
    assert not is_alive(f"{number}:{int(start) - 1}")
    assert is_alive(f"{number}:"), "without a start the number decides"


def test_a_place_is_the_same_for_all_processes_of_a_machine() -> None:
    code = (
        "from ansible_collections.jitfleet.azure.plugins.module_utils._controller import this_place;"
        "print(this_place())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert other.strip() == this_place()
    assert len(this_place()) == 8
