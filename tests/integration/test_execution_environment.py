# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into an execution environment, and where Ansible finds the published collection in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from demo_fleet import HOSTS
from installed_collection import install_collection, nothing_but
from running_simulator import ROOT, RunningSimulator

from playbooks import BIN, printed

DEFINITION = ROOT / "extensions" / "execution_environment"
INVENTORY = "fleet.jit_vms.yml"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the artifact that Galaxy gets, and install it into an empty path."""
    return install_collection(tmp_path_factory.mktemp("published"))


def test_ansible_builder_finds_what_the_collection_needs(published: Path) -> None:
    found = yaml.safe_load(printed(BIN / "ansible-builder", "introspect", published, folder=published))

    wanted = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line.partition("#")[0].strip() for line in found["python"]] == sorted(wanted)


def test_ansible_builder_accepts_the_definition(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFINITION, tmp_path / "ee")

    printed(BIN / "ansible-builder", "create", "--output-filename", "Containerfile", folder=folder)

    build = (folder / "context" / "Containerfile").read_text()
    (core,) = re.findall(r"ansible-core([^ \"]+)", build)
    requires = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert core.startswith(requires.removesuffix(".0"))
    (collection,) = yaml.safe_load((folder / "context" / "_build" / "requirements.yml").read_text())["collections"]
    assert collection["name"] == "jitfleet.azure"


def test_a_small_image_gets_another_python_as_the_guide_says(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_execution_environment.rst").read_text()
    said = yaml.safe_load(guide.partition("    # of execution-environment.yml\n")[2].partition("\n\n")[0])
    definition = yaml.safe_load((DEFINITION / "execution-environment.yml").read_text())
    together = {**definition, **said, "dependencies": {**definition["dependencies"], **said["dependencies"]}}
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(together))

    printed(BIN / "ansible-builder", "create", "--output-filename", "Containerfile", folder=tmp_path)

    build = (tmp_path / "context" / "Containerfile").read_text()
    for line in ("ubi-minimal", "PKGMGR=/usr/bin/microdnf", 'PYPKG="python3.12"', 'PYCMD="/usr/bin/python3.12"'):
        assert line.replace('"', "") in build.replace('"', ""), line


def test_the_definition_asks_for_the_version_that_is_here() -> None:
    definition = yaml.safe_load((DEFINITION / "execution-environment.yml").read_text())
    here = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    (collection,) = definition["dependencies"]["galaxy"]["collections"]
    assert collection["version"].startswith(f">={here},")


@pytest.fixture
def environment(simulator: RunningSimulator, tmp_path: Path) -> dict[str, str]:
    """Look nowhere but where the test says."""
    nowhere = {
        "HOME": str(tmp_path / "home"),
        **nothing_but(tmp_path / "nothing"),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    }
    return {**{k: v for k, v in simulator.environment.items() if not k.startswith("ANSIBLE_")}, **nowhere}


def is_found(environment: Mapping[str, str], file: Path) -> bool:
    """Read an inventory as AWX does: in the project's folder, with the file's own folder as the playbooks'."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("plugin: jitfleet.azure.jit_vms\n")
    done = subprocess.run(
        [BIN / "ansible-inventory", "-i", file, "--playbook-dir", file.parent, "--graph"],
        cwd=file.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        assert "vdi-win-01" in done.stdout, done.stdout
        return True
    assert "specifies unknown plugin 'jitfleet.azure.jit_vms'" in " ".join(done.stdout.split()), done.stdout
    return False


def test_a_collection_of_the_image_is_found_wherever_the_file_is(
    published: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    assert "vdi-win-01" in HOSTS
    baked = {**environment, "ANSIBLE_COLLECTIONS_PATH": str(published)}
    assert is_found(baked, tmp_path / "project" / INVENTORY)
    assert is_found(baked, tmp_path / "project" / "inventories" / INVENTORY)
    assert not is_found(environment, tmp_path / "project" / INVENTORY)


def test_a_collection_of_the_project_is_found_only_beside_the_file(
    published: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(published, project / "collections")
    assert is_found(environment, project / INVENTORY)
    assert not is_found(environment, project / "inventories" / INVENTORY)
    # Playbooks are at the project's root, so jobs find it all the same.
    (project / "probe.yml").write_text("- {import_playbook: jitfleet.azure.open_rdp}\n")
    printed(BIN / "ansible-playbook", "--syntax-check", "probe.yml", folder=project, environment=environment)
