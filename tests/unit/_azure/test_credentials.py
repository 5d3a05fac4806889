# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential for each way to sign in, made without asking anybody, and never saying the secret."""

from __future__ import annotations

import datetime as dt
import json
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.clouds import Cloud
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.credentials import authority_of, credential_for
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.local_logins import read_az, read_profile
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import SignInFailed
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import AzLogin, SignIn, Way
from identities import Identity

SECRET = "s3cr3t-v4lue"
CLOUD = Cloud("Stack", "https://arm.local", "https://login.local", "https://arm.local")
TENANT, APP = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000bb"


def sign_in(way: Way, **parts: str) -> SignIn:
    who = SignIn(way, "the options", tenant=TENANT, client_id=APP, disable_instance_discovery=True)
    return replace(who, **parts)  # type: ignore[arg-type]


FULL = sign_in(Way.SECRET, secret=SECRET)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AZURE_CONFIG_DIR", raising=False)
    (tmp_path / ".azure").mkdir()
    return tmp_path / ".azure"


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        (FULL, "ClientSecretCredential"),
        (sign_in(Way.TOKEN, oidc_token=SECRET), "ClientAssertionCredential"),
        (sign_in(Way.PASSWORD, ad_user="u@example.com", password=SECRET), "UsernamePasswordCredential"),
        (sign_in(Way.MANAGED_IDENTITY), "ManagedIdentityCredential"),
        (sign_in(Way.AZ), "AzureCliCredential"),
        (sign_in(Way.CHAIN), "DefaultAzureCredential"),
    ],
)
def test_each_way_makes_its_credential(who: SignIn, kind: str) -> None:
    credential = credential_for(who, CLOUD)
    assert type(credential).__name__ == kind
    assert SECRET not in repr(credential)


def test_the_chain_asks_nobody_and_reads_no_shared_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK's variable that chooses one link of the chain, here the browser.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")
    links = {type(link).__name__ for link in credential_for(sign_in(Way.CHAIN), CLOUD).credentials}
    assert "AzureCliCredential" in links
    assert not [
        link
        for link in links
        if "Browser" in link or "Broker" in link or "Shared" in link or "VisualStudio" in link
    ]


def test_certificates_in_pem_and_pkcs12_with_and_without_password(tmp_path: Path) -> None:
    identity = Identity()
    for name, content, password in identity.files(SECRET):
        path = tmp_path / name
        path.write_bytes(content)
        good = sign_in(Way.CERTIFICATE, x509_certificate_path=str(path))
        if password:
            assert SECRET not in failure(good)
            assert SECRET not in failure(replace(good, x509_certificate_password="wrong"))
            good = replace(good, x509_certificate_password=password)
        assert type(credential_for(good, CLOUD)).__name__ == "CertificateCredential"


def failure(who: SignIn, cloud: Cloud = CLOUD) -> str:
    with pytest.raises(SignInFailed) as caught:
        credential_for(who, cloud)
    return "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("option", ["x509_certificate_path", "oidc_token_file_path"])
def test_a_file_that_is_not_there_or_empty_is_named(option: str, tmp_path: Path) -> None:
    way = Way.CERTIFICATE if option.startswith("x509") else Way.TOKEN_FILE
    path = tmp_path / "file"
    assert f"{option}: {path} can't be read: No such file" in failure(sign_in(way, **{option: str(path)}))
    path.write_text("\n")
    assert f"{option}: {path} is empty" in failure(sign_in(way, **{option: str(path)}))


def test_a_file_in_the_home_directory_may_be_named_by_a_tilde(home: Path) -> None:
    (home / "token").write_text("a.b.c\n")
    assert credential_for(sign_in(Way.TOKEN_FILE, oidc_token_file_path="~/.azure/token"), CLOUD)


def test_something_that_is_no_certificate_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    assert "service principal" in failure(sign_in(Way.CERTIFICATE, x509_certificate_path=str(path)))


@pytest.mark.parametrize(
    ("who", "cloud", "word"),
    [
        (replace(FULL, tenant="not a tenant!"), CLOUD, "tenant"),
        (FULL, replace(CLOUD, authority="http://login.local"), "https"),
    ],
)
def test_a_malformed_tenant_or_authority_is_refused_without_the_secret(
    who: SignIn, cloud: Cloud, word: str
) -> None:
    said = failure(who, cloud)
    assert word in said.splitlines()[-1]
    assert SECRET not in said


@pytest.mark.parametrize(
    ("adfs", "authority", "expected"),
    [
        (None, "https://login.local", ("https://login.local", TENANT)),
        ("https://login.other/", "https://login.local", ("https://login.other", TENANT)),
        ("https://adfs.example/adfs/", "https://login.local", ("https://adfs.example", "adfs")),
        (None, "https://adfs.stack.example/adfs", ("https://adfs.stack.example", "adfs")),
    ],
)
def test_where_tokens_are_asked_for(adfs: str | None, authority: str, expected: tuple[str, str]) -> None:
    assert authority_of(replace(FULL, adfs_authority_url=adfs), replace(CLOUD, authority=authority)) == expected


def test_profiles_are_sections_of_an_ini_file(home: Path) -> None:
    assert read_profile("default") is None
    (home / "credentials").write_text(f"[default]\nclient_id = a\nsecret={SECRET}%x\n\n[other]\nTENANT=t\n")
    assert read_profile("default") == {"client_id": "a", "secret": f"{SECRET}%x"}
    assert read_profile("other") == {"tenant": "t"}
    assert read_profile("third") is None


@pytest.mark.parametrize("content", [f"secret = {SECRET}\n", f"[default]\n{SECRET}\n", f"[a]\nb={SECRET}\nb=c\n"])
def test_a_file_that_is_no_ini_file_is_named_but_not_quoted(home: Path, content: str) -> None:
    (home / "credentials").write_text(content)
    with pytest.raises(SignInFailed) as caught:
        read_profile("default")
    said = "".join(traceback.format_exception(caught.value))
    assert f"{home / 'credentials'} is no ini file" in said
    assert SECRET not in said


@pytest.fixture
def az(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an `az` that must not be run."""
    program = home / "az"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(home))
    return home


def test_without_az_there_is_no_login(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert read_az() is None


def test_what_az_keeps_is_read_for_the_cloud_that_is_active(az: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(name: str, cloud: str, *, default: bool) -> dict[str, object]:
        return {"id": name, "environmentName": cloud, "isDefault": default, "tenantId": "t"}

    profile = {"subscriptions": [entry("A", "AzureCloud", default=True), entry("B", "Stack", default=False)]}
    profile["subscriptions"].append(entry("C", "Stack", default=True))
    folder = az / "elsewhere"
    folder.mkdir()
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(folder))
    assert read_az() == AzLogin(frozenset(), None, "AzureCloud")
    (folder / "azureProfile.json").write_text(json.dumps(profile), "utf-8-sig")
    assert read_az() == AzLogin(frozenset({"a"}), "A", "AzureCloud")
    (folder / "config").write_text("[cloud]\nname = Stack\n")
    assert read_az() == AzLogin(frozenset({"b", "c"}), "C", "Stack")
    (folder / "clouds.config").write_text("[Stack]\nendpoint_resource_manager = https://arm.local\n")
    assert read_az() == AzLogin(frozenset({"b", "c"}), "C", "https://arm.local")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"subscriptions": 1}', '{"subscriptions": [1, {"isDefault": true}]}']
)
def test_a_profile_of_az_in_another_form_counts_as_none(az: Path, content: str) -> None:
    (az / "azureProfile.json").write_text(content)
    login = read_az()
    assert login is not None
    assert login.subscription_id is None


def test_the_support_makes_certificates_that_are_good_today() -> None:
    certificate = Identity().certificate
    assert certificate.not_valid_before_utc < dt.datetime.now(dt.UTC) < certificate.not_valid_after_utc
