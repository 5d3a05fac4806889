# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an operation as a module: the only place that ends a module, knows the time and reads options' secrets."""

from __future__ import annotations

import dataclasses
import gc
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._auth_options import auth_spec, environment_secrets, read_sign_in
from ._azure.arm import Arm
from ._azure.arm_fleet import ArmFleet
from ._azure.defender_api import ArmDefenderApi
from ._azure.effective_api import ArmEffectiveRules
from ._azure.jit_api import ArmJitApi
from ._azure.layouts import ArmLayouts
from ._azure.network_api import ArmNetworkApi
from ._azure.permissions_api import ArmPermissionsApi
from ._azure.power_api import ArmPowerApi
from ._azure.resource_graph import ResourceGraph
from ._azure.session import connect
from ._azure.surroundings_api import ArmSurroundings
from ._azure.vm_api import ArmVmApi
from ._controller import assert_controller_lives
from ._jit.errors import AzureRefused, InvalidOptions, JitFleetError, NothingSelected, PermissionsMissing
from ._jit.ids import VmId
from ._jit.sign_in import SignIn
from ._operations.outcomes import Outcome
from ._operations.read_fleet import FleetApi, Scope
from ._outcome import failure_of, result_of
from ._packing import PACKING_VARIABLE, pack
from ._progress import Progress, progress_of_environment
from ._selection import Chosen, Selection
from ._tcp import TcpConnector

USER_AGENT = "jitfleet.azure"
# Python looks for garbage in cycles whenever so many objects came into being, through more and more of them the
# more there are. A fleet's documents hold no cycles; with Python's own numbers the looks took a third of all time.
GARBAGE_AFTER = (100_000, 20, 20)


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Context:
    """What a module's operation works with."""

    params: Mapping[str, Any]
    check_mode: bool
    jit: ArmJitApi
    vms: ArmVmApi
    fleet: FleetApi
    lists: FleetApi
    defender: ArmDefenderApi
    layouts: ArmLayouts
    network: ArmNetworkApi
    permissions: ArmPermissionsApi
    surroundings: ArmSurroundings
    effective: ArmEffectiveRules
    user_name: Callable[[], str]
    power: ArmPowerApi
    connector: TcpConnector
    clock: SystemClock
    warn: Callable[[str], None]
    progress: Progress
    draw: Callable[[], float]
    # Where the VMs were looked for, with the subscriptions by name; None where they were named.
    scope: Scope | None = None

    @property
    def regions(self) -> ArmJitApi:
        return self.jit


# Reads the options; gives the choice of VMs, and what is to be done with their wishes once there is a connection.
Plan = Callable[[Mapping[str, Any]], tuple[Selection[Any], Callable[[Context, Sequence[Any]], Outcome]]]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a module ends with that works on no VMs; `failure` is the message if it failed."""

    result: Mapping[str, Any]
    failure: str | None = None


def run(argument_spec: Mapping[str, Any], plan: Plan) -> None:
    """Run a module from its arguments to its result."""
    gc.set_threshold(*GARBAGE_AFTER)
    module = AnsibleModule({**auth_spec(), **argument_spec}, supports_check_mode=True)
    try:
        sign_in = _sign_in(module)
        try:
            selection, operate = plan(module.params)
        finally:
            _shorten_echo(module)
        context = _context(module, sign_in)
        chosen = _choose(selection, context)
        context.progress(0, len(chosen.selected))
        outcome = operate(dataclasses.replace(context, scope=chosen.scope), chosen.wishes)
    except JitFleetError as error:
        module.fail_json(**_failure(error))
        return
    hosts: dict[VmId, tuple[str, ...]] = {selected.vm: selected.hosts for selected in chosen.selected}
    if outcome.failures and module.params["on_failure"] == "fail":
        module.fail_json(**_packed(module, failure_of(outcome, hosts, diff=module._diff)))
    module.exit_json(**_packed(module, result_of(outcome, hosts, diff=module._diff)))


def _packed(module: AnsibleModule, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Pack the VMs for an action plugin that unpacks them."""
    return pack(result, module.no_log_values) if os.environ.get(PACKING_VARIABLE) else result


def _shorten_echo(module: AnsibleModule) -> None:
    """Leave the VMs out of the arguments that Ansible echoes: the result names them once already.

    Thousands of them cost seconds to write, to search for secrets and to read again.
    """
    if isinstance(module.params.get("vms"), list):
        module.params["vms"] = f"{len(module.params['vms'])} VMs"


def run_report(
    argument_spec: Mapping[str, Any], plan: Callable[[Mapping[str, Any]], Callable[[Context], Mapping[str, Any]]]
) -> None:
    """Run a module that only reads, from its arguments to its result."""
    run_scoped(argument_spec, lambda params: _reading(plan(params)))


def run_scoped(
    argument_spec: Mapping[str, Any], plan: Callable[[Mapping[str, Any]], Callable[[Context], Conclusion]]
) -> None:
    """Run a module that takes no VMs from the play, from its arguments to its result."""
    gc.set_threshold(*GARBAGE_AFTER)
    module = AnsibleModule({**auth_spec(), **argument_spec}, supports_check_mode=True)
    try:
        sign_in = _sign_in(module)
        conclusion = plan(module.params)(_context(module, sign_in))
    except JitFleetError as error:
        module.fail_json(**_failure(error))
        return
    result = dict(conclusion.result)
    if not module._diff:
        result.pop("diff", None)
    if conclusion.failure:
        module.fail_json(msg=conclusion.failure, **result)
    module.exit_json(**result)


def _reading(report: Callable[[Context], Mapping[str, Any]]) -> Callable[[Context], Conclusion]:
    return lambda context: Conclusion({"changed": False, **report(context)})


def _choose(selection: Selection[Any], context: Context) -> Chosen[Any]:
    """Find the VMs; whether finding none is a failure is for the module and `on_failure` to say."""
    chosen = selection.resolve(context.fleet, context.jit, context.clock.now(), context.warn, context.network)
    if chosen.nothing:
        if not selection.accepts(chosen) and context.params["on_failure"] == "fail":
            raise NothingSelected(chosen.nothing)
        context.warn(chosen.nothing)
    context.vms.remember(chosen.rows)
    context.layouts.remember(chosen.rows)
    return chosen


def _sign_in(module: AnsibleModule) -> SignIn:
    """Choose who signs in, with the subscription that goes with it; its secrets are kept out of all results."""
    module.no_log_values.update(environment_secrets())
    sign_in = read_sign_in(module.params, module.warn)
    module.no_log_values.update(sign_in.secrets)
    module.params["subscription_id"] = sign_in.subscription_id
    return sign_in


def _context(module: AnsibleModule, sign_in: SignIn) -> Context:
    arm = connect(sign_in, USER_AGENT, time.time, assert_controller_lives)
    return context_of(arm, module.params, module.warn, check_mode=bool(module.check_mode))


def context_of(arm: Arm, params: Mapping[str, Any], warn: Callable[[str], None], *, check_mode: bool) -> Context:
    """Put together what works on a connection."""
    return Context(
        params=params,
        check_mode=check_mode,
        jit=ArmJitApi(arm),
        vms=ArmVmApi(arm),
        fleet=ResourceGraph(arm),
        lists=ArmFleet(arm, warn),
        defender=ArmDefenderApi(arm),
        layouts=ArmLayouts(arm),
        network=ArmNetworkApi(arm),
        permissions=ArmPermissionsApi(arm),
        surroundings=ArmSurroundings(arm, warn),
        effective=ArmEffectiveRules(arm),
        user_name=arm.user_name,
        power=ArmPowerApi(arm),
        connector=TcpConnector(),
        clock=SystemClock(),
        warn=warn,
        progress=progress_of_environment(),
        draw=random.random,
    )


def _failure(error: JitFleetError) -> dict[str, Any]:
    if isinstance(error, InvalidOptions):
        return {"msg": str(error), "problems": [str(problem) for problem in error.problems]}
    if isinstance(error, PermissionsMissing):
        missing = [{"scope": scope, "actions": list(actions)} for scope, actions in error.missing.items()]
        return {"msg": str(error), "missing_permissions": missing}
    if isinstance(error, AzureRefused):
        said = {
            "status": error.status,
            "code": error.code,
            "message": error.message,
            "request_id": error.request_id,
        }
        return {"msg": str(error), "azure_error": said}
    return {"msg": str(error)}
