# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of packets on their way through the security groups of an IP configuration.

Packets are followed in bundles: addresses that share one fate. Where it can't be told whether a rule applies, a
bundle goes on as two, one to which it applies and one to which it doesn't. What is assumed of a source's tags
holds for that bundle in every later rule, so that only doubts that matter are left at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from .address_sets import PRIVATE, PROBES, PUBLIC, Addresses
from .endpoints import Endpoint, Layer, NoGroup, PublicAddress, Space, Unread
from .security_rules import SecurityGroup, SecurityRule, UnreadRule
from .sources import ANY, covers, network_of

_INTERNET, _NETWORK, _PROBES = "internet", "virtualnetwork", "azureloadbalancer"
_ANY = frozenset({ANY, "any"})

Protocol: TypeAlias = Literal["tcp", "udp"]
Place: TypeAlias = Literal["subnet", "nic", "address"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer said; without a rule where it could not be read, or where the public address decided.

    `sure` tells whether it applies for certain.
    """

    place: Place
    allows: bool
    rule: SecurityRule | UnreadRule | None = None
    group: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Bundle:
    """Packets that share one fate, and the tags that their source is known or assumed to have, and not to have."""

    addresses: Addresses
    from_internet: bool
    holds: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    trail: tuple[Step, ...] = ()
    # Only if routes that were not read lead to them.
    is_supposed: bool = False

    @property
    def gets_in(self) -> bool:
        return all(step.allows for step in self.trail)

    @property
    def is_certain(self) -> bool:
        return not self.is_supposed and all(step.sure for step in self.trail)

    def of(self, addresses: Addresses) -> Bundle:
        return replace(self, addresses=addresses)

    def holding(self, *tags: str) -> Bundle:
        return replace(self, holds=self.holds.union(tags))

    def lacking(self, *tags: str) -> Bundle:
        return replace(self, lacks=self.lacks.union(tags))

    def after(self, step: Step) -> Bundle:
        return replace(self, trail=(*self.trail, step))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the rules on the way."""

    endpoint: Endpoint
    port: int
    protocol: Protocol = "tcp"

    def may_concern(self, rule: SecurityRule | UnreadRule) -> bool:
        """Tell whether a rule can be about this port, protocol and destination."""
        if isinstance(rule, UnreadRule) or not rule.names_port(self.port):
            return rule.names_port(self.port)
        return rule.protocol in (ANY, self.protocol) and self.reaches(rule) is not False

    def reaches(self, rule: SecurityRule) -> bool | None:
        """Tell whether a rule is for this destination, None where that can't be told.

        The destination is an address in its virtual network, thus none of the internet.
        """
        led, own = _lead_to(rule.destinations, self.endpoint.address), self.endpoint.application_groups
        if led or not rule.destination_groups:
            return led
        if own is None:
            return None
        return True if own.intersection(rule.destination_groups) else led

    def always_applies(self, rule: SecurityRule) -> bool:
        """Tell whether a rule that may concern this does so from any port of the sender's."""
        return self.reaches(rule) is True and any(
            first <= 1 and last == 65535 for first, last in rule.source_ports
        )


# Asked with the same words for VM after VM.
@lru_cache(maxsize=1024)
def depart(source: str, space: Space, version: int) -> tuple[tuple[Bundle, ...], Addresses]:
    """Give the packets of a source to be followed, and those of their addresses that the source certainly has.

    A virtual network has some private addresses, but which beyond the known ones nobody can say; of a service tag
    no address is known. A public prefix that is routed may be a part of the internet or a network of one's own;
    one too wide for a network is a route, and what lies in it is the internet all the same.
    """
    ground = _Ground.of(space, version)
    word = source.strip().lower()
    if word == _NETWORK:
        inside = ground.known | PRIVATE[version]
        return tuple(_some([Bundle(inside, False, frozenset({_NETWORK}), frozenset({_INTERNET}))])), ground.known
    network = network_of(word)
    internet = PUBLIC[version] - ground.own
    asked = internet | PRIVATE[version] | ground.known
    certain = asked
    if word == _INTERNET:
        asked, certain = internet, internet - ground.known
    elif word == _PROBES:
        asked = certain = PROBES[version]
    elif network and (network.prefixlen or network.version != version):
        asked = certain = Addresses.named(version, [word])
    bundles = ground.sort(asked, all_from_internet=word == _INTERNET)
    if network or word in {*_ANY, _INTERNET, _PROBES}:
        return bundles, certain
    return tuple(bundle.holding(word) for bundle in bundles), Addresses(version)


def follow(question: Question, bundles: Iterable[Bundle]) -> list[Bundle]:
    """Follow packets to their end: those that get in, and those that a layer refuses.

    Every address ends at least once; one that ends both ways is one that can't be told.
    """
    endpoint = question.endpoint
    ends = list(bundles)
    layers: tuple[tuple[Place, Layer], ...] = (("subnet", endpoint.subnet), ("nic", endpoint.nic))
    for place, layer in layers:
        if layer is not NoGroup.NONE:
            gate = _Gate.of(question, place, layer)
            ends = [end for bundle in ends for end in (gate.pass_through(bundle) if bundle.gets_in else (bundle,))]
    return [end for bundle in ends for end in _arrive(endpoint, bundle)]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where addresses lie: in the network itself (`own`), in it or beside it (`known`), on a route (`wide`)."""

    own: Addresses
    known: Addresses
    wide: Addresses
    is_whole: bool

    @classmethod
    def of(cls, space: Space, version: int) -> _Ground:
        own = Addresses.named(version, space.own)
        wide = [text for text in space.routed if _is_too_wide(text)]
        beside = Addresses.named(version, [text for text in space.routed if text not in wide])
        return cls(own, own | beside, Addresses.named(version, wide), space.is_whole)

    def sort(self, asked: Addresses, *, all_from_internet: bool) -> tuple[Bundle, ...]:
        """Sort addresses by what is known of them, those of which two things may be true into two bundles."""
        network, internet = frozenset({_NETWORK}), frozenset({_INTERNET})
        public, known = asked & PUBLIC[asked.version], asked & self.known
        beside = known & (public - self.own)
        outer = public - self.known - self.wide
        others = asked - public - known
        private = (others - self.wide) & PRIVATE[asked.version]
        bundles = [
            Bundle(outer, True, holds=internet, lacks=network),
            # Whether the tag Internet goes on standing for what a route makes a part of the network isn't known.
            Bundle((public - known) & self.wide, True, holds=network),
            Bundle(beside, True, holds=network),
            Bundle(known - beside, False, holds=network, lacks=internet),
            Bundle(others & self.wide, False, holds=network, lacks=internet),
            Bundle(private, False, lacks=internet),
            Bundle(others - self.wide - private, False),
        ]
        if not all_from_internet:
            bundles.append(Bundle(beside, False, holds=network))
        if not self.is_whole:
            bundles.append(Bundle(outer, True, holds=network, is_supposed=True))
        return tuple(_some(bundles))


def _is_too_wide(prefix: str) -> bool:
    """Tell whether no network is as large: nobody was given more of the internet than a 256th at once [inf]."""
    network = network_of(prefix)
    return network is not None and network.prefixlen < 8


# Rules for the same addresses are met again for each port and source.
@lru_cache(maxsize=65536)
def _lead_to(destinations: tuple[str, ...], address: str) -> bool | None:
    words = {text.lower() for text in destinations if network_of(text) is None}
    if words & {*_ANY, _NETWORK} or any(covers(text, address) for text in destinations if network_of(text)):
        return True
    return False if words <= {_INTERNET, _PROBES} else None


@dataclass(frozen=True, slots=True)
class _Gate:
    """One layer, with those of its rules that may concern a question."""

    question: Question
    place: Place
    group: str
    rules: tuple[SecurityRule | UnreadRule, ...]

    @classmethod
    def of(cls, question: Question, place: Place, layer: Layer) -> _Gate:
        if not isinstance(layer, SecurityGroup):
            return cls(question, place, "", ())
        return cls(question, place, layer.name, tuple(filter(question.may_concern, layer.in_order())))

    def pass_through(self, bundle: Bundle) -> Iterator[Bundle]:
        """Take a bundle through: the first rule that matches decides."""
        waiting = [bundle]
        for rule in self.rules:
            held = [self._hold(rule, bundle) for bundle in waiting]
            yield from (end for ends, _rest in held for end in ends)
            waiting = [later for _ends, rest in held for later in rest]
        # Nothing is left, unless the layer or its last rule could not be read.
        yield from (bundle.after(step) for bundle in waiting for step in self._either(None))

    def _hold(self, rule: SecurityRule | UnreadRule, bundle: Bundle) -> tuple[list[Bundle], list[Bundle]]:
        """Hold a bundle against a rule: what the rule decides, and what goes on to the next."""
        if isinstance(rule, UnreadRule):
            return [bundle.after(step) for step in self._either(rule)], [bundle]
        sure, tags = _matches(rule, bundle)
        matched, left = bundle.addresses & sure, bundle
        if not matched and not tags:
            return [], [bundle]
        certain = self.question.always_applies(rule)
        ends, rest = [], []
        if matched:
            step = Step(self.place, rule.allows, rule, self.group, sure=certain)
            left, hit = bundle.of(bundle.addresses - sure), bundle.of(matched)
            ends, rest = [hit.after(step)], [] if certain else [hit]
        doubtful = Step(self.place, rule.allows, rule, self.group, sure=False)
        for tag, *implied in tags:
            ends.append(left.holding(tag, *implied).after(doubtful))
            # A rule that may not have applied for another reason tells nothing about its tag.
            left = left.lacking(tag) if certain else left
        return _some(ends), _some([*rest, left])

    def _either(self, rule: UnreadRule | None) -> list[Step]:
        """Give what a rule or a layer may say that could not be read."""
        told = rule.allows if rule else None
        answers = (True, False) if told is None else (told,)
        return [Step(self.place, answer, rule, self.group, sure=False) for answer in answers]


def _some(bundles: Iterable[Bundle]) -> list[Bundle]:
    return [bundle for bundle in bundles if bundle.addresses]


def _matches(rule: SecurityRule, bundle: Bundle) -> tuple[Addresses, list[list[str]]]:
    """Give the addresses that are a rule's sources for sure, and the tags that would make all of a bundle so.

    A tag comes with what it implies: a member of an application security group is in the virtual network.
    """
    version = bundle.addresses.version
    words = [text.lower() for text in rule.sources if network_of(text) is None]
    tags = [[word] for word in words if word not in {*_ANY, _PROBES}]
    if _NETWORK not in bundle.lacks:
        tags += [[group, _NETWORK] for group in rule.source_groups]
    if not _ANY.isdisjoint(words) or any(tag[0] in bundle.holds for tag in tags):
        return bundle.addresses, []
    sure = Addresses.named(version, rule.sources)
    if _PROBES in words:
        sure |= PROBES[version]
    return sure, [tag for tag in tags if tag[0] not in bundle.lacks]


def _arrive(endpoint: Endpoint, bundle: Bundle) -> Iterator[Bundle]:
    """Let the public address say whether the internet gets as far as the groups."""
    if not (bundle.from_internet and bundle.gets_in):
        yield bundle
        return
    public = endpoint.public
    may_be_forwarded = Unread.LOAD_BALANCER in endpoint.unread
    if public is PublicAddress.BASIC or (public is PublicAddress.STANDARD and bundle.trail):
        yield bundle
    elif public is PublicAddress.STANDARD or (public is PublicAddress.NONE and not may_be_forwarded):
        yield bundle.after(Step("address", False))
    else:
        yield from (bundle.after(Step("address", allows, sure=False)) for allows in (True, False))
