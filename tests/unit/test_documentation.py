# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README files and guides tell users to write is what Ansible and the collection take.

Their commands are run by tests/e2e/test_guides.py; here the commands' variables are looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import jsonschema
import pytest
import yaml
from azure_simulator.clock import Clock
from azure_simulator.simulator import Options, WorldMaker
from code_blocks import GUIDES, LEFT_ALONE, ROOT, SHELL, YAML, CodeBlock, code_blocks
from documented import (
    INVENTORY,
    OURS,
    Json,
    check_options,
    check_play,
    documentation,
    ours,
    playbook_variables,
    plays,
    tasks,
)
from guide_commands import FOREIGN, commands, reason_not_to_run

from playbooks import BIN, printed

EDA = ROOT / "extensions" / "eda" / "plugins"
# Documents that are neither Ansible's nor ours, by a key of theirs.
OTHERS = {
    "dependencies": "a definition for ansible-builder, with a file of the reader's",
    "deploy": "a job of GitLab's; tests/integration/test_hooks.py runs the one that it is taken from",
}
BLOCKS = [block for block in code_blocks() if block.language in YAML]


def words(pattern: str, files: Iterable[Path]) -> set[str]:
    return {word for path in files for word in re.findall(pattern, path.read_text())}


# -- files of YAML ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [pytest.param(block, id=block.where) for block in BLOCKS])
def test_a_file_of_yaml_has_what_its_reader_takes(block: CodeBlock, tmp_path: Path) -> None:
    for document in yaml.safe_load_all(block.text):
        if (playbook := plays(document)) is not None:
            for play in playbook:
                check_play(play)
        else:
            check_mapping(document, tmp_path)


def check_mapping(document: Json, folder: Path) -> None:
    names = document.keys()
    inventory = documentation()["inventory"][INVENTORY]["doc"]["options"]
    if names == {"subscriptions"}:
        (folder / "fleet.yml").write_text(yaml.safe_dump(document))
        world = WorldMaker(Options(fleet=str(folder / "fleet.yml")))(Clock())
        assert len(world.subscriptions) == len(document["subscriptions"])
    elif names <= {"sources", "action"}:
        check_rulebook(document)
    elif names in ({"jit"}, {"ticket"}):
        events = [*(ROOT / "plugins").rglob("*events.py"), EDA / "event_filter" / "normalize_ticket.py"]
        assert set(*document.values()) <= words(r'"(\w+)": ', events)
    elif names == ours(document):
        sources = [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "plugins").rglob("*.py")]
        assert names <= words(r"\bjit_\w+", sources)
    elif all(name.isupper() for name in names):
        known = {variable["name"] for option in inventory.values() for variable in option.get("env", ())}
        assert names <= known | set(
            re.findall(r'"(ANSIBLE_\w+)"', printed(BIN / "ansible-config", "list", "-f", "json"))
        )
    elif not names & OTHERS.keys() and document.get("plugin") != "azure.azcollection.azure_rm":
        check_options(inventory, document, partly=True)


def check_rulebook(document: Json) -> None:
    schema = json.loads((EDA / "event_source" / "schemas" / "jit_events.json").read_text())
    text = (EDA / "event_filter" / "normalize_ticket.py").read_text()
    of_filter = yaml.safe_load(text.partition('DOCUMENTATION = r"""')[2].partition('"""')[0])["options"]
    for source in document.get("sources", ()):
        jsonschema.validate(source.get(f"{OURS}jit_events", {}), schema)
        for one in source.get("filters", ()):
            check_options(of_filter, one[f"{OURS}normalize_ticket"])
    if job := document.get("action", {}).get("run_job_template"):
        assert ours(job["job_args"]["extra_vars"]) <= playbook_variables(job["name"].lower().replace(" ", "_"))


def test_ansible_accepts_the_syntax_of_every_playbook(tmp_path: Path) -> None:
    (tmp_path / "roles" / "patch" / "tasks").mkdir(parents=True)
    (tmp_path / "roles" / "patch" / "tasks" / "main.yml").write_text("[]\n")
    (tmp_path / "patch.yml").write_text("[{hosts: vdi, gather_facts: false, tasks: []}]\n")
    shown = [
        playbook
        for block in BLOCKS
        for document in yaml.safe_load_all(block.text)
        if (playbook := plays(document)) and not needs_azcollection(playbook)
    ]
    files = [f"{number}.yml" for number, _ in enumerate(shown)]
    for file, playbook in zip(files, shown, strict=True):
        (tmp_path / file).write_text(yaml.safe_dump(playbook, sort_keys=False))

    told = printed(BIN / "ansible-playbook", "--syntax-check", *files, folder=tmp_path)

    assert told.count("playbook: ") == len(files) > 12


def needs_azcollection(playbook: list[Json]) -> bool:
    return any(key.startswith("azure.azcollection.") for play in playbook for task in tasks(play) for key in task)


@pytest.mark.parametrize(
    "wrong",
    [
        "[{hosts: vdi, tasks: [{jitfleet.azure.jit_request: {durations: 2h}}]}]",
        "[{hosts: vdi, tasks: [{block: [{jitfleet.azure.jit_request: {state: opened}}]}]}]",
        "[{hosts: vdi, roles: [{role: jitfleet.azure.jit_access, jit_access_until: 2h}]}]",
        "[{import_playbook: jitfleet.azure.maintenance, vars: {jit_fase: before}}]",
        "{plugin: jitfleet.azure.jit_vms, subscription: x}",
        "{jit_request_port: [22]}",
        "{JIT_VMS_FILTERS: x}",
        "{what: is that}",
    ],
)
def test_what_nobody_takes_is_noticed(wrong: str, tmp_path: Path) -> None:
    block = CodeBlock(ROOT / "README.md", 1, "yaml", wrong)
    with pytest.raises(AssertionError):
        test_a_file_of_yaml_has_what_its_reader_takes(block, tmp_path)


# -- commands -----------------------------------------------------------------------------------------------------


def test_every_block_is_in_a_language_that_is_tried_or_left_alone_for_a_reason() -> None:
    known = {*SHELL, *YAML, *LEFT_ALONE}
    assert [block.where for block in code_blocks() if block.language not in known] == []


def test_every_reason_not_to_run_a_command_is_needed() -> None:
    idle = [pattern for pattern in FOREIGN if not any(re.search(pattern, command) for _, command in commands())]
    assert idle == []


def test_every_test_that_runs_a_command_in_its_place_is_there() -> None:
    named = [pair for reason in FOREIGN.values() for pair in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", reason)]
    assert len(named) > 10
    for file, name in named:
        assert f"def {name}" in (ROOT / file).read_text(), name


def test_every_variable_of_a_command_is_known_to_its_playbook() -> None:
    called = re.compile(r"ansible-playbook .*?(?:jitfleet\.azure\.|playbooks/)(\w+)(?:\.yml)?(?= |$)")
    given = re.compile(r"""(?:-e |[{ ]")(jit_\w+)(?==|":)""")
    found = [
        (block.where, variable, variable in playbook_variables(playbook))
        for block, command in commands()
        for playbook in called.findall(command)
        for variable in given.findall(command)
    ]
    assert [(where, variable) for where, variable, known in found if not known] == []
    assert len(found) > 20


def test_what_is_run_is_of_ansible_or_the_simulator() -> None:
    """Anything else needs a reason, rather than a failure of the longer test that runs it."""
    run = [(block.where, command) for block, command in commands() if reason_not_to_run(command) is None]
    ours = re.compile(r"(ansible|ansible-inventory|ansible-playbook|python -m azure_simulator exec) ")
    assert [(where, command) for where, command in run if not ours.match(command)] == []
    assert len(run) > 12


# -- the site -----------------------------------------------------------------------------------------------------


def test_every_guide_is_in_the_index() -> None:
    index = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text())
    listed = [guide for section in index["sections"] for guide in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in GUIDES.glob("*.rst"))
