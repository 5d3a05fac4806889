# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that reports: for a fleet, for a group of hosts, for one subscription."""

from __future__ import annotations

import csv
import json
import stat
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from report_samples import MARKUP, sample_vm
from running_simulator import ROOT, RunningSimulator

from playbooks import Playbooks, Run

ROLE = "jitfleet.azure.jit_report"
REPORT = str(ROOT / "playbooks" / "report.yml")
FILES = {"report.html", "report.json", "vms.csv", "requests.csv", "exposures.csv", "policies.csv"}


def report(playbooks: Playbooks, *arguments: str, playbook: str = REPORT, **variables: Any) -> Run:
    run = playbooks.run(playbook, *arguments, "-e", json.dumps(variables))
    assert run.returncode == 0, run.output
    return run


def document(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return read


def written(run: Run) -> dict[str, Any]:
    return run.named("Write the report").result


def tables(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def open_desktops(playbooks: Playbooks, justification: str = "CHG-4711") -> None:
    """Open all hosts to a caller from the internet, as people are who work from home."""
    run = playbooks.play(
        [
            {"jitfleet.azure.jit_policy": {}},
            {
                "jitfleet.azure.jit_request": {
                    "duration": "1h",
                    "justification": justification,
                    "sources": ["203.0.113.5"],
                }
            },
        ]
    )
    assert run.returncode == 0, run.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jit-report"


def test_a_fleet_is_reported_on_one_page(playbooks: Playbooks, folder: Path) -> None:
    open_desktops(playbooks)

    run = report(playbooks, jit_subscriptions=["*"])

    shown = document(folder)
    assert {vm["name"] for vm in shown["vms"]} == IDS.keys()
    statuses = {vm["name"]: vm["jit_status"] for vm in shown["vms"]}
    assert (statuses["vdi-win-01"], statuses["web-01"], statuses["legacy-01"]) == (
        "configured",
        "not_configured",
        "unsupported",
    )
    exposed = [vm for vm in shown["vms"] for one in vm["exposures"] if one["from"] == "internet"]
    assert [vm["name"] for vm in exposed] == ["web-02"], "open windows expose nothing"
    assert shown["summary"]["exposed_vms"] == 1
    assert {row["name"] for row in tables(folder, "exposures.csv") if row["from"] == "internet"} == {"web-02"}
    assert not any(row["exposed_ports"] for row in tables(folder, "vms.csv") if row["name"].startswith("vdi"))
    assert exposed[0]["exposures"][0]["rule"]["name"] == "allow-ssh-migration"
    assert written(run)["summary"] == shown["summary"]
    assert shown["summary"]["open_windows"] == 6
    assert {request["effect"] for request in shown["requests"]} == {"effective"}
    assert {path.name for path in folder.iterdir()} == FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_group_of_hosts_is_reported_alone(playbooks: Playbooks, folder: Path) -> None:
    open_desktops(playbooks)
    report(playbooks, "-l", "vdi-win-01,vdi-lnx-01", playbook="jitfleet.azure.report")
    shown = document(folder)
    assert [vm["name"] for vm in shown["vms"]] == ["vdi-lnx-01", "vdi-win-01"]
    assert {request["name"] for request in shown["requests"]} == {"vdi-lnx-01", "vdi-win-01"}
    assert [len(policy["vms"]) for policy in shown["policies"]] == [2]
    assert shown["scope"] == "Hosts vdi-win-01,vdi-lnx-01"


def test_the_guides_alarm_is_silent_while_somebody_works(playbooks: Playbooks) -> None:
    guide = (ROOT / "docs/docsite/rst/guide_posture.rst").read_text()
    block = guide.partition(".. code-block:: yaml")[2].partition("In a play over VMs")[0]
    (play,) = yaml.safe_load(textwrap.dedent(block))
    look, alarm = play["tasks"]
    open_desktops(playbooks)
    look["jitfleet.azure.jit_vm_info"]["subscriptions"] = [WORKPLACE]
    assert playbooks.play([look, alarm], hosts="localhost").returncode == 0

    look["jitfleet.azure.jit_vm_info"]["subscriptions"] = ["*"]
    run = playbooks.play([look, alarm], hosts="localhost")

    assert run.returncode != 0
    assert run.last.result["msg"] == "Reachable from the internet: web-02"


def test_a_limit_beside_a_scope_is_refused(playbooks: Playbooks, folder: Path) -> None:
    run = playbooks.run(REPORT, "-l", "vdi-win-01", "-e", json.dumps({"jit_subscriptions": ["*"]}))
    assert run.returncode != 0
    assert "-l vdi-win-01 leaves out" in run.last.result["msg"]
    assert not folder.exists()


def test_one_subscription_and_a_filter_narrow_the_report(playbooks: Playbooks, folder: Path) -> None:
    report(playbooks, jit_subscriptions=[PRODUCTION])
    whole = document(folder)
    report(playbooks, jit_subscriptions=[PRODUCTION], jit_filter="tags.role == 'jump'")
    some = document(folder)
    report(playbooks, jit_subscriptions=[PRODUCTION], jit_filter="tags.role == 'nothing'")
    none = document(folder)

    assert {vm["subscription_id"] for vm in whole["vms"]} == {PRODUCTION}
    assert [vm["name"] for vm in some["vms"]] == ["jump-01"]
    assert [policy["resource_group"].lower() for policy in some["policies"]] == ["rg-web"]
    assert (none["vms"], none["requests"], none["policies"]) == ([], [], [])


def test_a_prediction_writes_nothing_and_names_the_files(playbooks: Playbooks, folder: Path) -> None:
    run = report(playbooks, "--check", jit_subscriptions=["*"])
    assert not folder.exists()
    assert {Path(file["path"]).name for file in written(run)["files"]} == FILES
    assert {file["state"] for file in written(run)["files"]} == {"created"}
    assert written(run)["changed"]


def test_a_second_report_only_has_another_moment(
    playbooks: Playbooks, folder: Path, simulator: RunningSimulator
) -> None:
    open_desktops(playbooks)
    report(playbooks, jit_subscriptions=["*"])
    data = folder / "report.json"
    data.write_text(data.read_text().replace(document(folder)["generated"], "2026-01-01T00:00:00Z"))
    page = folder / "report.html"
    page.write_text(page.read_text().replace(document(folder)["generated"], "2026-01-01T00:00:00Z"))
    moment = json.loads((folder / "report.json").read_text())["generated"]

    report(playbooks, jit_subscriptions=["*"])
    again = report(playbooks, jit_subscriptions=["*"])

    assert not written(again)["changed"]
    assert document(folder)["generated"] > moment
    simulator.arm("DELETE", IDS["db-01"], api_version="2024-07-01")
    assert written(report(playbooks, jit_subscriptions=["*"]))["changed"]


def test_nothing_is_written_to_azure(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    report(playbooks, jit_subscriptions=["*"])
    assert simulator.writes() == []


def test_deleted_vms_in_policies_are_told(playbooks: Playbooks, folder: Path, simulator: RunningSimulator) -> None:
    open_desktops(playbooks)
    simulator.arm("DELETE", IDS["vdi-win-02"], api_version="2024-07-01")
    report(playbooks, jit_subscriptions=["*"])
    assert [vm["name"] for vm in document(folder)["missing_vms"]] == ["vdi-win-02"]
    assert [row["kind"] for row in tables(folder, "policies.csv")].count("missing_vm") == 1


@pytest.mark.traced
def test_open_windows_desktops_get_connection_files_and_closed_ones_lose_them(
    playbooks: Playbooks, folder: Path, simulator: RunningSimulator
) -> None:
    open_desktops(playbooks)
    wish: dict[str, Any] = {
        "jit_subscriptions": [WORKPLACE],
        "jit_report_rdp_addresses": ["public_ip", "private_ip"],
    }
    report(playbooks, **wish)
    first = {path.name for path in (folder / "rdp").iterdir()}
    for name in ("notes.txt", "mine.rdp"):
        (folder / "rdp" / name).write_text("mine")
    with (folder / "rdp" / "vdi-win-02.rdp").open("a") as file:
        file.write("screen mode id:i:2")
    simulator.advance(2 * 3600)
    run = report(playbooks, jit_subscriptions=[WORKPLACE])

    assert first == {f"vdi-win-0{number}.rdp" for number in range(1, 5)}
    left = {path.name for path in (folder / "rdp").iterdir()}
    assert left == {"notes.txt", "mine.rdp", "vdi-win-02.rdp"}, "files of one's own, and one that was changed"
    assert [file["state"] for file in written(run)["files"]].count("removed") == 3
    assert not written(report(playbooks, jit_subscriptions=[WORKPLACE]))["changed"]


def test_what_azure_says_is_never_a_template_nor_markup_nor_a_formula(
    playbooks: Playbooks, folder: Path, simulator: RunningSimulator
) -> None:
    state = simulator.control("GET", "state")
    groups = [group for subscription in state["subscriptions"] for group in subscription["groups"]]
    (machine,) = [vm for group in groups for vm in group["vms"] if vm["name"] == "web-01"]
    machine["tags"] = {"note": MARKUP, "sum": "=1+1"}
    simulator.control("POST", "state", state)
    open_desktops(playbooks, justification="=HYPERLINK(1) <b>x</b> %7B%7B")

    report(playbooks, jit_subscriptions=["*"])

    (web,) = [vm for vm in document(folder)["vms"] if vm["name"] == "web-01"]
    assert web["tags"] == {"note": MARKUP, "sum": "=1+1"}
    page = (folder / "report.html").read_text()
    assert MARKUP not in page
    assert "<b>x" not in page
    assert page.count("</script>") == 2
    justifications = {row["justification"] for row in tables(folder, "requests.csv")}
    assert all(text.startswith("'=HYPERLINK") for text in justifications)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"long_maximum": "8"}, "long_maximum: '8' is not a duration"),
        ({"mode": "rw"}, "mode: 'rw' is not a file's mode"),
        ({"mode": "1777"}, "mode: '1777' is not a file's mode"),
        ({"rdp_addresses": ["ipv6"]}, "rdp_addresses"),
        ({"dest": "/dev/null/report"}, "dest: "),
        ({"vmz": []}, "vmz"),
    ],
)
def test_wrong_options_are_named(
    playbooks: Playbooks, tmp_path: Path, options: dict[str, Any], problem: str
) -> None:
    task = {"jitfleet.azure.jit_report_files": {"dest": str(tmp_path / "x"), "vms": [], **options}}
    run = playbooks.play([task], hosts="localhost")
    assert run.returncode != 0
    assert problem in run.last.result["msg"]


def test_data_of_ones_own_make_a_report(playbooks: Playbooks, tmp_path: Path) -> None:
    vms = [sample_vm(number) for number in range(12)]
    task = {"jitfleet.azure.jit_report_files": {"dest": str(tmp_path / "own"), "vms": vms, "mode": "0644"}}
    run = playbooks.play([task])
    assert run.returncode == 0, run.output
    assert [vm["name"] for vm in document(tmp_path / "own")["vms"]] == [vm["name"] for vm in vms]
    assert len([task for task in run.tasks if task.status == "ok"]) == 1, "once for all hosts"
    assert stat.S_IMODE((tmp_path / "own" / "report.html").stat().st_mode) == 0o644


def test_a_play_over_hosts_that_are_no_vms_says_how_to_name_some(playbooks: Playbooks) -> None:
    playbooks.write_inventory({"router": {}})
    run = playbooks.run(REPORT)
    assert run.returncode != 0
    assert "no virtual machine is known for router" in run.output


def test_the_readme_and_the_argument_specs_name_the_same_variables() -> None:
    folder = ROOT / "roles" / "jit_report"
    specs = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())
    readme = (folder / "README.md").read_text()
    options = specs["argument_specs"]["main"]["options"]
    assert [name for name in options if f"`{name}`" not in readme] == []
    defaults = yaml.safe_load((folder / "defaults" / "main.yml").read_text())
    assert {name: option["default"] for name, option in options.items() if "default" in option} == defaults
