# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 refuses of a survey, and of the answers to it [docs: its source]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "textarea": (str,),
    "password": (str,),
    "multiplechoice": (str,),
    "multiselect": (str,),
    "integer": (int,),
    "float": (float, int),
}


class Refused(Exception):
    """What is wrong, as the answer's body has it."""

    def __init__(self, body: Any, status: int = 400) -> None:
        super().__init__(body)
        self.body = body
        self.status = status


def checked_survey(survey: Mapping[str, Any]) -> dict[str, Any]:
    """Return a survey as it is kept. Raises Refused."""
    for name, expected in (("name", str), ("description", str), ("spec", list)):
        if name not in survey:
            raise Refused({"error": f"Field '{name}' is missing from survey spec."})
        if not isinstance(survey[name], expected):
            raise Refused({"error": f"Expected {expected.__name__} for field '{name}'"})
    if not survey["spec"]:
        raise Refused({"error": "'spec' doesn't contain any items."})
    seen: set[str] = set()
    for index, question in enumerate(survey["spec"]):
        _check_question(index, question, seen)
    return dict(survey)


def _check_question(index: int, question: dict[str, Any], seen: set[str]) -> None:
    for name, expected in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(name), expected):
            raise Refused({"error": f"'{name}' in survey question {index} expected to be {expected.__name__}."})
    if question["variable"] in seen:
        raise Refused({"error": f"'variable' '{question['variable']}' duplicated in survey question {index}."})
    seen.add(question["variable"])
    kind = question["type"]
    if kind not in TYPES:
        raise Refused({"error": f"'{kind}' in survey question {index} is not an allowed question type."})
    default = question.get("default", "")
    if default != "" and not isinstance(default, TYPES[kind]):
        raise Refused({"error": f"Default value {default} in survey question {index} expected to be {kind}."})
    for name in ("min", "max"):
        if question.get(name) is not None and not isinstance(question[name], int):
            raise Refused({"error": f"The {name} limit in survey question {index} expected to be integer."})
    if kind in ("multiselect", "multiplechoice"):
        _check_choices(index, question)


def _check_choices(index: int, question: dict[str, Any]) -> None:
    if "choices" not in question:
        raise Refused({"error": f"Survey question {index} of type {question['type']} must specify choices."})
    if isinstance(question["choices"], str):
        question["choices"] = _lines(question["choices"])
    if "default" in question:
        question["default"] = _lines(question["default"])
        defaults = question["default"].splitlines()
        if question["type"] == "multiplechoice" and len(defaults) > 1:
            raise Refused({"error": "Multiple Choice (Single Select) can only have one default value."})
        if any(item not in question["choices"] for item in defaults):
            raise Refused({"error": "Default choice must be answered from the choices listed."})


def _lines(value: str) -> str:
    return "\n".join(line for line in value.splitlines() if line.strip())


def answer_errors(question: Mapping[str, Any], answers: Mapping[str, Any], *, need: bool = True) -> list[str]:
    """Tell what is wrong with the answer to a question; a default doesn't make up for a required one."""
    variable, kind = question["variable"], question["type"]
    if variable not in answers:
        return [f"'{variable}' value missing"] if question["required"] and need else []
    value = answers[variable]
    if kind in ("text", "textarea", "password"):
        if not isinstance(value, str):
            return [f"Value {value} for '{variable}' expected to be a string."]
        return _bounds(question, value, len(value))
    if kind in ("integer", "float"):
        if type(value) not in ((int,) if kind == "integer" else (float, int)):
            return [f"Value {value} for '{variable}' expected to be an integer."]
        return _bounds(question, value, value)
    choices = question["choices"].splitlines() if isinstance(question["choices"], str) else question["choices"]
    if kind == "multiselect" and not isinstance(value, list):
        return [f"'{variable}' value is expected to be a list."]
    given = value if kind == "multiselect" else [value]
    return [f"Value {v} for '{variable}' expected to be one of {choices}." for v in given if v not in choices]


def _bounds(question: Mapping[str, Any], value: Any, size: float) -> list[str]:
    low, high = question.get("min"), question.get("max")
    errors = []
    if low not in ("", None) and size < int(low):
        errors.append(f"'{question['variable']}' value {value} is too small (must be at least {low}).")
    if high not in ("", None) and size > int(high):
        errors.append(f"'{question['variable']}' value {value} is too large (must be no more than {high}).")
    return errors


def checked_answers(
    template: Mapping[str, Any], survey: Mapping[str, Any], extra_vars: Mapping[str, Any], *, need: bool = True
) -> dict[str, Any]:
    """Return what a launch is refused for: wrong answers, and variables that nobody asks for."""
    left = dict(extra_vars)
    wrong: list[str] = []
    for question in survey.get("spec", []) if template["survey_enabled"] else []:
        wrong += answer_errors(question, extra_vars, need=need)
        left.pop(question["variable"], None)
    errors: dict[str, Any] = {"variables_needed_to_start": wrong} if wrong else {}
    if left and not template["ask_variables_on_launch"]:
        names = ", ".join(left)
        errors["extra_vars"] = [
            f"Variables {names} are not allowed on launch. Check the Prompt on Launch setting on the "
            "Job Template to include Extra Variables."
        ]
    return errors


def variables_of_a_job(
    own: Mapping[str, Any], survey: Mapping[str, Any], extra_vars: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the variables of a job: the template's, a survey's valid defaults, the answers."""
    defaults = {
        question["variable"]: question["default"]
        for question in survey.get("spec", [])
        if question.get("default") is not None
        and not answer_errors(question, {question["variable"]: question["default"]})
    }
    return {**own, **defaults, **extra_vars}
