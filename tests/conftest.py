# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How properties are tried: the same examples on every run, and no clock; and a fleet that folders share.

`pytest --hypothesis-profile=thorough` looks for new counterexamples.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings
from small_fleet import SmallFleet, small_fleet
from warm_python import PACKED_MODULES

settings.register_profile("project", deadline=None, derandomize=True, max_examples=60)
# for runs that only ask which lines are reached, or whether another Python does the same
settings.register_profile("few", deadline=None, derandomize=True, max_examples=4)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder that all of this run's processes know."""
    if not hasattr(config, "workerinput"):  # the first process, from which the others have their environment
        folder = os.environ[PACKED_MODULES] = tempfile.mkdtemp(prefix="packed-modules-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def started_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallFleet]:
    with small_fleet(tmp_path_factory.mktemp("small")) as fleet:
        yield fleet


@pytest.fixture
def fleet(started_fleet: SmallFleet) -> SmallFleet:
    """Two subscriptions with a few covered VMs, as they are at the start."""
    started_fleet.cloud.reset()
    return started_fleet
