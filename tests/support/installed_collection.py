# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as its users get it."""

from __future__ import annotations

from pathlib import Path

from running_simulator import ROOT

from playbooks import BIN, printed

# Where the collection is below the path into which it was installed.
HERE = Path("ansible_collections") / "jitfleet" / "azure"


def install_collection(folder: Path) -> Path:
    """Build the artifact that Galaxy gets, and give the path, empty before, into which it is installed."""
    printed(BIN / "ansible-galaxy", "collection", "build", "--output-path", folder, ROOT, folder=folder)
    (artifact,) = folder.glob("jitfleet-azure-*.tar.gz")
    tree = folder / "collections"
    # By force, for it is in this environment too, as a link to the sources.
    printed(
        *(BIN / "ansible-galaxy", "collection", "install", "--offline", "--force"),
        *("--collections-path", tree, artifact),
        folder=folder,
    )
    return tree


def nothing_but(tree: Path | str) -> dict[str, str]:
    """Give the settings with which Ansible finds collections there only, and not this checkout."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(tree), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
