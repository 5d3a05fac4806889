# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine knows of credentials: profiles that azure.azcollection reads, too, and the login of `az`."""

from __future__ import annotations

import configparser
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._jit.errors import SignInFailed
from .._jit.sign_in import DEFAULT_CLOUD, PROFILES, AzLogin


def read_profile(name: str) -> Mapping[str, str] | None:
    """Read a section of the profiles' file; None where either is missing."""
    file = _ini(Path(PROFILES).expanduser())
    return dict(file.items(name)) if file.has_section(name) else None


def read_az() -> AzLogin | None:
    """Read what the Azure CLI keeps of its login, without running it; None where it isn't installed.

    The files' form is that of az 2.x (measured); what isn't as expected counts as not there.
    """
    if shutil.which("az") is None:
        return None
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser()
    cloud = _ini(folder / "config").get("cloud", "name", fallback=DEFAULT_CLOUD)
    # A default is marked for each cloud.
    entries = [entry for entry in _subscriptions(folder) if entry.get("environmentName") == cloud]
    ids = [str(entry.get("id", "")).lower() for entry in entries]
    default = next((str(entry["id"]) for entry in entries if entry.get("isDefault") and entry.get("id")), None)
    address = _ini(folder / "clouds.config").get(cloud, "endpoint_resource_manager", fallback=None)
    return AzLogin(frozenset(ids), default, address or cloud)


def _subscriptions(folder: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads((folder / "azureProfile.json").read_text("utf-8-sig"))
    except (OSError, ValueError):
        return []
    entries = document.get("subscriptions") if isinstance(document, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _ini(path: Path) -> configparser.RawConfigParser:
    """Read an ini file, empty where there is none; errors don't quote it, for it holds secrets."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise SignInFailed(f"{path} can't be read: {error.strerror}") from None
    except (configparser.Error, ValueError) as error:
        line = f", line {number}" if (number := getattr(error, "lineno", None)) else ""
        raise SignInFailed(f"{path} is no ini file ({type(error).__name__}{line})") from None
    return parser
