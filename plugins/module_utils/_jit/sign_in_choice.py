# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose who signs in: from options, environment, profiles and the login of `az`.

The order, and what each `auth_source` reads, are those of azure.azcollection [docs].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import InvalidOption, SignInFailed
from .sign_in import (
    DEFAULT_CLOUD,
    DEFAULT_PROFILE,
    NEEDS,
    PROFILES,
    SECRETS,
    SOURCES,
    VALIDATION_MODES,
    VARIABLES,
    AzLogin,
    SignIn,
    Way,
)

# What makes a source one that holds a credential.
_MARKS = ("client_id", "ad_user", "secret", "x509_certificate_path", "oidc_token", "oidc_token_file_path")
# What the task gives beside a proof that stands elsewhere.
_COMPANIONS = ("password", "x509_certificate_password")
_TRUE, _FALSE = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n")

Values = Mapping[str, str]
_WAYS_OUT = (
    "Set client_id, tenant and secret (or AZURE_CLIENT_ID, AZURE_TENANT and AZURE_SECRET), or log in with "
    "`az login`; say auth_source: msi for the managed identity of the machine"
)
# What of a source goes with each way, so that a sign-in holds no secret that it doesn't need.
_CARRIES: Mapping[Way, tuple[str, ...]] = {
    Way.TOKEN: ("oidc_token",),
    Way.TOKEN_FILE: ("oidc_token_file_path",),
    Way.SECRET: ("secret",),
    Way.CERTIFICATE: ("x509_certificate_path", "x509_certificate_password", "thumbprint"),
    Way.PASSWORD: ("ad_user", "password"),
}


def choose(
    options: Mapping[str, object],
    environment: Mapping[str, str],
    read_profile: Callable[[str], Values | None],
    read_az: Callable[[], AzLogin | None],
) -> SignIn:
    """Choose who signs in; the error names what was looked at, what is missing and what to set.

    `read_profile` gives a section of the profiles' file, `read_az` None where there is no Azure CLI.
    """
    given = _filled(options)
    said = _Environment(environment)
    source = _one_of("auth_source", given.get("auth_source") or said.get("auth_source") or "auto", SOURCES)
    return _Chooser(source, given, said, read_profile, read_az).choose()


def secret_values(environment: Mapping[str, str]) -> set[str]:
    """Give what must not be shown of an environment, whether it is used or not, as it is and as it is used."""
    given = [(name, environment.get(variable)) for name in SECRETS for variable in VARIABLES[name]]
    return {form for name, value in given if value for form in (value, _trimmed(name, value)) if form}


def _filled(values: Mapping[str, object]) -> dict[str, str]:
    """Leave out what is empty: AWX sets some variables to nothing."""
    texts = {name: str(value) for name, value in values.items() if name in VARIABLES and value is not None}
    return {name: _trimmed(name, text) for name, text in texts.items() if text.strip()}


def _trimmed(name: str, value: str) -> str:
    """Take off what files and shells leave around a value; of a secret only the end of its line."""
    return value.rstrip("\r\n") if name in SECRETS else value.strip()


class _Environment:
    """The environment by the options' names; it notes where two names of one thing disagree."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._found = {
            option: [
                (name, _trimmed(option, text)) for name in names if (text := environment.get(name, "")).strip()
            ]
            for option, names in VARIABLES.items()
        }
        self.values = {option: found[0][1] for option, found in self._found.items() if found}

    def get(self, option: str) -> str | None:
        return self.values.get(option)

    def disagreements(self, used: Iterable[str]) -> tuple[str, ...]:
        """Say which variables contradict each other, never what they hold."""
        return tuple(
            f"{found[0][0]} and {found[1][0]} differ; {found[0][0]} is used"
            for option in used
            if len(found := self._found[option]) > 1 and found[0][1] != found[1][1]
        )


@dataclass(frozen=True, slots=True)
class _Chooser:
    auth_source: str
    given: Values
    said: _Environment
    read_profile: Callable[[str], Values | None]
    read_az: Callable[[], AzLogin | None]

    def choose(self) -> SignIn:
        source = self.auth_source
        if source == "auto":
            return self._first_that_holds_one()
        if source == "env":
            return self._of_environment() or self._nothing([f"auth_source: env, but {_unmarked_environment()}"])
        if source == "credential_file":
            name = self.given.get("profile") or self.said.get("profile") or DEFAULT_PROFILE
            return self._of_profile(name)
        if source == "cli":
            return self._of_az("auth_source: cli") or self._nothing(
                ["auth_source: cli, but az is not on the PATH"]
            )
        return self._of_the_sdk(Way.MANAGED_IDENTITY if source == "msi" else Way.CHAIN)

    def _first_that_holds_one(self) -> SignIn:
        if name := self.given.get("profile"):
            return self._of_profile(name)
        if self._options_hold_one:
            return self._proven("the options", [self.given, self.said.values])
        found = self._of_environment()
        if found is not None:
            return found
        looked_at = ["the options (no client_id, no ad_user)", f"the environment ({_unmarked_environment()})"]
        profile = self.read_profile(DEFAULT_PROFILE)
        if profile is not None and any(mark in _filled(profile) for mark in _MARKS):
            return self._of_profile(DEFAULT_PROFILE)
        looked_at.append(f"{PROFILES} (no profile [{DEFAULT_PROFILE}] with client_id or ad_user)")
        found = self._of_az("the last resort of auth_source: auto", tuple(looked_at))
        return found or self._nothing([*looked_at, "the Azure CLI (no az on the PATH)"])

    def _nothing(self, looked_at: list[str]) -> SignIn:
        raise SignInFailed(f"no credential was found; looked at: {'; '.join(looked_at)}. {_WAYS_OUT}")

    def _of_environment(self) -> SignIn | None:
        if name := self.said.get("profile"):
            return self._of_profile(name)
        if not any(mark in self.said.values for mark in _MARKS):
            return None
        return self._proven("the environment", [self.said.values])

    def _of_profile(self, name: str) -> SignIn:
        profile = self.read_profile(name)
        if profile is None:
            raise SignInFailed(
                f"the profile {name!r} can't be used: {PROFILES} is not there or has no section [{name}]. "
                "Correct profile (or AZURE_PROFILE), or write the section with client_id, tenant and secret"
            )
        return self._proven(f"profile {name} of {PROFILES}", [_filled(profile)])

    def _of_az(self, source: str, looked_at: tuple[str, ...] = ()) -> SignIn | None:
        az = self.read_az()
        if az is None:
            return None
        said = self.said.values
        holds_another = any(mark in said for mark in _MARKS)
        hint = {} if holds_another else {name: said[name] for name in ("tenant",) if name in said}
        return self._made(Way.AZ, source, [hint], az, looked_at)

    def _of_the_sdk(self, way: Way) -> SignIn:
        """Leave it to the SDK, which takes the tenant from where the machine is, or from a variable of its own."""
        made = self._made(way, f"auth_source: {self.auth_source}", [self.given, self.said.values])
        if way is Way.MANAGED_IDENTITY:
            unused = "tenant is not used: a managed identity signs in to the tenant that it is in"
            return replace(
                made, tenant=None, warnings=(*made.warnings, *([unused] if "tenant" in self.given else []))
            )
        if "tenant" in self.given:
            raise InvalidOption(
                "tenant", "auth_source: default takes it from the variable AZURE_TENANT_ID alone: set that one"
            )
        return made

    def _proven(self, source: str, layers: list[Values]) -> SignIn:
        """Take the proof that the first layer offers; what else it needs may come from the others."""
        merged = _merged(layers)
        tenant = self._guest_tenant or merged.get("tenant") or self._tenant_of_adfs(merged)
        merged = {**merged, **({"tenant": tenant} if tenant else {})}
        way = next((way for layer in layers for way in NEEDS if _offers(layer, way, merged)), None)
        needs = NEEDS[way] if way else ("client_id", "tenant")
        missing = [_named(option) for option in needs if option not in merged]
        if way and not missing:
            return self._made(way, source, layers)
        if way is None:
            proofs = ("secret", "x509_certificate_path", "oidc_token", "oidc_token_file_path")
            missing.append(f"one of {', '.join(map(_named, proofs))}, or {_named('ad_user')} and password")
        kind = way.value if way else "service principal"
        raise SignInFailed(
            f"no complete credential in {source} (auth_source: {self.auth_source}): "
            f"to sign in by {kind}, missing: {'; '.join(missing)}. {_where_to_say(source)}"
            f"{'' if way else '; for a managed identity say auth_source: msi'}"
        )

    @property
    def _options_hold_one(self) -> bool:
        return any(mark in self.given for mark in (*_MARKS, *_COMPANIONS))

    @property
    def _guest_tenant(self) -> str | None:
        """The task's tenant holds for any source, unless it belongs to a credential that the task gives, too."""
        return None if self._options_hold_one else self.given.get("tenant")

    def _tenant_of_adfs(self, merged: Values) -> str | None:
        """An ADFS is a tenant by itself."""
        place = self.given.get("adfs_authority_url") or merged.get("adfs_authority_url", "")
        return "adfs" if place.rstrip("/").lower().endswith("/adfs") else None

    def _made(
        self,
        way: Way,
        source: str,
        layers: list[Values],
        az: AzLogin | None = None,
        looked_at: tuple[str, ...] = (),
    ) -> SignIn:
        who = _merged(layers)
        # What says where to sign in and to work may stand beside any source, and the task's word wins.
        where = _merged([self.given, *layers, self.said.values])
        tenant = self._guest_tenant or who.get("tenant")
        subscription = where.get("subscription_id") or (az.subscription_id if az else None)
        is_known_to_az = bool(az and subscription and subscription.lower() in az.subscriptions)
        mode = where.get("cert_validation_mode", VALIDATION_MODES[0])
        discovery = where.get("disable_instance_discovery", "false")
        for option in ("cloud_environment", "adfs_authority_url"):
            if "@" in where.get(option, ""):
                raise InvalidOption(option, "there can't be a user or a password in it")
        proof: dict[str, Any] = {name: who[name] for name in _CARRIES.get(way, ()) if name in who}
        sign_in = SignIn(
            way=way,
            source=source,
            tenant=tenant,
            client_id=who.get("client_id"),
            **proof,
            subscription_id=subscription,
            # az takes one of both: a subscription leads it to the account and the tenant that it belongs to.
            az_subscription=subscription if is_known_to_az and not tenant else None,
            cloud_environment=where.get("cloud_environment") or (az and az.cloud_environment) or DEFAULT_CLOUD,
            validates_certificates=_one_of("cert_validation_mode", mode, VALIDATION_MODES) == VALIDATION_MODES[0],
            disable_instance_discovery=_truth("disable_instance_discovery", discovery),
            adfs_authority_url=where.get("adfs_authority_url"),
            looked_at=looked_at,
        )
        return replace(sign_in, warnings=self.said.disagreements(self._taken_from_environment(sign_in)))

    def _taken_from_environment(self, sign_in: SignIn) -> list[str]:
        return [
            name
            for name, value in self.said.values.items()
            if name not in self.given and getattr(sign_in, name, None) == value
        ]


def _merged(layers: Iterable[Values]) -> dict[str, str]:
    """Take each value from the first layer that has it."""
    merged: dict[str, str] = {}
    for layer in layers:
        merged = {**layer, **merged}
    return merged


def _offers(layer: Values, way: Way, merged: Values) -> bool:
    """Tell whether a layer names a way's proof; a name or a password is one if the other is there, too."""
    if way is Way.PASSWORD:
        return "ad_user" in layer or ("password" in layer and "ad_user" in merged)
    return NEEDS[way][-1] in layer


def _named(option: str) -> str:
    return f"{option} (or {', '.join(VARIABLES[option])})"


def _where_to_say(source: str) -> str:
    if source.startswith("profile "):  # its gaps are not filled from elsewhere
        return "Write them into this section, by the names of the options"
    return "Set the options or the environment variables named"


def _unmarked_environment() -> str:
    return f"none of {', '.join(VARIABLES[mark][0] for mark in _MARKS)} is set"


def _one_of(option: str, text: str, choices: tuple[str, ...]) -> str:
    if text.lower() not in choices:
        raise InvalidOption(option, f"{text!r} (option, variable or profile) is not one of {', '.join(choices)}")
    return text.lower()


def _truth(option: str, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise InvalidOption(option, f"{text!r} (option, variable or profile) is neither true nor false")
    return text.lower() in _TRUE
