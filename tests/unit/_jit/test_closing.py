# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which windows end, and that no rule goes with which somebody else's would."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.closing import (
    CloseWish,
    Whose,
    choose,
    holds_words,
    is_explained,
    plan,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.orphans import Orphans
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityRule
from hypothesis import given
from hypothesis import strategies as st
from samples import grant, vm_id

ADA = Ourselves("ada@control-node")
ME, COLLEAGUE = "[ada@control-node]", "[bob@control-node]"
OWN_ADDRESS = "(my_ip)"
ADDRESS, NEIGHBOUR = "10.0.1.4", "10.0.1.5"
DESK, OTHER_DESK, OFFICE = "203.0.113.7", "203.0.113.8", "203.0.113.0/24"
ORPHANS = Orphans("here", lambda process: False, frozenset({42}))
MINE, ANYBODY, EVERYBODY = Whose(ADA), Whose(), Whose(everybody=True)
LAYOUT = Layout(vm_id(), (Attachment("nic", ADDRESS, "nsg", None, subnet_known=True),), is_complete=True)


def rule(
    *ports: int,
    sources: tuple[str, ...] = (DESK,),
    destinations: tuple[str, ...] = (ADDRESS,),
    number: int = 0,
    spans: tuple[tuple[int, int], ...] = (),
) -> SecurityRule:
    name = f"MicrosoftDefenderForCloud-JITRule-{number}-{number:032x}"
    return SecurityRule(
        id=f"nsg/securityRules/{name}",
        name=name,
        priority=100 + number,
        inbound=True,
        allows=True,
        protocol="*",
        sources=sources,
        source_ports=((0, 65535),),
        destinations=destinations,
        destination_ports=spans or tuple((port, port) for port in ports),
    )


def window(port: int = 22, *sources: str, by: str = ME, requestor: str = "") -> Grant:
    made = grant(port, sources or (DESK,), justification=f"CHG-1 {by} #ref")
    return dataclasses.replace(made, requestor=requestor)


def chosen(wish: CloseWish, whose: Whose, *grants: Grant) -> list[Grant]:
    return choose(wish, grants, whose)


@pytest.mark.parametrize(
    ("origin", "ports", "found", "is_chosen"),
    [
        (Origin(), (), window(), True),
        (Origin(), (22,), window(22), True),
        (Origin(), (3389,), window(22), False),
        (Origin((DESK,)), (), window(22, DESK), True),
        (Origin((OFFICE,)), (), window(22, DESK), True),
        (Origin((DESK,)), (), window(22, OFFICE), False),
        (Origin((DESK,)), (), window(22, DESK, OTHER_DESK), False),
        (Origin((DESK, OTHER_DESK)), (), window(22, DESK, OTHER_DESK), True),
        (Origin((OTHER_DESK,)), (), window(22, DESK), False),
        (Origin(("*",)), (), window(22, DESK), True),
        (Origin(whole_policy=True), (), window(22, DESK), True),
        (Origin(own_address=True), (), window(22, DESK), False),
        (Origin(own_address=True), (), window(22, DESK, by=f"{ME} {OWN_ADDRESS}"), True),
    ],
)
def test_a_window_is_chosen_by_its_port_and_where_it_admits_from(
    origin: Origin, ports: tuple[int, ...], found: Grant, is_chosen: bool
) -> None:
    assert chosen(CloseWish(vm_id(), ports, origin), MINE, found) == ([found] if is_chosen else [])


def test_breaking_glass_chooses_windows_that_admit_more_too() -> None:
    wide = window(22, OFFICE, by=COLLEAGUE)
    assert chosen(CloseWish(vm_id(), origin=Origin((DESK,))), EVERYBODY, wide) == [wide]
    assert chosen(CloseWish(vm_id(), origin=Origin(("198.51.100.9",))), EVERYBODY, wide) == []


@pytest.mark.parametrize(
    ("whose", "found", "is_chosen"),
    [
        (MINE, window(by=ME), True),
        (MINE, window(by=COLLEAGUE), False),
        (Whose(ADA, own_name="Ada@example.com"), window(by="", requestor="ada@example.com"), True),
        (Whose(ADA, own_name="ada@example.com"), window(by="", requestor="bob@example.com"), False),
        (Whose(ADA, own_name="ada@example.com"), window(by="", requestor="aaa@example.com"), False),
        (Whose(ADA, own_name=""), window(by="", requestor=""), False),
        (ANYBODY, window(by=COLLEAGUE), True),
        (EVERYBODY, window(by=COLLEAGUE), True),
        (Whose(requestors=frozenset({"ada@example.com"})), window(requestor="Ada@example.com"), True),
        (Whose(requestors=frozenset({"ada@example.com"})), window(requestor=""), False),
        (Whose(justification="chg-1"), window(by=COLLEAGUE), True),
        (Whose(justification="CHG-2"), window(by=COLLEAGUE), False),
        (Whose(ADA, justification="CHG-2"), window(by=ME), False),
        (Whose(orphans=ORPHANS), window(by="[awx job 42 by bob]"), True),
        (Whose(orphans=ORPHANS), window(by="[awx job 43 by bob]"), False),
        (Whose(orphans=ORPHANS, justification="CHG-2"), window(by="[awx job 42 by bob]"), False),
        (Whose(orphans=ORPHANS, requestors=frozenset({"ada"})), window(by="[awx job 42 by bob]"), False),
    ],
)
def test_a_window_is_chosen_by_who_asked_for_it_and_why(whose: Whose, found: Grant, is_chosen: bool) -> None:
    assert chosen(CloseWish(vm_id()), whose, found) == ([found] if is_chosen else [])


@pytest.mark.parametrize(
    ("text", "wanted", "holds"),
    [
        ("CHG-4711 [run 4711-81234-1f3a9c2e by ada@desk]", "CHG-4711", True),
        ("patch night, chg-4711.", "CHG-4711", True),
        ("(CHG-4711)", "CHG-4711", True),
        ("patch night", "", True),
        ("patch night", "patch night", True),
        ("[awx job 42 by bob]", "[awx job 42", True),
        # another ticket's number
        ("CHG-4711", "CHG-471", False),
        ("XCHG-4711", "CHG-4711", False),
        ("SUB-CHG-4711", "CHG-4711", False),
        ("CHG-4711-2", "CHG-4711", False),
        ("CHG_4711", "4711", False),
        ("DATA-1", "A-1", False),
        ("CHG-47", "CHG-4", False),
        # the number of a run
        ("CHG-1 [run 4711-81234-1f3a9c2e by ada@desk]", "4711", False),
        # the text is no pattern
        ("CHG-4711", "CHG.*", False),
        ("CHG-4711", "CHG-....", False),
    ],
)
def test_a_justification_holds_whole_words_and_no_parts_of_them(text: str, wanted: str, holds: bool) -> None:
    assert holds_words(text, wanted) is holds


MINE_HERE = window(22, DESK)
MORE_THAN_MEANT = [
    ("another port", rule(22, 3389), (MINE_HERE,), (), "it also opens 3389;"),
    (
        "another port of the same request",
        rule(22, 3389),
        (MINE_HERE,),
        (window(3389, DESK),),
        "it also opens 3389;",
    ),
    ("a span of ports", rule(spans=((20, 30),)), (MINE_HERE,), (), "it also opens 20-21, 23-30;"),
    (
        "a port that is written as a span",
        rule(spans=((22, 22), (int("3389"), int("3389")))),
        (MINE_HERE,),
        (),
        "s 3389;",
    ),
    ("a span that ends with the port", rule(spans=((20, 22),)), (MINE_HERE,), (), "it also opens 20-21;"),
    ("a span of one more port", rule(spans=((21, 22),)), (MINE_HERE,), (), "it also opens 21;"),
    ("another VM", rule(22, destinations=(ADDRESS, NEIGHBOUR)), (MINE_HERE,), (), "it also serves 10.0.1.5"),
    ("another's equal window", rule(22), (MINE_HERE,), (window(by=COLLEAGUE),), "[bob@control-node]"),
    (
        "an equal window that Azure knows by a name",
        rule(22),
        (MINE_HERE,),
        (window(by=COLLEAGUE, requestor="bob@example.com"),),
        'another request of bob@example.com "CHG-1',
    ),
    (
        "an equal window that Azure knows by none",
        rule(22),
        (MINE_HERE,),
        (window(by=COLLEAGUE),),
        'another request "CHG-1',
    ),
    (
        "another's wider window, for a part of which it may be",
        rule(22, sources=(OTHER_DESK,)),
        (window(22, DESK, OTHER_DESK),),
        (window(22, OFFICE, by=COLLEAGUE),),
        "[bob@control-node]",
    ),
]


@pytest.mark.parametrize(
    ("found", "mine", "others", "said"),
    [case[1:] for case in MORE_THAN_MEANT],
    ids=[case[0] for case in MORE_THAN_MEANT],
)
def test_a_rule_that_admits_more_is_left_and_its_problem_told(
    found: SecurityRule, mine: tuple[Grant, ...], others: tuple[Grant, ...], said: str
) -> None:
    (port,) = plan(CloseWish(vm_id()), mine, [*mine, *others], LAYOUT, [found], MINE)

    assert port.rules == ()
    assert len(port.problems) == 1
    assert found.name in port.problems[0]
    assert said in port.problems[0]
    assert "all_grants" in port.problems[0]
    assert port.ended_by(()) == []


@pytest.mark.parametrize("sources", [(OFFICE,), (DESK, OTHER_DESK)])
def test_a_wider_rule_that_nobodys_window_explains_is_left_and_told(sources: tuple[str, ...]) -> None:
    mine = window(22, DESK)
    (port,) = plan(CloseWish(vm_id()), [mine], [mine], LAYOUT, [rule(22, sources=sources)], MINE)
    assert port.rules == ()
    assert ", ".join(sources) in port.problems[0]


def test_a_rule_for_one_of_a_vms_addresses_serves_no_other_vm() -> None:
    two = tuple(Attachment("nic", one, "nsg", None, subnet_known=True) for one in (ADDRESS, NEIGHBOUR))
    mine, found = window(22), rule(22)
    (port,) = plan(CloseWish(vm_id()), [mine], [mine], Layout(vm_id(), two, is_complete=True), [found], MINE)
    assert (port.rules, port.problems) == ((found,), ())


def test_each_port_has_its_own_windows() -> None:
    ending, staying = [window(22), window(443), window(3389)], [window(80, by=COLLEAGUE), window(443, OFFICE)]
    ports = plan(CloseWish(vm_id(), (80,)), ending, [*ending, *staying], LAYOUT, [], MINE)
    assert [(port.port, port.ending, port.staying) for port in ports] == [
        (22, (ending[0],), ()),
        (80, (), (staying[0],)),
        (443, (ending[1],), (staying[1],)),
        (3389, (ending[2],), ()),
    ]


def test_breaking_glass_finds_the_ports_that_a_rule_names_one_by_one() -> None:
    ports = plan(CloseWish(vm_id()), [], [], LAYOUT, [rule(22, spans=((22, 22), (20, 30)))], EVERYBODY)
    assert [port.port for port in ports] == [22]


@pytest.mark.parametrize(
    ("found", "live", "explained"),
    [
        (rule(22), [window(22)], True),
        (rule(22), [window(21), window(22)], True),
        (rule(22, sources=(OFFICE,)), [window(22)], True),
        (rule(22), [window(22, OFFICE)], True),
        (rule(22), [window(21)], False),
        (rule(22), [window(23)], False),
        (rule(22), [window(22, OTHER_DESK)], False),
        (rule(22), [], False),
        (dataclasses.replace(rule(22), name="somebody's"), [window(22)], False),
    ],
)
def test_a_rule_is_explained_by_a_window_of_the_port_for_some_of_its_sources(
    found: SecurityRule, live: list[Grant], explained: bool
) -> None:
    assert is_explained(found, 22, live) is explained


def test_a_wider_rule_that_is_a_colleagues_is_none_of_our_business() -> None:
    mine, his = window(22, DESK), window(22, OFFICE, by=COLLEAGUE)
    own = rule(22, number=1)
    (port,) = plan(CloseWish(vm_id()), [mine], [mine, his], LAYOUT, [own, rule(22, sources=(OFFICE,))], MINE)
    assert port.rules == (own,)
    assert port.problems == ()
    assert port.staying == (his,)


def test_one_rule_for_several_ports_goes_when_all_of_them_end() -> None:
    mine = [window(22), window(3389)]
    both = rule(22, 3389)
    ports = plan(CloseWish(vm_id()), mine, mine, LAYOUT, [both], MINE)
    assert [(port.port, port.rules) for port in ports] == [(22, (both,)), (3389, (both,))]


def test_several_rules_of_one_window_go_together() -> None:
    mine = window(22, DESK, OTHER_DESK)
    parts = [rule(22, sources=(DESK,), number=1), rule(22, sources=(OTHER_DESK,), number=2)]
    (port,) = plan(CloseWish(vm_id()), [mine], [mine], LAYOUT, parts, MINE)
    assert port.rules == tuple(parts)


@pytest.mark.parametrize("wide", [window(22, DESK, OTHER_DESK), window(22, OFFICE)])
def test_ones_own_window_that_admits_more_stays_and_is_no_failure(wide: Grant) -> None:
    wish = CloseWish(vm_id(), origin=Origin((DESK,)))
    narrow = window(22, DESK)
    live, rules = [narrow, wide], [rule(22, number=1), rule(22, sources=wide.sources, number=2)]

    (port,) = plan(wish, chosen(wish, MINE, *live), live, LAYOUT, rules, MINE)

    assert port.ending == (narrow,)
    assert port.staying == (wide,)
    assert port.rules == (rules[0],)
    assert port.problems == ()


def test_a_window_that_admits_more_is_told_of_also_where_nothing_ends() -> None:
    wide = window(22, OFFICE)
    wish = CloseWish(vm_id(), origin=Origin((DESK,)))
    (port,) = plan(wish, [], [wide, window(3389, OTHER_DESK)], LAYOUT, [rule(22, sources=(OFFICE,))], MINE)
    assert (port.port, port.ending, port.staying, port.rules) == (22, (), (wide,), ())


# -- what has ended, once rules are gone ------------------------------------------------------------------------


def test_a_window_ended_when_all_its_rules_are_gone() -> None:
    mine = window(22, DESK)
    subnet, nic = rule(22, number=1), rule(22, number=2)
    (port,) = plan(CloseWish(vm_id()), [mine], [mine], LAYOUT, [subnet, nic], MINE)
    assert port.ended_by({subnet.id.lower()}) == []
    assert port.ended_by({subnet.id.lower(), nic.id.lower()}) == [mine]


def test_of_two_windows_only_the_one_whose_rule_is_gone_ended() -> None:
    live = [window(22, DESK), window(22, OFFICE)]
    rules = [rule(22, number=1), rule(22, sources=(OFFICE,), number=2)]
    (port,) = plan(CloseWish(vm_id()), live, live, LAYOUT, rules, MINE)
    assert port.ended_by({rules[0].id.lower()}) == [live[0]]
    assert port.ended_by({rules[1].id.lower()}) == [live[1]]


def test_a_window_without_a_rule_had_ended_before() -> None:
    live = [window(22, DESK), window(22, OTHER_DESK)]
    found = rule(22)
    (port,) = plan(CloseWish(vm_id()), live, live, LAYOUT, [found], MINE)
    assert port.ended_by({found.id.lower()}) == [live[0]]


def test_asked_ports_without_a_window_are_told_too() -> None:
    ports = plan(CloseWish(vm_id(), (22, 3389)), [], [], LAYOUT, [], MINE)
    assert [(port.port, port.ending, port.rules) for port in ports] == [(22, (), ()), (3389, (), ())]


PORTS = st.sampled_from([22, 3389])
SOURCES = st.sampled_from([(DESK,), (OTHER_DESK,), (OFFICE,), (DESK, OTHER_DESK)])
RULES = st.lists(
    st.builds(
        rule,
        PORTS,
        sources=SOURCES,
        destinations=st.sampled_from([(ADDRESS,), (ADDRESS, NEIGHBOUR)]),
        number=st.integers(0, 1000),
    )
    | st.builds(rule, st.just(22), st.just(3389), sources=SOURCES, number=st.integers(0, 1000)),
    max_size=5,
)
WINDOWS = st.lists(
    st.builds(
        lambda port, sources, by: window(port, *sources, by=by), PORTS, SOURCES, st.sampled_from([ME, COLLEAGUE])
    ),
    max_size=4,
)


@given(WINDOWS, RULES, st.booleans(), st.sampled_from([(), (DESK,), (OFFICE,)]))
def test_nobody_elses_very_rule_ever_goes(
    live: list[Grant], rules: list[SecurityRule], only_ssh: bool, prefixes: tuple[str, ...]
) -> None:
    """Whatever is asked for: a rule that is exactly a window's that shall not end stays, and so do wider ones."""
    wish = CloseWish(vm_id(), (22,) if only_ssh else (), Origin(prefixes))
    ending = chosen(wish, MINE, *live)
    staying = [each for each in live if each not in ending]

    doomed = [each for port in plan(wish, ending, live, LAYOUT, rules, MINE) for each in port.rules]

    for each in doomed:
        ports = {first for first, _last in each.destination_ports}
        assert each.destinations == (ADDRESS,)
        assert ports <= {window.port for window in ending}
        assert not any(other.port in ports and set(other.sources) == set(each.sources) for other in staying)
        assert all(any(mine.covers(source) for mine in ending) for source in each.sources)


@given(WINDOWS, RULES)
def test_breaking_glass_leaves_no_rule_of_a_window(live: list[Grant], rules: list[SecurityRule]) -> None:
    wish = CloseWish(vm_id())
    ports = plan(wish, chosen(wish, EVERYBODY, *live), live, LAYOUT, rules, EVERYBODY)
    assert {each.id for port in ports for each in port.rules} == {each.id for each in rules}
    assert all(port.problems == () for port in ports)


FEW_SOURCES = st.sampled_from([(DESK,), (OFFICE,)])


@given(
    st.lists(FEW_SOURCES, min_size=1, max_size=3),
    st.lists(st.tuples(FEW_SOURCES, st.booleans()), max_size=4),
    st.sampled_from([(), (DESK,)]),
)
def test_no_window_ended_whose_rule_is_there(
    windows: list[tuple[str, ...]], rules: list[tuple[tuple[str, ...], bool]], prefixes: tuple[str, ...]
) -> None:
    """Whichever of the deletions fail: what is said to have ended has no rule of its own any more, and had one."""
    live = [window(22, *sources) for sources in windows]
    found = [rule(22, sources=sources, number=number) for number, (sources, _fails) in enumerate(rules)]
    wish = CloseWish(vm_id(), origin=Origin(prefixes))
    for port in plan(wish, chosen(wish, MINE, *live), live, LAYOUT, found, MINE):
        gone = [each for each in port.rules if not rules[found.index(each)][1]]
        left = [each for each in found if each not in gone]
        for ended in port.ended_by({each.id.lower() for each in gone}):
            assert any(each.opens(22) and ended.covers(each.sources[0]) for each in gone)
            assert not any(each.sources == ended.sources for each in left)
