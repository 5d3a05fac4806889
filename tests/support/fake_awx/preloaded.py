# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fresh AWX holds: its types of credentials and things that have nothing to do with this collection."""

from __future__ import annotations

from typing import Any

from fake_awx.store import Store


def _inputs(*fields: str, secret: tuple[str, ...], switches: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "fields": [
            {"id": name, "type": "boolean" if name in switches else "string", "secret": name in secret}
            for name in fields
        ]
    }


def preload(store: Store) -> None:
    types: dict[str, tuple[str, str, dict[str, Any]]] = {
        "Microsoft Azure Resource Manager": (
            "cloud",
            "azure_rm",
            _inputs(
                "subscription",
                "username",
                "password",
                "client",
                "secret",
                "tenant",
                "cloud_environment",
                secret=("password", "secret"),
            ),
        ),
        "Red Hat Ansible Automation Platform": (
            "cloud",
            "controller",
            _inputs(
                "host",
                "username",
                "password",
                "oauth_token",
                "verify_ssl",
                secret=("password", "oauth_token"),
                switches=("verify_ssl",),
            ),
        ),
        "Machine": ("ssh", "ssh", _inputs("username", "password", secret=("password",))),
        "Source Control": ("scm", "scm", _inputs("username", "password", secret=("password",))),
    }
    for name, (kind, namespace, inputs) in types.items():
        store.create("credential_types", {"name": name, "kind": kind, "namespace": namespace, "inputs": inputs})
    default = store.create("organizations", {"name": "Default", "description": ""})
    store.create("instance_groups", {"name": "default"})
    store.create("execution_environments", {"name": "AWX EE (latest)", "image": "quay.io/ansible/awx-ee:latest"})
    machine = next(item for item in store.things["credential_types"].values() if item["name"] == "Machine")
    store.create(
        "credentials",
        {"name": "Demo Credential", "organization": default["id"], "credential_type": machine["id"], "inputs": {}},
    )
    store.create("inventories", {"name": "Demo Inventory", "organization": default["id"]})
    store.create("teams", {"name": "Desktop operators", "organization": default["id"]})
    store.create("teams", {"name": "Change board", "organization": default["id"]})
