# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way to sign in follows from options, environment, profiles and the login of az: the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption, SignInFailed
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import VARIABLES, AzLogin, SignIn, Way
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in_choice import choose, secret_values
from hypothesis import given
from hypothesis import strategies as st

Texts = Mapping[str, str]

# One full credential for each place, so that a mixture shows.
OPTIONS = {"client_id": "app-o", "tenant": "tenant-o", "secret": "secret-o"}
ENVIRONMENT = {"AZURE_CLIENT_ID": "app-e", "AZURE_TENANT": "tenant-e", "AZURE_SECRET": "secret-e"}
DEFAULT = {"client_id": "app-p", "tenant": "tenant-p", "secret": "secret-p", "subscription_id": "sub-p"}
OTHER = {"client_id": "app-x", "tenant": "tenant-x", "secret": "secret-x", "cloud_environment": "AzureChinaCloud"}
PROFILES = {"default": DEFAULT, "other": OTHER}
AZ = AzLogin(frozenset({"sub-a", "sub-b"}), "sub-a", "AzureUSGovernment")


def chosen(
    options: Mapping[str, Any] | None = None,
    environment: Texts | None = None,
    profiles: Mapping[str, Texts] | None = None,
    az: AzLogin | None = None,
) -> SignIn:
    return choose(options or {}, environment or {}, (profiles or {}).get, lambda: az)


def refused(*arguments: Any, **named: Any) -> str:
    with pytest.raises(SignInFailed) as caught:
        chosen(*arguments, **named)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "environment", "profiles", "az", "client", "source"),
    [
        # auto: options, environment, default profile, az
        (OPTIONS, ENVIRONMENT, PROFILES, AZ, "app-o", "the options"),
        ({}, ENVIRONMENT, PROFILES, AZ, "app-e", "the environment"),
        ({}, {}, PROFILES, AZ, "app-p", "profile default of ~/.azure/credentials"),
        ({}, {}, {"other": OTHER}, AZ, None, "the last resort of auth_source: auto"),
        ({}, {}, {"default": {"subscription_id": "sub-p"}}, AZ, None, "the last resort of auth_source: auto"),
        # a profile that is named
        ({"profile": "other"}, ENVIRONMENT, PROFILES, AZ, "app-x", "profile other of ~/.azure/credentials"),
        ({"profile": "other", **OPTIONS}, {}, PROFILES, AZ, "app-x", "profile other of ~/.azure/credentials"),
        (
            {},
            {"AZURE_PROFILE": "other", **ENVIRONMENT},
            PROFILES,
            AZ,
            "app-x",
            "profile other of ~/.azure/credentials",
        ),
        (OPTIONS, {"AZURE_PROFILE": "other"}, PROFILES, AZ, "app-o", "the options"),
        # a source that is named
        ({"auth_source": "env", **OPTIONS}, ENVIRONMENT, PROFILES, AZ, "app-e", "the environment"),
        (
            {"auth_source": "credential_file"},
            ENVIRONMENT,
            PROFILES,
            AZ,
            "app-p",
            "profile default of ~/.azure/credentials",
        ),
        (
            {"auth_source": "credential_file", "profile": "other"},
            ENVIRONMENT,
            PROFILES,
            AZ,
            "app-x",
            "profile other of ~/.azure/credentials",
        ),
        ({"auth_source": "cli", **OPTIONS}, ENVIRONMENT, PROFILES, AZ, None, "auth_source: cli"),
        ({"auth_source": "msi"}, ENVIRONMENT, PROFILES, AZ, "app-e", "auth_source: msi"),
        ({"auth_source": "msi", "client_id": "app-o"}, ENVIRONMENT, {}, None, "app-o", "auth_source: msi"),
        ({"auth_source": "msi"}, {"AZURE_CLIENT_ID": ""}, {}, None, None, "auth_source: msi"),
        ({"auth_source": "default"}, {}, {}, None, None, "auth_source: default"),
        ({}, {"ANSIBLE_AZURE_AUTH_SOURCE": "cli", **ENVIRONMENT}, PROFILES, AZ, None, "auth_source: cli"),
        (
            {"auth_source": "env"},
            {"ANSIBLE_AZURE_AUTH_SOURCE": "msi", **ENVIRONMENT},
            {},
            AZ,
            "app-e",
            "the environment",
        ),
        # what AWX does for a credential without a principal
        (
            {},
            {"AZURE_AD_USER": "", "AZURE_PASSWORD": "", "AZURE_SUBSCRIPTION_ID": "s"},
            PROFILES,
            AZ,
            "app-p",
            None,
        ),
    ],
)
def test_the_source(
    options: Texts,
    environment: Texts,
    profiles: Mapping[str, Texts],
    az: AzLogin | None,
    client: str | None,
    source: str | None,
) -> None:
    sign_in = chosen(options, environment, profiles, az)
    assert sign_in.client_id == client
    assert sign_in.source == (source or sign_in.source)
    # All parts are of one credential.
    if sign_in.way is Way.SECRET:
        assert {
            text.rpartition("-")[2] for text in (str(sign_in.client_id), str(sign_in.tenant), str(sign_in.secret))
        } == {str(client).rpartition("-")[2]}


APP = {"client_id": "app", "tenant": "tenant"}


@pytest.mark.parametrize(
    ("proofs", "way", "carried"),
    [
        ({"secret": "s"}, Way.SECRET, ("s",)),
        ({"x509_certificate_path": "c.pem"}, Way.CERTIFICATE, ()),
        ({"x509_certificate_path": "c.pem", "x509_certificate_password": "p"}, Way.CERTIFICATE, ("p",)),
        ({"x509_certificate_path": "c.pem", "thumbprint": "AB"}, Way.CERTIFICATE, ()),
        ({"oidc_token": "t"}, Way.TOKEN, ("t",)),
        ({"oidc_token_file_path": "t.jwt"}, Way.TOKEN_FILE, ()),
        ({"ad_user": "u", "password": "p"}, Way.PASSWORD, ("p",)),
        ({"secret": "s", "x509_certificate_path": "c.pem"}, Way.SECRET, ("s",)),
        ({"secret": "s", "oidc_token_file_path": "t.jwt"}, Way.TOKEN_FILE, ()),
        ({"oidc_token": "t", "oidc_token_file_path": "t.jwt"}, Way.TOKEN, ("t",)),
        ({"ad_user": "u", "password": "p", "secret": "s"}, Way.SECRET, ("s",)),
        ({"password": "left over", "secret": "s"}, Way.SECRET, ("s",)),
    ],
)
@pytest.mark.parametrize("place", ["options", "environment", "profile"])
def test_the_way_and_the_secrets_that_go_with_it(
    place: str, proofs: Texts, way: Way, carried: tuple[str, ...]
) -> None:
    credential = {**APP, **proofs}
    variables = {VARIABLES[name][0]: value for name, value in credential.items()}
    sign_in = {
        "options": lambda: chosen(credential),
        "environment": lambda: chosen({}, variables),
        "profile": lambda: chosen({"profile": "x"}, {}, {"x": credential}),
    }[place]()
    assert (sign_in.way, sign_in.secrets) == (way, carried)


@pytest.mark.parametrize(
    ("options", "environment", "way", "client"),
    [
        # The rest of what the options begin comes from the environment, but its proof doesn't win over theirs.
        ({"secret": "mine"}, ENVIRONMENT, Way.SECRET, "app-e"),
        ({"client_id": "app-o", "x509_certificate_path": "c.pem"}, ENVIRONMENT, Way.CERTIFICATE, "app-o"),
        ({"ad_user": "u", "password": "p"}, ENVIRONMENT, Way.PASSWORD, "app-e"),
        ({"password": "p"}, {"AZURE_AD_USER": "u"}, Way.PASSWORD, None),
        (
            {"x509_certificate_password": "p"},
            {"AZURE_CLIENT_ID": "a", "AZURE_TENANT": "t", "AZURE_CLIENT_CERTIFICATE_PATH": "c.pfx"},
            Way.CERTIFICATE,
            "a",
        ),
    ],
)
def test_options_are_completed_by_the_environment(
    options: Texts, environment: Texts, way: Way, client: str | None
) -> None:
    sign_in = chosen(options, environment)
    assert (sign_in.way, sign_in.client_id) == (way, client)
    assert all(getattr(sign_in, name) == value for name, value in options.items())


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (
            {"client_id": "a", "tenant": "t"},
            {},
            ["the options", "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)", "msi"],
        ),
        ({"secret": "s"}, {}, ["client_id (or AZURE_CLIENT_ID)", "tenant (or AZURE_TENANT, AZURE_TENANT_ID)"]),
        ({}, {"AZURE_CLIENT_ID": "a"}, ["the environment", "tenant (or ", "oidc_token_file_path (or "]),
        ({}, {"AZURE_AD_USER": "u"}, ["to sign in by password", "missing: password (or AZURE_PASSWORD)"]),
        ({"oidc_token": "t", "tenant": "t"}, {}, ["federated token", "missing: client_id (or AZURE_CLIENT_ID)."]),
        ({}, {}, ["the options", "AZURE_CLIENT_ID", "~/.azure/credentials", "no az on the PATH", "Set client_id"]),
        ({"auth_source": "env"}, {}, ["auth_source: env", "AZURE_CLIENT_ID", "is set"]),
        ({"auth_source": "cli"}, {}, ["auth_source: cli", "az is not on the PATH"]),
        ({"auth_source": "credential_file"}, {}, ["'default'", "~/.azure/credentials", "[default]"]),
        ({"profile": "typo"}, ENVIRONMENT, ["'typo'", "AZURE_PROFILE"]),
        ({}, {"AZURE_PROFILE": "typo", **ENVIRONMENT}, ["'typo'", "AZURE_PROFILE"]),
    ],
)
def test_what_is_missing_is_named_with_what_to_set(options: Texts, environment: Texts, words: list[str]) -> None:
    said = refused(options, environment)
    assert [word for word in words if word not in said] == []


def test_the_gaps_of_a_profile_are_filled_in_its_section() -> None:
    said = refused({"profile": "part"}, ENVIRONMENT, {"part": {"client_id": "app", "tenant": "t"}})
    assert "profile part of ~/.azure/credentials" in said
    assert "Write them into this section" in said
    assert "Set the options" not in said


def test_an_unfinished_profile_is_not_completed_by_somebody_elses_secret() -> None:
    said = refused({"profile": "x"}, ENVIRONMENT, {"x": {"client_id": "a", "tenant": "t"}})
    assert "profile x of ~/.azure/credentials" in said


@pytest.mark.parametrize("name", ["secret", "tenant", "x509_certificate_path"])
def test_of_two_variables_that_differ_azcollections_is_used_with_a_warning_without_values(name: str) -> None:
    first, second = VARIABLES[name]
    environment = {"AZURE_CLIENT_ID": "app", "AZURE_TENANT": "one", first: "one", second: "two"}
    if name == "tenant":
        environment["AZURE_SECRET"] = "one"

    sign_in = chosen({}, environment)

    assert getattr(sign_in, name) == "one"
    assert sign_in.warnings == (f"{first} and {second} differ; {first} is used",)
    assert chosen({}, {**environment, second: "one"}).warnings == ()
    assert chosen({}, {**environment, second: ""}).warnings == ()
    # Where the variables are not used, their quarrel is nobody's business.
    assert chosen({**OPTIONS, name: "mine"}, environment).warnings == ()


def test_the_sdks_variables_serve_as_well() -> None:
    environment = {"AZURE_CLIENT_ID": "a", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s", "AZURE_SECRET": ""}
    sign_in = chosen({}, environment)
    assert (sign_in.tenant, sign_in.secret) == ("t", "s")


@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        ({}, {}, "sub-x"),
        ({}, {"AZURE_SUBSCRIPTION_ID": "sub-e"}, "sub-x"),
        ({"subscription_id": "sub-o"}, {"AZURE_SUBSCRIPTION_ID": "sub-e"}, "sub-o"),
    ],
)
def test_the_tasks_subscription_wins_over_the_profiles_and_that_over_the_environments(
    options: Texts, environment: Texts, expected: str
) -> None:
    profiles = {"other": {**OTHER, "subscription_id": "sub-x"}}
    assert chosen({"profile": "other", **options}, environment, profiles).subscription_id == expected


def test_where_to_sign_in_may_be_said_beside_any_source() -> None:
    environment = {
        "AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment",
        "AZURE_CERT_VALIDATION_MODE": "ignore",
        "AZURE_DISABLE_INSTANCE_DISCOVERY": "yes",
        "AZURE_ADFS_AUTHORITY_URL": "https://adfs.example/adfs",
    }
    plain = chosen({"profile": "default"}, {}, PROFILES)
    by_environment = chosen({"profile": "default"}, environment, PROFILES)
    by_profile = chosen({"profile": "other"}, environment, PROFILES)
    by_options = chosen(
        {"profile": "other", "cloud_environment": "AzureCloud", "tenant": "guest"}, environment, PROFILES
    )

    assert (plain.cloud_environment, plain.validates_certificates, plain.adfs_authority_url) == (
        "AzureCloud",
        True,
        None,
    )
    assert by_environment.cloud_environment == "AzureUSGovernment"
    assert not by_environment.validates_certificates
    assert by_environment.disable_instance_discovery
    assert by_environment.adfs_authority_url == "https://adfs.example/adfs"
    assert (by_profile.cloud_environment, by_profile.tenant) == ("AzureChinaCloud", "tenant-x")
    assert (by_options.cloud_environment, by_options.tenant) == ("AzureCloud", "guest")


def test_an_adfs_needs_no_tenant() -> None:
    options = {"client_id": "a", "secret": "s", "adfs_authority_url": "https://adfs.example/adfs/"}
    assert chosen(options).way is Way.SECRET
    assert "tenant" in refused({**options, "adfs_authority_url": "https://login.example"})


@pytest.mark.parametrize(
    ("option", "value"),
    [("auth_source", "magic"), ("cert_validation_mode", "perhaps"), ("disable_instance_discovery", "maybe")],
)
def test_a_variable_with_a_senseless_value_is_named(option: str, value: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        chosen({}, {**ENVIRONMENT, VARIABLES[option][0]: value})
    assert caught.value.option == option
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("options", "environment", "subscription", "asked", "cloud"),
    [
        ({}, {}, "sub-a", "sub-a", "AzureUSGovernment"),
        ({"subscription_id": "SUB-B"}, {}, "SUB-B", "SUB-B", "AzureUSGovernment"),
        # az refuses subscriptions that it doesn't know, and takes no subscription beside a tenant.
        ({}, {"AZURE_SUBSCRIPTION_ID": "elsewhere"}, "elsewhere", None, "AzureUSGovernment"),
        ({"tenant": "guest"}, {}, "sub-a", None, "AzureUSGovernment"),
        ({}, {"AZURE_TENANT_ID": "guest", "AZURE_CLOUD_ENVIRONMENT": "AzureCloud"}, "sub-a", None, "AzureCloud"),
    ],
)
def test_what_az_knows_is_used_for_az(
    options: Texts, environment: Texts, subscription: str, asked: str | None, cloud: str
) -> None:
    sign_in = chosen({"auth_source": "cli", **options}, environment, {}, AZ)
    assert (sign_in.subscription_id, sign_in.az_subscription, sign_in.cloud_environment) == (
        subscription,
        asked,
        cloud,
    )
    assert (sign_in.tenant is None) == (asked is not None or "AZURE_SUBSCRIPTION_ID" in environment)


def test_the_tenant_of_somebody_elses_variables_is_nothing_to_az() -> None:
    assert chosen({"auth_source": "cli"}, ENVIRONMENT, {}, AZ).tenant is None
    assert chosen({"auth_source": "cli"}, {"AZURE_TENANT": "tenant-e"}, {}, AZ).tenant == "tenant-e"


@pytest.mark.parametrize("option", ["cloud_environment", "adfs_authority_url"])
@pytest.mark.parametrize("options", [OPTIONS, {"auth_source": "msi"}], ids=["secret", "msi"])
def test_a_password_in_a_url_is_refused_and_not_shown(option: str, options: Texts) -> None:
    with pytest.raises(InvalidOption, match=f"{option}: there can't be a user or a password in it") as caught:
        chosen({**options, option: "https://user:pa55@cloud.example"})
    assert "pa55" not in str(caught.value)


def test_az_says_where_was_looked_before() -> None:
    sign_in = chosen({}, {}, {}, AZ)
    assert [word in " ".join(sign_in.looked_at) for word in ("options", "AZURE_CLIENT_ID", "credentials")] == [
        True
    ] * 3


@pytest.mark.parametrize("blank", [" ", "\n", "\r\n", "\t"])
@pytest.mark.parametrize("place", ["options", "environment", "profile"])
def test_what_a_file_or_a_shell_put_around_a_value_is_taken_off(place: str, blank: str) -> None:
    credential = {"client_id": f"{blank}app{blank}", "tenant": f"tenant{blank}", "secret": "a secret\r\n"}
    variables = {VARIABLES[name][0]: value for name, value in credential.items()}
    places: dict[str, tuple[Texts, Texts, dict[str, Texts]]] = {
        "options": (credential, {}, {}),
        "environment": ({}, variables, {}),
        "profile": ({}, {}, {"default": credential}),
    }
    sign_in = chosen(*places[place])
    assert (sign_in.client_id, sign_in.tenant, sign_in.secret) == ("app", "tenant", "a secret")


def test_blanks_inside_and_around_a_secret_belong_to_it() -> None:
    assert chosen({**OPTIONS, "secret": " a b "}).secret == " a b "


def test_a_secret_is_known_with_and_without_the_end_of_its_line() -> None:
    assert secret_values({"AZURE_SECRET": "hidden\n"}) == {"hidden\n", "hidden"}


def test_the_chain_refuses_a_tenant_that_it_would_not_use() -> None:
    with pytest.raises(InvalidOption, match=r"tenant: .*AZURE_TENANT_ID"):
        chosen({"auth_source": "default", "tenant": "tenant-o"})
    assert chosen({"auth_source": "default"}, {"AZURE_TENANT_ID": "tenant-e"}).tenant == "tenant-e"


def test_a_managed_identity_is_of_its_own_tenant() -> None:
    sign_in = chosen({"auth_source": "msi", "tenant": "tenant-o"}, {"AZURE_TENANT": "tenant-e"})
    assert sign_in.tenant is None
    assert sign_in.warnings == ("tenant is not used: a managed identity signs in to the tenant that it is in",)
    assert chosen({"auth_source": "msi"}, {"AZURE_TENANT": "tenant-e"}).warnings == ()


TEXTS = st.sampled_from(["", " ", "one", "two", "three"])
PLACES = st.dictionaries(
    st.sampled_from([name for name in VARIABLES if name not in ("auth_source", "profile")]), TEXTS
)


@given(options=PLACES, environment=PLACES, profile=PLACES)
def test_empty_values_make_no_difference(options: Texts, environment: Texts, profile: Texts) -> None:
    def outcome(*places: Texts) -> SignIn | str:
        given_, said, section = places
        variables = {VARIABLES[name][0]: value for name, value in said.items()}
        try:
            return chosen(given_, variables, {"default": section}, AZ)
        except (InvalidOption, SignInFailed) as error:
            return str(error)

    def filled(place: Texts) -> Texts:
        return {name: value for name, value in place.items() if value.strip()}

    assert outcome(options, environment, profile) == outcome(filled(options), filled(environment), filled(profile))


@given(
    place=st.sampled_from(["options", "environment", "profile"]),
    secrets=st.sets(st.uuids(), min_size=4, max_size=4),
)
def test_no_text_about_a_sign_in_says_a_secret(place: str, secrets: set[Any]) -> None:
    values = [str(secret) for secret in secrets]
    proofs = dict(zip(("secret", "password", "x509_certificate_password", "oidc_token"), values, strict=True))
    for dropped in (*proofs, "client_id", "tenant"):
        credential = {name: value for name, value in {**APP, "ad_user": "u", **proofs}.items() if name != dropped}
        variables = {VARIABLES[name][0]: value for name, value in credential.items()}
        places: dict[str, tuple[Texts, Texts, dict[str, Texts]]] = {
            "options": (credential, {}, {}),
            "environment": ({}, variables, {}),
            "profile": ({}, {}, {"default": credential}),
        }
        try:
            sign_in = chosen(*places[place])
            masked = sign_in.masked(" ".join(sign_in.secrets))
            said = f"{sign_in!r} {sign_in} {sign_in.describe()} {sign_in.identity} {masked}"
        except SignInFailed as error:
            said = f"{error} {error!r}"
        assert not [value for value in values if value in said]
        assert secret_values(variables) == {value for name, value in proofs.items() if name != dropped}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (OPTIONS, True),
        ({"ad_user": "ada@example.com", "password": "p", "tenant": "t", "client_id": "c"}, True),
        ({"auth_source": "cli"}, False),
        ({"auth_source": "msi", "client_id": "app"}, False),
        ({}, False),
    ],
)
def test_only_a_credential_that_is_given_says_who_signs_in(options: Texts, says: bool) -> None:
    assert chosen(options, az=AZ).says_who is says
