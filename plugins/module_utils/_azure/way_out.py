# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from the controller to Azure: what the environment says of certificates and proxies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from .._jit.errors import InvalidOption

# In the order in which the HTTP library reads them.
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("https_proxy", "all_proxy")
# How urllib3 words its failures: (Caused by NewConnectionError("HTTPSConnection(host='x', port=443): refused"))
_NESTED = re.compile(r"""\(Caused by \w+\((?:<[^<>]*>, |\w+\()?[^'"]*['"](?P<text>.*)['"]\)*$""")
_LONGEST = 5_000  # what is longer isn't the library's alone
_UNKNOWN_AUTHORITY = re.compile(
    r"certificate verify failed: (self[- ]signed certificate|unable to get (local )?issuer certificate)"
)
_NO_PROXY = re.compile(r"^(Unable|Cannot) (to )?connect to proxy")
# The service of managed identities, which is on the machine itself.
_WITHOUT_TLS = re.compile(r"\bHTTPConnection(Pool)?\(")
_NO_WAY = re.compile(r"^Failed to (resolve|establish a new connection)|\(connect timeout=")
_BETWEEN = re.compile(r"""['"], \w+\((?:<[^<>]*>, )?[^'"]*['"]""")
_OBJECT = re.compile(r"<[^<>]* object at 0x[0-9a-f]+>: |\bHTTPS?Connection\([^()]*\): ")


def check_way_out(environment: Mapping[str, str], exists: Callable[[str], bool], *, validates: bool) -> None:
    """Refuse what the HTTP library would fail at, in its own words and with the passwords that stand there."""
    bundle = next(((name, path) for name in BUNDLES if (path := environment.get(name))), None)
    if validates and bundle is not None and not exists(bundle[1]):
        raise InvalidOption(
            bundle[0], f"{bundle[1]} is not there: name a file with certificates, by its whole path, or unset it"
        )
    for name, value in environment.items():
        if name.lower() in _PROXIES and value.strip() and not _is_proxy(value.strip()):
            raise InvalidOption(
                name,
                "it is no address of a proxy, such as http://proxy.example.com:3128; in a password, all but "
                "letters and digits is written like %2F",
            )


def with_advice(said: str) -> str:
    """Give the cause of a failure to connect, and what to do where it is on the controller's side."""
    cause = _cause(said)
    if _UNKNOWN_AUTHORITY.search(cause):
        return f"{cause}. Name a file with the certificate of the authority that signed it in {BUNDLES[0]}"
    if _NO_PROXY.search(cause):
        return f"{cause}. The proxy is the one that HTTPS_PROXY or ALL_PROXY names"
    if _NO_WAY.search(cause) and not _WITHOUT_TLS.search(said):
        return f"{cause}. The controller needs a way there by HTTPS; name a proxy, if there is one, in HTTPS_PROXY"
    return cause


def _cause(said: str) -> str:
    """Take what happened out of the HTTP library's text, which quotes errors within errors and its objects."""
    nested = _NESTED.search(said) if len(said) <= _LONGEST else None
    if nested is None:
        return _OBJECT.sub("", said)
    return _OBJECT.sub("", _BETWEEN.sub(": ", nested["text"]))


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        has_place = bool(parts.hostname) and parts.port != 0  # a port that is no number raises
    except ValueError:
        return False
    return has_place and "@" not in f"{parts.path}{parts.query}{parts.fragment}"
