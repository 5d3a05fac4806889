# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that runs once for all hosts of a play, on the controller."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar

from ansible import constants, context
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs
from ansible.utils.vars import load_extra_vars

from ..module_utils._auth_options import AUTH_OPTIONS
from ..module_utils._controller import CONTROLLER_VARIABLE, process_identity
from ..module_utils._packing import PACKING_VARIABLE, unpack
from ._batch import WAYS, Batch, listed
from ._misspelt import Slip, slips, slips_in_role, variables_of
from ._outcome_table import outcome_lines
from ._place import OWN_FOLDER, Place
from ._progress import watching
from ._secret_environment import inherited, without_secrets
from ._supported_core import require_supported_core
from ._surroundings import blind_spot, is_rescued

COLLECTION = "jitfleet.azure"
# A host variable, or in capitals an environment variable.
QUIET_VARIABLE = "jitfleet_quiet"
# Of playbooks/vars/hosts.yml: why localhost stands in for hosts; empty where it doesn't.
HOSTS_PROBLEM = "jit_hosts_problem"
# Options that say where VMs are; the play's hosts are then no matter.
SCOPES = ("resource_groups", "subscriptions")
# States of which some must be told even where what is fine isn't.
TROUBLES = ("failed", "unknown", "unverified")


class BatchAction(ActionBase):
    """Run a module of this collection once for the whole batch.

    Subclasses name the module and the host variables that say a wish for one host (key of a `vms` element to
    variable).
    """

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    _connection: Any  # declared for the type checker; set by ActionBase

    module: ClassVar[str]
    host_wishes: ClassVar[Mapping[str, str]] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        require_supported_core()
        variables = task_vars or {}
        self._refuse_misspelt_variables(variables)
        arguments = self.arguments(self._batch_arguments(variables), variables)
        is_silent = self._is_silent(variables)
        with self._on_controller(variables) as local_variables, self._progress_shown(unless=is_silent):
            result: dict[str, Any] = self._execute_module(
                module_name=f"{COLLECTION}.{self.module}", module_args=arguments, task_vars=local_variables
            )
        unpack(result)
        self._explain_in_own_words(result)
        if result.get("failed") and is_rescued(self._task):
            self._display.warning(
                f"{self.module}: the task failed for all hosts, and Ansible goes on after the rescue with the "
                "first host only; on_failure: report keeps them all"
            )
        if not is_silent:
            self._tell(result)
        return result

    @cached_property
    def _place(self) -> Place:
        return Place.of(self._task)

    def _refuse_misspelt_variables(self, variables: Mapping[str, Any]) -> None:
        """Refuse slips in the variables of the collection's own playbooks and roles; in others warn of them.

        Where the variable that was meant has a value all the same, a playbook around ours may have its own names.
        """
        given, place = load_extra_vars(self._loader), self._place
        if not (given or place.own_role) or not place.is_known:
            return
        documented = variables_of(OWN_FOLDER)
        in_role = {name for name in variables if place.own_role and name.startswith(f"{place.own_role}_")}
        for slip in slips_in_role(in_role - documented, place.role_options(), f"{place.own_role}_"):
            if not self._has_value(slip.meant, variables):
                self._refuse_slip(slip, f"the role {place.own_role} has no such variable")
        for slip in slips(set(given) - in_role, place.variables(), documented):
            self._judge_slip(slip, variables)

    def _judge_slip(self, slip: Slip, variables: Mapping[str, Any]) -> None:
        """Refuse a variable of the command line, warn of it, or let it be."""
        place = self._place
        if self._has_value(slip.meant, variables):
            return
        if place.is_own_playbook:
            where = "this playbook has no such variable"
            # without the prefix only what would choose all hosts instead of some
            is_grave = slip.given == "hosts" and place.is_named_by(context.CLIARGS.get("args") or ())
            if slip.meant and (is_grave or not slip.is_bare):
                self._refuse_slip(slip, where)
            else:
                self._display.warning(slip.describe(where))
        elif slip.meant and not slip.is_bare:
            self._display.warning(slip.describe(f"{place.play} names no such variable"))

    def _refuse_slip(self, slip: Slip, where: str) -> None:
        """Refuse it, but keep nobody from closing."""
        if self._task.args.get("state") != "closed":
            raise AnsibleActionFail(f"{slip.describe(where)} This task did nothing")
        self._display.warning(slip.describe(where))

    def _has_value(self, name: str | None, variables: Mapping[str, Any]) -> bool:
        """Tell whether somebody gave a variable its value: a role's default is nobody's."""
        defaults = self._place.defaults
        return (
            name is not None and name in variables and (name not in defaults or variables[name] != defaults[name])
        )

    def arguments(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the module's arguments by what only the controller knows."""
        return arguments

    def variables_wanted(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        """Say which variables of the hosts the module needs: keys of a `vms` element to variables."""
        return self.host_wishes

    def _batch_arguments(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the VMs of the play's hosts; an empty option of the sign-in counts as not set."""
        arguments = {k: v for k, v in self._task.args.items() if not (k in AUTH_OPTIONS and v == "")}
        if scopes := [name for name in SCOPES if arguments.get(name) is not None]:
            if arguments.get("hosts") is not None:
                raise AnsibleActionFail(f"hosts: it can't be combined with {' and '.join(scopes)}")
            return arguments  # the module finds the VMs itself, whatever the play's hosts are
        if arguments.get("vms") is None:
            self._refuse_to_stand_in(variables)
        place = blind_spot(self._task)
        if place and arguments.get("vms") is None and arguments.get("hosts") is None:
            self._refuse_misspelt_options()
            raise AnsibleActionFail(
                f"the task stands {place}, where Ansible doesn't tell which hosts are meant: name them by the "
                "option hosts, or name VMs by the option vms"
            )
        names = self._names(arguments, variables)
        batch = Batch(self._templar, variables, names, self._own_variables())
        if differing := batch.differing(self._task.when):
            raise AnsibleActionFail(
                f"the condition holds for {variables['inventory_hostname']}, but not for {listed(differing)}."
                " The task runs once for all hosts of the play, so its `when` can't choose between them: choose by"
                " the option hosts, for example hosts: \"{{ groups['windows'] | intersect(ansible_play_batch) }}\""
            )
        if arguments.get("vms") is None:
            wanted = self.variables_wanted(arguments)
            arguments["vms"] = self._vms(batch, wanted, skip=arguments.get("unknown_hosts") == "skip")
        arguments.pop("hosts", None)
        return arguments

    def _refuse_to_stand_in(self, variables: Mapping[str, Any]) -> None:
        """Say why a playbook of the collection works on localhost: no host could be chosen."""
        is_stand_in = variables["inventory_hostname"] not in variables["groups"].get("all", ())
        if is_stand_in and self._place.is_own_playbook and HOSTS_PROBLEM in variables:
            problem = self._templar.template(variables[HOSTS_PROBLEM])
            if problem:
                raise AnsibleActionFail(str(problem))

    def _own_variables(self) -> dict[str, Any]:
        """Give the variables of the play, its blocks and the task, which are the same for all hosts."""
        return {**self._task.get_play().get_vars(), **self._task.get_vars()}

    def _vms(self, batch: Batch, wanted: Mapping[str, str], *, skip: bool) -> list[dict[str, Any]]:
        vms, unknown = batch.vms(wanted)
        if unknown:
            self._refuse_misspelt_options()
        if unknown and not skip:
            raise AnsibleActionFail(f"no virtual machine is known for {listed(unknown)}. {WAYS}")
        if unknown:
            self._display.warning(f"{self.module}: left out, since no virtual machine is known: {listed(unknown)}")
        if not vms:
            raise AnsibleActionFail(f"no virtual machine is known for any host of the play. {WAYS}")
        return vms

    def _explain_in_own_words(self, result: dict[str, Any]) -> None:
        """Say of a failure which option was misspelt, or by which variables the options it names are set here."""
        message = str(result.get("msg") or "") if result.get("failed") else ""
        if message.startswith("Unsupported parameters") and (problem := self._misspelt_options()):
            raise AnsibleActionFail(problem)
        if message and (explained := self._place.translate(message, self._options())) != message:
            # Ansible shows the error that it made of the module's message, and makes another if there is none.
            result["msg"] = explained
            result.pop("exception", None)

    def _refuse_misspelt_options(self) -> None:
        """Name what the module would refuse: where an option that names VMs is misspelt, none seem to be known."""
        if problem := self._misspelt_options():
            raise AnsibleActionFail(f"{problem}. {WAYS}")

    def _misspelt_options(self) -> str:
        known = self._options()
        strangers = {
            str(given): get_close_matches(str(given), known, 1) for given in self._task.args.keys() - known
        }
        if not strangers:
            return ""
        meant = "".join(f"; for {given}, {near[0]} may be meant" for given, near in strangers.items() if near)
        return f"{self.module} has no option {listed(sorted(strangers))}{meant}"

    def _options(self) -> set[str]:
        """Name the options that the module documents; none of them has an alias."""
        name = f"{COLLECTION}.{self.module}"
        documentation = get_plugin_docs(name, "module", module_loader, fragment_loader, verbose=False)[0]
        return set(documentation["options"])

    def _names(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
        present = [str(name) for name in variables.get("ansible_play_batch") or [variables["inventory_hostname"]]]
        wanted = arguments.get("hosts")
        if wanted is None:
            return present
        chosen = wanted if isinstance(wanted, list) else str(wanted).split(",")
        chosen = [name for name in (str(name).strip() for name in chosen) if name]
        hosts = variables.get("ansible_play_hosts_all") or present
        if strangers := [name for name in chosen if name not in hosts]:
            raise AnsibleActionFail(f"hosts: {listed(strangers)} is not among the hosts of the play")
        if not chosen:
            raise AnsibleActionFail(
                "hosts: the list is empty; leave the option out to work on all hosts of the play"
            )
        return chosen

    @contextmanager
    def _on_controller(self, variables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Let the module run here, whatever connection, interpreter, delegation and privileges the hosts have.

        Pipelining keeps the arguments, and the secrets among them, out of files. Secrets of the task's environment
        are inherited by the module's process: else they would stand in its command line, which Ansible shows.
        """
        connection, delegate_to, environment = self._connection, self._task.delegate_to, self._task.environment
        local = self._shared_loader_obj.connection_loader.get("ansible.builtin.local", self._play_context)
        local_variables = {**variables, "ansible_python_interpreter": sys.executable, "ansible_pipelining": True}
        local.set_options(var_options=local_variables, direct={"pipelining": True})
        self._connection = local
        self._task.delegate_to = None
        shown, secret = without_secrets(environment or [], self._templar.template)
        ours = {CONTROLLER_VARIABLE: process_identity(os.getpid()), PACKING_VARIABLE: "1"}
        self._task.environment = [*shown, ours]
        try:
            with inherited(secret):
                yield local_variables
        finally:
            self._connection, self._task.delegate_to, self._task.environment = connection, delegate_to, environment

    def _is_silent(self, variables: Mapping[str, Any]) -> bool:
        """Tell whether nothing is to be said beside the result: under `no_log`, or as the user wishes."""
        wanted = variables.get(QUIET_VARIABLE, os.environ.get(QUIET_VARIABLE.upper()) or False)
        return bool(self._task.no_log) or boolean(self._templar.template(wanted), strict=False)

    @contextmanager
    def _progress_shown(self, *, unless: bool) -> Iterator[None]:
        """Let the module say how far it is; a prediction is too short for that."""
        if unless or self._task.check_mode:
            yield
            return
        with watching(self.module, self._display.display, constants.DEFAULT_LOCAL_TMP) as environment:
            self._task.environment = [*(self._task.environment or []), environment]
            yield

    def _tell(self, result: Mapping[str, Any]) -> None:
        """Say what became of each VM; where the screen shall not show what is fine, only if something isn't."""
        summary = result.get("summary") or {}
        eventful = any([result.get("changed"), result.get("failed"), *(summary.get(state) for state in TROUBLES)])
        if not eventful and not self._shows_ok_hosts():
            return
        now = datetime.now().astimezone()
        if lines := outcome_lines(self.module, result, now, check_mode=self._task.check_mode):
            self._display.display("\n".join(lines))

    def _shows_ok_hosts(self) -> bool:
        callback = constants.DEFAULT_STDOUT_CALLBACK
        try:
            shows = constants.config.get_config_value(
                "display_ok_hosts", plugin_type="callback", plugin_name=callback
            )
        except AnsibleError:  # a callback without this option
            return True
        return bool(shows)
