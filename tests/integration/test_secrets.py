# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are planted in every place that takes one, and looked for in everything that a run leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_fleet import PRODUCTION
from identities import Identity
from inventories import Inventories
from running_simulator import RunningSimulator

from playbooks import Playbooks

ASK = "jitfleet.azure.jit_policy_info"
OPEN = "jitfleet.azure.jit_request"
PLANTED = {
    "secret": "planted-client-secret",
    "other": "planted-other-secret",
    "certificate": "planted-certificate-password",
    "password": "planted-user-password",
}
NOBODY = {"AZURE_CLIENT_ID": "", "AZURE_TENANT": "", "AZURE_SECRET": ""}


def left_behind(folder: Path, kept: set[Path]) -> Iterator[tuple[str, bytes]]:
    """Give all files below a folder but those that the test itself wrote."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in kept:
            yield str(path.relative_to(folder)), path.read_bytes()


def leaks(texts: dict[str, bytes], secrets: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (place, name)
        for place, text in texts.items()
        for name, secret in secrets.items()
        if secret.encode() in text
    ]


@pytest.fixture
def logged(playbooks: Playbooks, tmp_path: Path, short_folder: Path) -> Playbooks:
    """Playbooks that keep all that Ansible can keep but the modules' own files."""
    playbooks.environment.update(
        ANSIBLE_LOG_PATH=str(tmp_path / "ansible.log"),
        ANSIBLE_LOG_VERBOSITY="5",
        ANSIBLE_DISPLAY_TRACEBACK="always",
        ANSIBLE_REMOTE_TMP=str(tmp_path / "remote"),
        TMPDIR=str(short_folder),
    )
    return playbooks


def test_no_run_leaves_a_secret_behind(
    logged: Playbooks, simulator: RunningSimulator, tmp_path: Path, short_folder: Path
) -> None:
    tenant, key = simulator.variables["AZURE_TENANT"], Identity()
    app = {"tenant": tenant, "client_id": simulator.variables["AZURE_CLIENT_ID"], "subscriptions": [PRODUCTION]}
    secrets = {**PLANTED, "token": key.token(), "right secret": simulator.variables["AZURE_SECRET"]}
    # Ansible shows lines of the play beside errors, so a play with secrets takes them from elsewhere.
    planted = {name: f"{{{{ planted['{name}'] }}}}" for name in secrets}
    (tmp_path / "planted.json").write_text(json.dumps({"planted": secrets}))
    kept = {tmp_path / name for name in ("locked.pfx", "token", "planted.json")}
    (tmp_path / "locked.pfx").write_bytes(key.pfx(PLANTED["certificate"]))
    (tmp_path / "token").write_text(secrets["token"])
    home = tmp_path / ".azure"
    home.mkdir()
    kept.add(home / "credentials")
    section = f"[default]\nclient_id={app['client_id']}\ntenant={tenant}\nsecret={PLANTED['secret']}\n"
    (home / "credentials").write_text(section)
    certificate = {"x509_certificate_path": str(tmp_path / "locked.pfx")}
    options: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({**app, "secret": planted["secret"]}, NOBODY),
        (
            {"subscriptions": [PRODUCTION]},
            {"AZURE_SECRET": planted["secret"], "AZURE_CLIENT_SECRET": planted["other"]},
        ),
        ({**app, **certificate, "x509_certificate_password": planted["certificate"]}, NOBODY),
        ({**app, **certificate, "x509_certificate_password": planted["other"]}, NOBODY),
        ({**app, **certificate}, {**NOBODY, "AZURE_CLIENT_CERTIFICATE_PASSWORD": planted["certificate"]}),
        ({**app, "oidc_token": planted["token"]}, NOBODY),
        ({**app, "oidc_token_file_path": str(tmp_path / "token")}, NOBODY),
        (
            {"ad_user": "x@y", "password": planted["password"], "adfs_authority_url": f"{simulator.url}/adfs"},
            NOBODY,
        ),
        ({"profile": "default", "subscriptions": [PRODUCTION]}, {**NOBODY, "HOME": str(tmp_path)}),
        ({**app, "secret": planted["secret"], "cert_validation_mode": "no"}, NOBODY),
        ({"subscriptions": [PRODUCTION]}, {}),
    ]
    tasks = [
        {ASK: given, "environment": environment, "ignore_errors": True, "register": "result"}
        for given, environment in options
    ]
    tasks.append({"ansible.builtin.copy": {"content": "{{ result }}", "dest": str(tmp_path / "registered")}})

    run = logged.play(tasks, "-vvvvv", "-e", f"@{tmp_path / 'planted.json'}", hosts="localhost")

    statuses = [task.status for task in run.tasks]
    assert statuses == ["failed"] * 10 + ["ok", "ok"], run.output
    files = {**dict(left_behind(tmp_path, kept)), **dict(left_behind(short_folder, kept))}
    assert {"ansible.log", "results.jsonl", "registered"} <= set(files)
    texts = {**files, "output": run.output.encode(), "journal": json.dumps(simulator.journal()).encode()}
    assert leaks(texts, secrets) == []


def test_no_inventory_leaves_a_secret_behind(simulator: RunningSimulator, tmp_path: Path) -> None:
    inventories = Inventories(tmp_path, simulator.environment)
    secrets = {**PLANTED, "right secret": simulator.variables["AZURE_SECRET"]}
    environment = {
        "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"),
        "ANSIBLE_LOG_VERBOSITY": "5",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache"),
        "AZURE_CLIENT_SECRET": PLANTED["other"],
    }
    caching = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}

    listed = inventories.say("-vvvvv", env=environment, **caching)
    cached = list((tmp_path / "cache").iterdir())
    (tmp_path / "fleet.jit_vms.yml").unlink()
    said = [
        inventories.fail(env=environment, secret=PLANTED["secret"]),
        inventories.fail(
            env=environment,
            ad_user="x@y",
            password=PLANTED["password"],
            adfs_authority_url=f"{simulator.url}/adfs",
        ),
    ]

    assert '"_meta"' in listed
    assert len(cached) == 1
    assert [message for message in said if "can't sign in" not in message] == []
    texts = dict(left_behind(tmp_path, {tmp_path / "fleet.jit_vms.yml"}))
    assert "ansible.log" in texts
    assert leaks({**texts, "listed": listed.encode(), "said": " ".join(said).encode()}, secrets) == []
