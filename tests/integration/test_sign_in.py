# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to sign in, right and wrong, against the simulator's identity service."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from connect_proxy import connect_proxy
from demo_fleet import HOSTS, PRODUCTION, WORKPLACE
from identities import Identity
from inventories import Inventories
from running_simulator import RunningSimulator

from playbooks import Playbooks, Run

ASK = "jitfleet.azure.jit_policy_info"
READER = [{"role": "Reader", "scope": "/"}]
NOBODY = {"AZURE_CLIENT_ID": "", "AZURE_TENANT": "", "AZURE_SECRET": ""}
PASSWORD = "certificate-passw0rd"


def principal(simulator: RunningSimulator, **more: Any) -> dict[str, Any]:
    body = {"name": "somebody", "roles": READER, **more}
    made: dict[str, Any] = simulator.control("POST", "principals", body)
    return made


def task(name: str, options: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Make a task that reads one subscription's policies, signed in by its options and its environment."""
    return {
        "name": name,
        ASK: {"subscriptions": [PRODUCTION], **options},
        "environment": {**NOBODY, **(environment or {})},
        "ignore_errors": True,
    }


def play(playbooks: Playbooks, tasks: list[dict[str, Any]], *arguments: str) -> Run:
    run = playbooks.play(tasks, *arguments, hosts="localhost")
    assert len(run.tasks) == len(tasks), run.output
    return run


def token_requests(simulator: RunningSimulator) -> int:
    return sum(request["path"].endswith("/token") for request in simulator.journal())


def fake_az(folder: Path, simulator: RunningSimulator, made: Mapping[str, Any]) -> Path:
    """Put an `az` into a folder that is logged in, and notes how it is asked."""
    token = simulator.token_of(made["client_id"], made["secret"])
    answer = json.dumps({"accessToken": token, "expires_on": 4_000_000_000, "tokenType": "Bearer"})
    program = folder / "az"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\ncat <<END\n{answer}\nEND\n')
    program.chmod(0o755)
    return folder


def test_every_way_signs_in_as_who_it_says(
    playbooks: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    tenant, variables = simulator.variables["AZURE_TENANT"], simulator.variables
    key, trusted = Identity(), Identity()
    ways: list[tuple[dict[str, Any], Mapping[str, Any]]] = []

    def way(
        name: str, options: Mapping[str, Any], environment: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        made = principal(simulator, **more)
        filled_options = {option: str(value).format(**made) for option, value in options.items()}
        filled = {variable: value.format(**made) for variable, value in (environment or {}).items()}
        ways.append((task(name, filled_options, filled), made))

    app = {"tenant": tenant, "client_id": "{client_id}"}
    by_environment = {"AZURE_TENANT": tenant, "AZURE_CLIENT_ID": "{client_id}"}
    way("secret", {**app, "secret": "{secret}"})
    way("secret of the environment", {}, {**by_environment, "AZURE_SECRET": "{secret}"})
    sdk = {"AZURE_CLIENT_ID": "{client_id}", "AZURE_TENANT_ID": tenant, "AZURE_CLIENT_SECRET": "{secret}"}
    way("secret by the names of the SDK", {"auth_source": "env"}, sdk)
    way("the SDK's chain", {"auth_source": "default"}, sdk)
    for name, content, password in key.files(PASSWORD):
        path = tmp_path / name
        path.write_bytes(content)
        options = {
            "x509_certificate_path": str(path),
            **({"x509_certificate_password": password} if password else {}),
        }
        way(name, {**app, **options, "thumbprint": "AB"}, certificate=key.public_certificate)
    token_file = tmp_path / "token"
    token_file.write_text(f"{trusted.token()}\n")
    way("token", {**app, "oidc_token": trusted.token()}, federation=trusted.trust)
    federated = {**by_environment, "AZURE_FEDERATED_TOKEN_FILE": str(token_file)}
    way("token file", {}, federated, federation=trusted.trust)
    user = {"ad_user": "{upn}", "password": "{secret}"}
    # Under another tenant the SDK asks the identity service's host without its port for the user's realm.
    way("password", {**user, "adfs_authority_url": f"{simulator.url}/adfs"}, upn="user.b@contoso.onmicrosoft.com")
    vm = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"]}
    way("user-assigned identity of a VM", {"auth_source": "msi", "client_id": "{client_id}"}, vm)
    app_service = {
        "IDENTITY_ENDPOINT": variables["AZURE_SIMULATOR_IDENTITY_ENDPOINT"],
        "IDENTITY_HEADER": variables["AZURE_SIMULATOR_IDENTITY_HEADER"],
    }
    way("user-assigned identity in App Service", {"auth_source": "msi", "client_id": "{client_id}"}, app_service)
    system = task("the machine's own identity", {}, {**vm, "ANSIBLE_AZURE_AUTH_SOURCE": "msi"})
    ways.append((system, {"client_id": variables["AZURE_CLIENT_ID"]}))
    (tmp_path / ".azure").mkdir()
    owner = principal(simulator)
    section = f"client_id={owner['client_id']}\nsecret={owner['secret']}\ntenant={tenant}\n"
    (tmp_path / ".azure" / "credentials").write_text(f"[default]\n{section}\n[other]\n{section}")
    home = {"HOME": str(tmp_path)}
    ways.append((task("default profile", {}, home), owner))
    ways.append((task("other profile", {"profile": "other"}, {**home, "AZURE_SECRET": "unused"}), owner))
    login = principal(simulator)
    programs = f"{fake_az(tmp_path, simulator, login)}:/usr/bin:/bin"
    ways.append((task("az", {"auth_source": "cli"}, {"PATH": programs}), login))
    simulator.forget()

    run = play(playbooks, [task for task, _ in ways])

    assert [(task.name, task.result["msg"]) for task in run.tasks if task.status == "failed"] == []
    callers = [request["principal"] for request in simulator.journal() if "/jitNetworkAccess" in request["path"]]
    assert callers == [made["client_id"] for _, made in ways]


def test_every_way_that_fails_says_what_was_tried_and_what_to_do(
    playbooks: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    tenant, variables = simulator.variables["AZURE_TENANT"], simulator.variables
    key, stranger = Identity(), Identity()
    made = principal(simulator, certificate=key.public_certificate, federation=key.trust)
    app = {"tenant": tenant, "client_id": made["client_id"]}
    (tmp_path / "stranger.pem").write_bytes(stranger.pem())
    (tmp_path / "locked.pem").write_bytes(key.pem(PASSWORD))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "az").write_text("#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n")
    (bin_ / "az").chmod(0o755)
    empty = {"HOME": str(tmp_path), "PATH": "/nonexistent"}
    nowhere = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}
    vm = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"]}
    wrong: list[tuple[dict[str, Any], dict[str, str], list[str]]] = [
        ({**app, "secret": "wrong-secret"}, {}, ["AADSTS7000215", made["client_id"], "options", "AZURE_SECRET"]),
        ({}, {**_variables(app), "AZURE_SECRET": "wrong-secret"}, ["AADSTS7000215", "the environment"]),
        ({**app, "tenant": "no-such-tenant", "secret": "wrong-secret"}, {}, ["no-such-tenant", "can't sign in"]),
        ({**app, "x509_certificate_path": str(tmp_path / "stranger.pem")}, {}, ["AADSTS700027", "certificate"]),
        (
            {**app, "x509_certificate_path": str(tmp_path / "locked.pem")},
            {},
            ["private key is encrypted", "x509_certificate_password (AZURE_CLIENT_CERTIFICATE_PASSWORD)"],
        ),
        (
            {**app, "x509_certificate_path": "/no/such.pem"},
            {},
            ["x509_certificate_path: /no/such.pem can't be read"],
        ),
        ({**app, "oidc_token": stranger.token()}, {}, ["AADSTS700213", "federated token"]),
        ({**app, "oidc_token": key.token(exp=1)}, {}, ["AADSTS700024"]),
        ({**app, "oidc_token_file_path": "/no/such"}, {}, ["oidc_token_file_path: /no/such can't be read"]),
        (
            {"ad_user": "x@y", "password": "wrong-secret", "adfs_authority_url": f"{simulator.url}/adfs"},
            {},
            ["AADSTS50034", "user x@y", "multi-factor"],
        ),
        ({"auth_source": "msi"}, nowhere, ["managed identity", "machine in Azure"]),
        ({"auth_source": "msi", "client_id": "nobody"}, vm, ["managed identity nobody", "client_id"]),
        ({"auth_source": "cli"}, {"PATH": f"{bin_}:/usr/bin:/bin"}, ["az login", "auth_source: cli"]),
        ({"auth_source": "cli"}, empty, ["az is not on the PATH"]),
        (
            {},
            {**empty, "PATH": f"{bin_}:/bin"},
            ["az login", "Looked before at: the options", "~/.azure/credentials"],
        ),
        ({}, empty, ["no credential was found", "AZURE_CLIENT_ID", "~/.azure/credentials", "auth_source: msi"]),
        ({"profile": "typo"}, empty, ["'typo'", "~/.azure/credentials"]),
        ({"auth_source": "default"}, {**empty, **nowhere}, ["default chain", "AZURE_CLIENT_SECRET"]),
        (
            {},
            {**_variables(app), "AZURE_SECRET": "x-secret", "AZURE_CERT_VALIDATION_MODE": "never"},
            ["cert_validation_mode: 'never'", "validate, ignore"],
        ),
        ({}, {"ANSIBLE_AZURE_AUTH_SOURCE": "magic"}, ["auth_source: 'magic'", "credential_file"]),
        (
            {},
            {
                **_variables(app),
                "AZURE_SECRET": "x-secret",
                "HTTPS_PROXY": "http://user:wrong-secret@127.0.0.1:99999",
            },
            ["HTTPS_PROXY: it is no address of a proxy", "http://proxy.example.com:3128"],
        ),
        (
            {},
            {**_variables(app), "AZURE_SECRET": "x-secret", "REQUESTS_CA_BUNDLE": "/no/such.pem"},
            ["REQUESTS_CA_BUNDLE: /no/such.pem is not there"],
        ),
        (
            {},
            {
                **_variables(app),
                "AZURE_SECRET": "x-secret",
                "AZURE_CLOUD_ENVIRONMENT": "https://user:wrong-secret@127.0.0.1:9",
            },
            ["cloud_environment: there can't be a user or a password in it"],
        ),
    ]

    run = play(playbooks, [task(str(index), *case[:2]) for index, case in enumerate(wrong)])

    for done, (options, _, words) in zip(run.tasks, wrong, strict=True):
        assert done.status == "failed", options
        said = done.result["msg"]
        assert [word for word in words if word not in said] == [], said
        assert "wrong-secret" not in json.dumps(done.result)
    assert "Traceback" not in run.output


def _variables(app: Mapping[str, str]) -> dict[str, str]:
    return {"AZURE_TENANT": app["tenant"], "AZURE_CLIENT_ID": app["client_id"]}


@pytest.fixture
def inventories(simulator: RunningSimulator, tmp_path: Path) -> Inventories:
    return Inventories(tmp_path, simulator.environment)


def test_the_inventory_signs_in_by_the_same_options(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    key = Identity()
    made = principal(simulator, certificate=key.public_certificate)
    (tmp_path / "key.pfx").write_bytes(key.pfx(PASSWORD))
    variables = {**NOBODY, "AZURE_TENANT_ID": simulator.variables["AZURE_TENANT"], "ANSIBLE_AZURE_AUTH_SOURCE": ""}
    simulator.forget()

    listed = inventories.list(
        env={**variables, "AZURE_CLIENT_CERTIFICATE_PASSWORD": PASSWORD, "AZURE_CERT_VALIDATION_MODE": ""},
        client_id=made["client_id"],
        x509_certificate_path=str(tmp_path / "key.pfx"),
        auth_source="auto",
    )

    assert listed.hosts
    assert {request["principal"] for request in simulator.journal()} - {""} == {made["client_id"]}


def test_a_wrong_secret_in_the_inventory_is_told_once_and_in_our_words(inventories: Inventories) -> None:
    said = inventories.fail(env={"AZURE_CLIENT_SECRET": "other"}, secret="wrong-secret")
    assert "AADSTS7000215" in said
    assert "ClientSecretCredential" not in said
    assert "wrong-secret" not in said


def test_a_cache_serves_whoever_az_is_logged_in_as(
    inventories: Inventories, simulator: RunningSimulator, tmp_path: Path
) -> None:
    caching: dict[str, Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "c"),
    }
    narrow = [{"role": "Reader", "scope": f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web"}]
    folder = tmp_path / "bin"
    folder.mkdir()
    environment = {**NOBODY, "PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path)}
    seen, asked = [], []
    for made in (wide := principal(simulator), wide, principal(simulator, roles=narrow)):
        fake_az(folder, simulator, made)
        simulator.forget()
        seen.append(len(inventories.list(env=environment, auth_source="cli", **caching).hosts))
        asked.append(simulator.calls()["POST resources"])
    assert seen[0] == seen[1] > seen[2] == 4
    assert asked == [1, 0, 1]


def test_variables_that_disagree_are_warned_of_without_their_values(
    inventories: Inventories, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    environment = {"AZURE_CLIENT_SECRET": "another-secret"}
    warning = "AZURE_SECRET and AZURE_CLIENT_SECRET differ; AZURE_SECRET is used"
    playbooks.environment.update(environment)

    run = playbooks.play([{ASK: {"subscriptions": [PRODUCTION]}}], hosts="localhost")
    listed = inventories.list(env=environment)

    assert run.returncode == 0, run.output
    for output in (" ".join(run.output.split()), " ".join(listed.output.split())):
        assert warning in output
        assert "another-secret" not in output


def test_one_token_serves_a_whole_process(
    inventories: Inventories, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    inventories.list()
    assert token_requests(simulator) == 1
    simulator.forget()

    second = shutil.copy(inventories.write(), inventories.write().with_name("second.jit_vms.yml"))
    inventories.list(None, "-i", str(second))
    assert token_requests(simulator) == 1
    simulator.forget()

    run = playbooks.play(
        [{"jitfleet.azure.jit_policy": {"subscriptions": ["*"], "skip_ineligible": True}}], hosts="localhost"
    )
    assert run.returncode == 0, run.output
    assert token_requests(simulator) == 1
    assert len({path for path in simulator.writes() if path.startswith("PUT")}) > 1


def test_a_token_that_ends_while_the_work_goes_on_is_renewed_in_time(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.control("PATCH", "behaviour", {"token_lifetime": "3s", "provisioning": "5s"})

    run = playbooks.play([{"jitfleet.azure.jit_policy": {}}])

    assert run.returncode == 0, run.output
    assert token_requests(simulator) > 1
    assert [request for request in simulator.journal() if request["status"] == 401] == []


@pytest.mark.parametrize("code", ["ExpiredAuthenticationToken", "InvalidAuthenticationToken"])
def test_a_token_that_is_refused_is_replaced_once_for_all_threads(
    code: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    error = {"error": {"code": code, "message": "The access token expired."}}
    simulator.fault(method="*", path="jitNetworkAccessPolicies", status=401, body=error, times=1)

    run = playbooks.play([{ASK: {"subscriptions": ["*"]}}], hosts="localhost")

    assert run.returncode == 0, run.output
    assert token_requests(simulator) == 2


def test_a_token_that_azure_revoked_is_asked_for_anew_with_the_claims_that_it_demands(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    claims = base64.urlsafe_b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
    challenge = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    simulator.fault(method="*", path="jitNetworkAccessPolicies", status=401, headers=challenge, times=1)

    run = playbooks.play([{ASK: {"subscriptions": ["*"]}}], hosts="localhost")

    assert run.returncode == 0, run.output
    assert token_requests(simulator) == 2


def test_a_principal_that_sees_one_group_works_there(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    group = HOSTS["vdi-win-01"]["azure_vm_id"].rpartition("/providers/")[0]
    roles = [{"role": "JIT configurator", "scope": group}, {"role": "JIT requester", "scope": group}]
    made = principal(simulator, roles=roles)
    playbooks.environment.update(AZURE_CLIENT_ID=made["client_id"], AZURE_SECRET=made["secret"])

    run = playbooks.play(
        [
            {"name": "cover", "jitfleet.azure.jit_policy": {}},
            {"name": "open", "jitfleet.azure.jit_request": {"sources": ["203.0.113.7"]}},
            {"name": "elsewhere", ASK: {"subscriptions": [PRODUCTION]}, "ignore_errors": True},
        ]
    )

    assert run.returncode == 0, run.output
    assert run.named("open").result["summary"]["opened"] == 6
    assert "AuthorizationFailed" in run.named("elsewhere").result["msg"]


def test_the_tasks_subscription_wins_over_the_environments(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.environment["AZURE_SUBSCRIPTION_ID"] = PRODUCTION
    name = {"resource_group": HOSTS["vdi-win-01"]["azure_vm_id"].split("/")[4], "name": "vdi-win-01"}
    cover = {"jitfleet.azure.jit_policy": {"vms": [name], "subscription_id": WORKPLACE}}

    run = playbooks.play([cover], "--check", hosts="localhost")

    assert run.returncode == 0, run.output
    assert f"/subscriptions/{WORKPLACE}/" in json.dumps(run.last.result)


def test_certificates_are_checked_unless_it_is_said_otherwise(playbooks: Playbooks) -> None:
    playbooks.environment.update(REQUESTS_CA_BUNDLE="", SSL_CERT_FILE="", CURL_CA_BUNDLE="")
    tasks: list[dict[str, Any]] = [
        {"name": "checked", ASK: {"subscriptions": [PRODUCTION]}, "ignore_errors": True},
        {"name": "ignored", ASK: {"subscriptions": [PRODUCTION], "cert_validation_mode": "ignore"}},
    ]

    run = playbooks.play(tasks, hosts="localhost")

    assert "certificate verify failed" in run.named("checked").result["msg"].lower()
    assert run.named("ignored").status == "ok", run.output
    assert "InsecureRequestWarning" not in run.output


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    with connect_proxy() as (url, asked):
        yield url, asked


def test_proxies_of_the_environment_are_used_for_tokens_too(
    playbooks: Playbooks, simulator: RunningSimulator, proxy: tuple[str, list[str]]
) -> None:
    url, asked = proxy
    around = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    through = {"HTTPS_PROXY": url, "https_proxy": url}
    ask = {"subscriptions": [PRODUCTION]}

    run = playbooks.play(
        [
            {"name": "around", ASK: ask, "environment": {**through, **around}},
            {"name": "through", ASK: ask, "environment": {**through, "NO_PROXY": "", "no_proxy": ""}},
        ],
        hosts="localhost",
    )

    assert run.returncode == 0, run.output
    place = simulator.url.removeprefix("https://")
    # The cloud's metadata, the token, and the work have a connection each.
    assert set(asked) == {place}
    assert len(asked) >= 3
