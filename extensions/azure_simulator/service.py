# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a call to its answer: faults, token, route, effect, journal. Knows no HTTP library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

from . import collector
from .authorization.urls import ROUTES as AUTHORIZATION
from .batch.urls import ROUTES as BATCH
from .clock import Clock
from .compute.urls import ROUTES as COMPUTE
from .control.faults import FaultBook
from .control.journal import Journal
from .control.urls import ROUTES as CONTROL
from .errors import ArmError, missing_api_version
from .exchange import Answer, Call, Reply, Several, Write
from .fleet.document import FleetError
from .graph.urls import ROUTES as GRAPH
from .headers import add_common
from .identity.access import authenticate, authorize
from .identity.urls import ROUTES as IDENTITY
from .jit.urls import ROUTES as JIT
from .loopback_addresses import AddressClaim, moved
from .network.urls import ROUTES as NETWORK
from .operations.urls import ROUTES as OPERATIONS
from .routing import Route, Router
from .security.urls import ROUTES as SECURITY
from .state.restore import read_document, read_offset, restore
from .subscriptions.urls import ROUTES as SUBSCRIPTIONS
from .world import World

_ROUTER = Router(
    [*IDENTITY, *SUBSCRIPTIONS, *COMPUTE, *NETWORK, *SECURITY, *JIT, *GRAPH, *OPERATIONS, *BATCH, *AUTHORIZATION]
)
_CONTROL_ROUTER = Router(CONTROL)


class Disconnect(Exception):
    """The connection is to be broken instead of an answer."""


class Service:
    """One simulated cloud that answers calls. `make_world` returns a fresh one for each reset."""

    def __init__(
        self,
        make_world: Callable[[Clock], World],
        fleet: str,
        clock: Clock | None = None,
        claim: AddressClaim | None = None,
    ) -> None:
        """Begin with a fresh world; `fleet` is how the fleet was asked for, `clock` real time by default.

        With a `claim`, each world's VMs have the loopback addresses where this run may listen. Raises OSError.
        """
        self._make_world = make_world
        self.fleet = fleet
        self.clock = clock or Clock()
        self.journal = Journal()
        self.on_change: Callable[[], None] = lambda: None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: set[asyncio.Future[Any]] = set()
        self._claim = claim
        world = self._make_world(self.clock)
        self.world = self._listen(self._placed(world, world.address_shift))
        self._home = self.world.address_shift
        self.faults = FaultBook(self.world.seed)

    def _listen(self, world: World) -> World:
        """Let a world tell us about changes and about what falls due."""
        world.on_change = lambda: self.on_change()
        world.agenda.on_change = self._arm
        return world

    def _placed(self, world: World, shift: int) -> World:
        """Give a fresh world's VMs addresses where this run may listen, best with this shift. Raises OSError."""
        if self._claim is not None:
            own = (moved(public.address, -world.address_shift) for public in world.public_addresses())
            world.move_addresses(self._claim.cover(own, shift))
        return world

    def reset(self) -> None:
        """Throw everything away and begin again, at real time; principals keep their secrets. Raises OSError."""
        offset, self.clock.offset = self.clock.offset, 0
        try:
            world = self._placed(self._make_world(self.clock), self._home)
        except OSError:
            self.clock.offset = offset
            raise
        self.journal.clear()
        self.faults.clear()
        self._replace(world)

    def restore(self, content: Any) -> None:
        """Go back to an exported state; settings, faults, journal and who is signed in stay.

        Raises FleetError, and OSError where there are no addresses for the state's VMs.
        """
        document = read_document(content, "state")
        before, offset = self.world, self.clock.offset
        self.clock.offset = read_offset(document)
        try:
            world = World(before.tenant, self.clock, before.behaviour, before.seed)
            with collector.paused():
                restore(world, document)
            self._placed(world, world.address_shift)
        except (FleetError, OSError):
            self.clock.offset = offset
            raise
        self._replace(world)

    def _replace(self, world: World) -> None:
        """Go on with another world, as the same tenant."""
        world.principals, world.tokens = self.world.principals, self.world.tokens
        world.base_url = self.world.base_url
        self.world = self._listen(world)
        self._give_up_waiting()
        world.settle()
        self._arm()
        self.on_change()

    def _give_up_waiting(self) -> None:
        """Break the connections that wait for something in a world that is gone."""
        waiting, self._waiting = self._waiting, set()
        for done in waiting:
            if not done.done():
                done.set_exception(Disconnect())

    def advance(self, duration: int) -> None:
        """Move the clock and apply what that makes due."""
        self.clock.advance(duration)
        self.world.settle()
        self._arm()

    async def answer(self, call: Call) -> Reply:
        """Answer a call. Raises Disconnect."""
        self.world.settle()
        if call.path.startswith("/_simulator"):
            return await self._control(call)
        started = self.clock.wall()
        reply: Reply | None = None
        try:
            await self.sleep(self.world.behaviour.latency)
            reply = await self._faulty(call)
        finally:
            status = reply.status if reply is not None else 0
            self.journal.add(call, status, self.clock.now(), self.clock.wall() - started)
        add_common(reply, call, self.world)
        return reply

    async def _faulty(self, call: Call) -> Reply:
        """Answer a call, with the fault that was ordered for it."""
        fault = self.faults.take(call)
        if fault is None:
            return await self._answer(call)
        await self.sleep(fault.delay)
        if fault.reset == "before":
            self._break()
        if fault.status is not None and not fault.applied:
            return fault.spoil(Reply())
        reply = await self._answer(call)
        if fault.reset == "after":
            self._break()
        return fault.spoil(reply)

    def _break(self) -> NoReturn:
        """Give the connection up."""
        raise Disconnect

    async def _answer(self, call: Call) -> Reply:
        """Answer a call as Azure does."""
        try:
            route, values = _ROUTER.find(call.method, call.path)
            self._admit(call, route, values.get("subscription_id"))
            return await self._complete(route.responder(self.world, call, **values))
        except ArmError as error:
            return Reply(error.status, error.body(), dict(error.headers))

    def _admit(self, call: Call, route: Route, subscription_id: str | None) -> None:
        """Check token, quota, api-version and permission. Raises ArmError."""
        if route.needs_token:
            call.principal = authenticate(self.world, call)
            enforce = self.world.behaviour.throttle == "azure"
            call.quota = self.world.throttle.charge(call, self.clock.now(), enforce)
        if route.needs_api_version and not call.api_version:
            raise missing_api_version()
        call.action = route.action
        if subscription_id is not None and route.action and not route.filtered:
            self.world.subscription(subscription_id)
            authorize(call)

    async def _complete(self, answer: Answer) -> Reply:
        """Bring a write to its effect and then to its answer, each at its own moment.

        The effect is on the agenda, not in this coroutine: it happens though the client has given up.
        """
        if isinstance(answer, Reply):
            return answer
        if isinstance(answer, Several):
            return answer.gather([await self._part(call) for call in answer.calls])
        if not answer.commit_after and not answer.reply_after:
            return answer.commit(self.clock.now())
        reply = await self._commit(answer)
        await self.sleep(answer.reply_after)
        return reply

    async def _part(self, call: Call) -> Reply:
        """Answer a call that came inside another."""
        reply = await self._faulty(call)
        add_common(reply, call, self.world)
        return reply

    async def _commit(self, write: Write) -> Reply:
        """Wait for the effect of a write."""
        done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.add(done)

        def effect(moment: int) -> None:
            try:
                reply = write.commit(moment)
            except ArmError as error:
                reply = Reply(error.status, error.body(), dict(error.headers))
            if not done.done():
                done.set_result(reply)

        self.world.agenda.at(self.clock.now() + write.commit_after, effect)
        try:
            return await done
        finally:
            self._waiting.discard(done)

    async def sleep(self, duration: int) -> None:
        """Wait on the simulated clock."""
        if duration <= 0:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(done)
        self.world.agenda.at(self.clock.now() + duration, lambda _: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            self._waiting.discard(done)

    async def _control(self, call: Call) -> Reply:
        """Answer a call to the control interface."""
        try:
            route, values = _CONTROL_ROUTER.find(call.method, call.path)
            reply = route.responder(self, call, **values)
            assert isinstance(reply, Reply)
            return reply
        except ArmError as error:
            return Reply(error.status, error.body(), dict(error.headers))

    def _arm(self) -> None:
        """Wake up when the next effect is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        due = self.world.agenda.next_due()
        if due is not None:
            wait = max(0.0, (due - self.clock.now()) / 10_000_000)
            # Far timers are set in steps, as the clock may be advanced and loops dislike huge delays.
            self._timer = loop.call_later(min(wait, 3600.0), self._wake)

    def _wake(self) -> None:
        """Apply what is due and wait for the next."""
        self.world.settle()
        self._arm()
