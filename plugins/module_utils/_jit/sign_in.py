# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs in to Azure, by what, and where: the options, their environment variables and what they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

# Each option with its environment variables. The first is azure.azcollection's name and wins over the SDK's.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "auth_source": ("ANSIBLE_AZURE_AUTH_SOURCE",),
    "profile": ("AZURE_PROFILE",),
    "subscription_id": ("AZURE_SUBSCRIPTION_ID",),
    "client_id": ("AZURE_CLIENT_ID",),
    "secret": ("AZURE_SECRET", "AZURE_CLIENT_SECRET"),
    "tenant": ("AZURE_TENANT", "AZURE_TENANT_ID"),
    "ad_user": ("AZURE_AD_USER",),
    "password": ("AZURE_PASSWORD",),
    "x509_certificate_path": ("AZURE_X509_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "x509_certificate_password": ("AZURE_CLIENT_CERTIFICATE_PASSWORD",),
    "thumbprint": ("AZURE_THUMBPRINT",),
    "oidc_token": ("AZURE_FEDERATED_TOKEN",),
    "oidc_token_file_path": ("AZURE_FEDERATED_TOKEN_FILE",),
    "cloud_environment": ("AZURE_CLOUD_ENVIRONMENT",),
    "cert_validation_mode": ("AZURE_CERT_VALIDATION_MODE",),
    "disable_instance_discovery": ("AZURE_DISABLE_INSTANCE_DISCOVERY",),
    "adfs_authority_url": ("AZURE_ADFS_AUTHORITY_URL",),
}
SECRETS = ("secret", "password", "x509_certificate_password", "oidc_token")
SOURCES = ("auto", "cli", "env", "credential_file", "msi", "default")
VALIDATION_MODES = ("validate", "ignore")
PROFILES = "~/.azure/credentials"
DEFAULT_PROFILE = "default"
DEFAULT_CLOUD = "AzureCloud"


_USER_INFO = re.compile(r"(?<=://)[^\s'\"<>]*@")


class Way(Enum):
    """By what a principal proves who it is."""

    TOKEN = "federated token"
    TOKEN_FILE = "federated token from a file"
    SECRET = "secret"
    CERTIFICATE = "certificate"
    PASSWORD = "password"
    MANAGED_IDENTITY = "managed identity"
    AZ = "az login"
    CHAIN = "the SDK's default chain"


# What each way needs; the order is the preference where a source offers several, as azure.azcollection has it.
NEEDS: Mapping[Way, tuple[str, ...]] = {
    Way.TOKEN: ("client_id", "tenant", "oidc_token"),
    Way.TOKEN_FILE: ("client_id", "tenant", "oidc_token_file_path"),
    Way.SECRET: ("client_id", "tenant", "secret"),
    Way.CERTIFICATE: ("client_id", "tenant", "x509_certificate_path"),
    Way.PASSWORD: ("ad_user", "password"),
}


def without_user_info(text: str) -> str:
    """Take users and passwords, such as those of proxies, out of the URLs in somebody else's text."""
    return _USER_INFO.sub("***@", text)


@dataclass(frozen=True, slots=True)
class AzLogin:
    """What the Azure CLI keeps of its login: `subscriptions` are those of all its accounts."""

    subscriptions: frozenset[str] = frozenset()
    subscription_id: str | None = None
    cloud_environment: str | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signs in where, by what; `source` says where that was found, `looked_at` where it was not."""

    way: Way
    source: str
    tenant: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    ad_user: str | None = None
    password: str | None = field(default=None, repr=False)
    x509_certificate_path: str | None = None
    x509_certificate_password: str | None = field(default=None, repr=False)
    thumbprint: str | None = None
    oidc_token: str | None = field(default=None, repr=False)
    oidc_token_file_path: str | None = None
    subscription_id: str | None = None
    az_subscription: str | None = None
    cloud_environment: str = DEFAULT_CLOUD
    validates_certificates: bool = True
    disable_instance_discovery: bool = False
    adfs_authority_url: str | None = None
    looked_at: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(value for name in SECRETS if (value := getattr(self, name)))

    @property
    def says_who(self) -> bool:
        """Tell whether options and environment say who signs in, or only the token does."""
        return self.way in NEEDS

    @property
    def identity(self) -> dict[str, str | None]:
        """Say who it is that sees what Azure answers, without the proof."""
        return {
            "way": self.way.name.lower(),
            "cloud": self.cloud_environment,
            "tenant": self.tenant,
            "client": self.client_id,
            "user": self.ad_user,
            "subscription": self.az_subscription,
        }

    def masked(self, text: str) -> str:
        """Take the secrets out of somebody else's text."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return without_user_info(text)

    @property
    def advice(self) -> str:
        """Name the options, with their variables, that a wrong proof may lie in."""
        options = [*NEEDS.get(self.way, ())]
        if self.way is Way.CERTIFICATE:
            options.append("x509_certificate_password")
        return "Check " + ", ".join(f"{option} ({VARIABLES[option][0]})" for option in options)

    def describe(self) -> str:
        """Name the principal, its proof and where both were found."""
        tenant = f" of tenant {self.tenant}" if self.tenant else ""
        if self.way in (Way.AZ, Way.CHAIN):
            return f"{self.way.value}{tenant} ({self.source})"
        if self.way is Way.MANAGED_IDENTITY:
            return f"the managed identity {self.client_id or 'of this machine'} ({self.source})"
        who = f"user {self.ad_user}" if self.way is Way.PASSWORD else f"service principal {self.client_id}"
        return f"the {who}{tenant} ({self.way.value}, {self.source})"
