# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's target: idempotence, check mode and diff, in Ansible's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks import Playbooks

TARGETS = Path(__file__).parent / "targets"


@pytest.mark.every_core
@pytest.mark.parametrize("target", sorted(path.name for path in TARGETS.iterdir()))
def test_target_holds(target: str, playbooks: Playbooks) -> None:
    run = playbooks.play([{"ansible.builtin.include_role": {"name": str(TARGETS / target)}}])

    assert run.returncode == 0, run.output
    assert any(task.status == "ok" for task in run.tasks), "the target ran nothing"
