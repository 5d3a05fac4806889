# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job templates of the data file for AWX, and what AWX makes of the answers to their surveys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fake_awx.schema import KINDS
from fake_awx.surveys import checked_answers, checked_survey, variables_of_a_job
from running_simulator import ROOT

from playbooks import Playbooks

DATA = ROOT / "playbooks" / "vars" / "awx.yml"
LISTS = ("controller_templates", "controller_workflows", "controller_schedules")


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """A template, or a workflow, as the data file has it."""

    data: Mapping[str, Any]

    @property
    def survey(self) -> dict[str, Any]:
        return checked_survey(self.data["survey_spec"]) if self.data.get("survey_spec") else {}

    def refusal(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Give what AWX refuses a launch for, by an error 400; nothing where it takes it."""
        fields = KINDS["job_templates"].fields
        template = {name: self.data.get(name, field.default) for name, field in fields.items()}
        return checked_answers(template, self.survey, answers)

    def variables(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Give a job's variables."""
        assert self.refusal(answers) == {}
        return variables_of_a_job(self.data.get("extra_vars", {}), self.survey, answers)


def read_data_file(playbooks: Playbooks, **values: Any) -> dict[str, dict[str, JobTemplate]]:
    """Read the data file's lists by names, its expressions resolved."""
    read = {name: f"{{{{ {name} }}}}" for name in LISTS}
    show = [{"ansible.builtin.debug": {"msg": read}}]
    play = playbooks.play(show, "-e", f"@{DATA}", "-e", json.dumps(values), hosts="localhost")
    assert play.returncode == 0, play.output
    lists = play.last.result["msg"]
    return {name: {item["name"]: JobTemplate(item) for item in lists[name]} for name in LISTS}
