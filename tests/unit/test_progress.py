# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a module is: what it writes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._progress import (
    PAUSE,
    PROGRESS_VARIABLE,
    Progress,
    progress_of_environment,
)


@dataclass
class Seconds:
    """A clock that stands until it is moved."""

    at: float = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "progress"
    path.touch()
    return path


def test_the_first_and_the_last_count_are_written_and_those_between_only_every_now_and_then(file: Path) -> None:
    now = Seconds()
    progress = Progress(str(file), now)

    for done in range(1001):
        progress(done, 1000)
        now.at += PAUSE / 100

    lines = file.read_text().splitlines()
    assert lines[0] == '{"VMs": [0, 1000]}'
    assert lines[-1] == '{"VMs": [1000, 1000]}'
    assert 10 <= len(lines) <= 12


def test_the_same_count_is_written_once_however_often_it_is_told(file: Path) -> None:
    now = Seconds()
    progress = Progress(str(file), now)

    for _look in range(5):
        progress(7, 7)
        now.at += 60

    assert file.read_text().splitlines() == ['{"VMs": [7, 7]}']


def test_vms_and_policies_are_counted_apart(file: Path) -> None:
    progress = Progress(str(file), Seconds())

    progress(0, 9)
    progress.policies(0, 2)
    progress.policies(2, 2)

    assert file.read_text().splitlines() == ['{"VMs": [0, 9]}', '{"policies": [0, 2]}', '{"policies": [2, 2]}']


def test_threads_write_whole_lines(file: Path) -> None:
    progress = Progress(str(file), Seconds())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: progress(number, number), range(200)))

    assert sorted(file.read_text().splitlines()) == sorted(f'{{"VMs": [{n}, {n}]}}' for n in range(200))


def test_nothing_is_written_where_nobody_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(PROGRESS_VARIABLE, "")

    progress_of_environment()(1, 1)

    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRESS_VARIABLE, str(file))

    progress_of_environment()(1, 1)

    assert file.read_text()


def test_the_work_goes_on_where_the_reader_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    for path in (gone, fifo):
        progress = Progress(str(path), Seconds())
        progress(1, 3)
        progress(3, 3)

    assert not gone.exists()


def test_a_fifo_is_written_while_somebody_reads_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    Progress(str(fifo), Seconds())(1, 3)

    assert os.read(reader, 1000) == b'{"VMs": [1, 3]}\n'
    os.close(reader)
