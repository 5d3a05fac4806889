# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as paths with placeholders, found without regard to the case of the fixed parts, as ARM does."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

from .errors import method_not_allowed, unknown_path
from .exchange import Responder


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path such as `/subscriptions/{subscription_id}`; placeholders become keyword arguments.

    `action` is the permission that it takes; a `filtered` list shows what the caller may see instead of refusing.
    """

    method: str
    path: str
    responder: Responder
    needs_token: bool = True
    needs_api_version: bool = True
    action: str = ""
    filtered: bool = False


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    placeholder: _Node | None = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Finds the route of a request in time proportional to the length of its path."""

    def __init__(self, routes: list[Route]) -> None:
        """Build the tree."""
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        """Hang one route into the tree."""
        node, names = self._root, []
        for part in _parts(route.path):
            if part.startswith("{"):
                names.append(part.strip("{}"))
                node.placeholder = node = node.placeholder or _Node()
            else:
                node = node.fixed.setdefault(part.lower(), _Node())
        node.routes[route.method] = (route, tuple(names))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the values of its placeholders. Raises ArmError."""
        values: list[str] = []
        node = _walk(self._root, _parts(path), 0, values)
        if node is None:
            raise unknown_path(path)
        found = node.routes.get(method)
        if found is None:
            raise method_not_allowed(method, list(node.routes))
        route, names = found
        return route, {name: unquote(value) for name, value in zip(names, values, strict=True)}


def _parts(path: str) -> list[str]:
    """Split a path; repeated slashes count once, as clients double them at times."""
    return [part for part in path.split("/") if part]


def _walk(node: _Node, parts: list[str], index: int, values: list[str]) -> _Node | None:
    """Follow `parts` down the tree, fixed parts first."""
    if index == len(parts):
        return node if node.routes else None
    fixed = node.fixed.get(parts[index].lower())
    if fixed is not None:
        found = _walk(fixed, parts, index + 1, values)
        if found is not None:
            return found
    if node.placeholder is None:
        return None
    values.append(parts[index])
    found = _walk(node.placeholder, parts, index + 1, values)
    if found is None:
        values.pop()
    return found
