# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things and how they hang together: made, changed, attached, found by filters, deleted with what is in them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_awx.fields import read_field
from fake_awx.rules import SECRET, check, check_attachment
from fake_awx.schema import KINDS, LINKS, TEMPLATES, reference
from fake_awx.surveys import Refused

Thing = dict[str, Any]
# What goes when something else goes, by the field that refers to it; other references become empty.
GOES_WITH = {
    ("execution_environments", "organization"),
    ("notification_templates", "organization"),
    ("projects", "organization"),
    ("credentials", "organization"),
    ("teams", "organization"),
    ("inventory_sources", "inventory"),
    ("workflow_job_template_nodes", "workflow_job_template"),
    ("schedules", "unified_job_template"),
}

# A job template's organization is no field that can be set.
_OWNED = {"organization": reference("organizations")}


@dataclass
class Store:
    """All things by kind and number. `ignored` are fields that AWX doesn't know, or passes over."""

    playbooks: Sequence[str] = ()
    things: dict[str, dict[int, Thing]] = field(default_factory=lambda: {name: {} for name in KINDS})
    surveys: dict[int, dict[str, Any]] = field(default_factory=dict)
    links: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    members: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    ignored: set[tuple[str, str]] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def get(self, kind: str, number: int) -> Thing:
        found = self.things[kind].get(number)
        if found is None:
            raise Refused({"detail": "Not found."}, 404)
        return found

    def exists(self, kind: str, number: int) -> bool:
        kinds = TEMPLATES if kind == "unified_job_templates" else (kind,)
        return any(number in self.things[name] for name in kinds)

    def template(self, number: int) -> tuple[str, Thing]:
        return next((kind, self.things[kind][number]) for kind in TEMPLATES if number in self.things[kind])

    def create(self, kind: str, sent: Mapping[str, Any]) -> Thing:
        """Keep a new thing. Raises Refused."""
        fields = KINDS[kind].fields
        missing = [name for name, item in fields.items() if item.required and name not in sent]
        if missing:
            raise Refused({name: ["This field is required."] for name in missing})
        thing: Thing = {"id": next(self.numbers)}
        thing.update({name: copy.deepcopy(item.default) for name, item in fields.items()})
        return self._keep(kind, thing, sent)

    def change(self, kind: str, number: int, sent: Mapping[str, Any]) -> Thing:
        """Change a thing. Raises Refused."""
        old = self.get(kind, number)
        kept = {name: old[name] for name, item in KINDS[kind].fields.items() if item.kept and name in sent}
        return self._keep(kind, copy.deepcopy(old), {**sent, **kept})

    def _keep(self, kind: str, thing: Thing, sent: Mapping[str, Any]) -> Thing:
        fields = KINDS[kind].fields
        secrets = copy.deepcopy(thing.get("inputs", {}))
        for name, value in sent.items():
            if name in fields:
                thing[name] = read_field(name, fields[name], copy.deepcopy(value), self.exists)
            else:
                self.ignored.add((kind, name))
        if kind == "credentials":
            thing["inputs"] = {k: secrets.get(k, v) if v == SECRET else v for k, v in thing["inputs"].items()}
        check(self, kind, thing)
        unique = KINDS[kind].unique
        for other in self.things[kind].values():
            if other["id"] != thing["id"] and all(other[name] == thing[name] for name in unique):
                raise Refused({"__all__": [f"{kind} with this {', '.join(unique)} already exists."]})
        self.things[kind][thing["id"]] = thing
        return thing

    def attached(self, thing: Thing, name: str) -> list[int]:
        return self.links.get((thing["id"], name), [])

    def attach(self, kind: str, thing: Thing, name: str, other: Any, *, to: str) -> None:
        if type(other) is not int:
            raise Refused({"msg": '"id" field must be an integer.'})
        if not self.exists(to, other):
            raise Refused({"detail": "Not found."})
        check_attachment(self, kind, thing, name, other)
        self.links.setdefault((thing["id"], name), []).append(other)

    def detach(self, thing: Thing, name: str, other: int) -> None:
        if other in self.attached(thing, name):
            self.links[thing["id"], name].remove(other)

    def leads_to(self, start: int, end: int) -> bool:
        """Tell whether a workflow's node comes, by whatever way, before another."""
        if start == end:
            return True
        following = [node for link in LINKS for node in self.links.get((start, link), [])]
        return any(self.leads_to(node, end) for node in following)

    def delete(self, kind: str, number: int) -> bool:
        """Delete a thing with what is in it, an inventory only later. Tell whether it is gone."""
        thing = self.get(kind, number)
        if kind == "inventories":
            if thing["pending_deletion"]:
                raise Refused({"error": "Inventory is already pending deletion."})
            thing["pending_deletion"] = True
            return False
        self._remove(kind, number)
        return True

    def finish_deletions(self) -> None:
        for thing in [item for item in self.things["inventories"].values() if item["pending_deletion"]]:
            self._remove("inventories", thing["id"])

    def _remove(self, kind: str, number: int) -> None:
        thing = self.things[kind].pop(number)
        self.surveys.pop(number, None)
        self.links = {
            key: [n for n in found if n != number] for key, found in self.links.items() if key[0] != number
        }
        if kind == "workflow_job_template_nodes" and thing["unified_job_template"]:
            self.things["workflow_approval_templates"].pop(thing["unified_job_template"], None)
        for name, other in KINDS.items():
            for field_name, item in other.fields.items():
                if item.to != kind and not (item.to == "unified_job_templates" and kind in TEMPLATES):
                    continue
                for user in [user for user in self.things[name].values() if user.get(field_name) == number]:
                    if (name, field_name) in GOES_WITH:
                        self._remove(name, user["id"])
                    else:
                        user[field_name] = None

    def shown(self, kind: str, thing: Thing) -> Thing:
        """Give a thing as the API shows it: no secrets, names beside the numbers, links to what hangs on it."""
        url = f"/api/v2/{kind}/{thing['id']}/"
        shown = {**copy.deepcopy(thing), "type": KINDS[kind].type, "url": url}
        related = {name: f"{url}{name}/" for name in KINDS[kind].attached}
        summaries: Thing = {"object_roles": {}, "user_capabilities": {"edit": True, "delete": True}}
        for role in KINDS[kind].roles:
            summaries["object_roles"][role] = {
                "id": thing["id"] * 100 + KINDS[kind].roles.index(role),
                "name": role,
            }
        for name, item in {**KINDS[kind].fields, **_OWNED}.items():
            if item.type != "reference" or thing.get(name) is None:
                continue
            to, other = (
                (item.to, self.things[item.to][thing[name]]) if item.to in KINDS else self.template(thing[name])
            )
            related[name] = f"/api/v2/{to}/{other['id']}/"
            summaries[name] = {
                "id": other["id"],
                "name": other.get("name"),
                "description": other.get("description"),
            }
        if kind in ("job_templates", "workflow_job_templates"):
            related["survey_spec"] = f"{url}survey_spec/"
        if kind == "projects" and thing["scm_type"]:
            related["update"] = f"{url}update/"
        if kind == "credentials":
            fields = self.get("credential_types", thing["credential_type"])["inputs"]["fields"]
            secret = {item["id"] for item in fields if item.get("secret")}
            shown["inputs"] = {k: SECRET if k in secret and v else v for k, v in shown["inputs"].items()}
        if kind == "notification_templates" and shown["notification_configuration"].get("password"):
            shown["notification_configuration"]["password"] = SECRET
        for name in LINKS if kind == "workflow_job_template_nodes" else ():
            shown[name] = self.attached(thing, name)
        return {**shown, "related": related, "summary_fields": summaries}
