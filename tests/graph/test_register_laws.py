"""Whatever the markets and whatever the order of runs: the laws that names of rings keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.register import History, Look, Named, Past, named
from graph.settings import RegisterSettings

START = date(2025, 6, 1)
S = RegisterSettings()
ACCOUNTS = st.sets(st.sampled_from("abcdefghijkl"), min_size=2)
Rings = list[Look]


@dataclass
class Register:
    """A plain register: what each night published, and its place in the order of first publishing."""

    nights: dict[date, dict[str, Named]] = field(default_factory=dict)
    looks: dict[date, dict[str, Look]] = field(default_factory=dict)
    places: dict[date, int] = field(default_factory=dict)

    def run(self, night: date, rings: Rings) -> None:
        """Name the night's rings, and publish it."""
        place = self.places.setdefault(night, len(self.places))
        names = named(dict(enumerate(rings)), self.known(night, place), S, night)
        self.nights[night] = {n.ring_id: n for n in names.values()}
        self.looks[night] = {names[i].ring_id: rings[i] for i in names}

    def known(self, night: date, place: int) -> History:
        """As the stage reads it from its tables."""
        before, after, latest = dict[str, Past](), dict[str, Past](), dict[str, str]()
        dates = sorted(d for d in self.nights if self.places[d] < place)
        for d in dates:
            for ring_id, look in self.looks[d].items():
                if d < night:
                    before[ring_id] = Past(ring_id, d, look)
                    latest |= dict.fromkeys(look.accounts, ring_id)
                elif ring_id not in after:
                    after[ring_id] = Past(ring_id, d, look)
        own = [Past(i, night, look) for i, look in self.looks.get(night, {}).items()]
        return History(
            list(before.values()), list(after.values()), own, latest, max((d for d in dates if d < night), default=None)
        )


@st.composite
def a_night(draw: st.DrawFn) -> Rings:
    """Some rings, no account on two of them, with some things."""
    rings: Rings = []
    free = set("abcdefghijkl")
    for _ in range(draw(st.integers(0, 4))):
        accounts = draw(ACCOUNTS) & free
        if len(accounts) > 1:
            free -= accounts
            rings.append(Look(frozenset(accounts), frozenset(draw(st.sets(st.sampled_from("uvwxyz"), max_size=3)))))
    return rings


NIGHTS = st.lists(a_night(), min_size=1, max_size=6)


def in_order(nights: list[Rings]) -> Register:
    register = Register()
    for n, rings in enumerate(nights):
        register.run(START + timedelta(days=n), rings)
    return register


@given(NIGHTS, st.data())
@settings(max_examples=60, deadline=None)
def test_any_re_runs_leave_the_same_register(nights: list[Rings], data: st.DataObject) -> None:
    register, reference = in_order(nights), in_order(nights)
    for n in data.draw(st.lists(st.integers(0, len(nights) - 1), max_size=8)):
        register.run(START + timedelta(days=n), data.draw(st.permutations(nights[n])))
        assert register == reference


@given(NIGHTS, a_night(), st.integers(0, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_a_night_filled_in_changes_no_other(nights: list[Rings], gap: Rings, at: int, data: st.DataObject) -> None:
    register, filled = Register(), START + timedelta(days=min(at, len(nights) - 1))
    run = {START + timedelta(days=n): rings for n, rings in enumerate(nights)} | {filled: gap}
    for night, rings in sorted(run.items()):
        if night != filled:
            register.run(night, rings)
    before = dict(register.nights)
    register.run(filled, gap)
    after = dict(register.nights)
    assert {night: rings for night, rings in after.items() if night != filled} == before
    for night in data.draw(st.permutations(sorted(run))):
        register.run(night, run[night])
    assert register.nights == after


@given(NIGHTS)
@settings(max_examples=60, deadline=None)
def test_names_are_given_once_a_night_and_lineage_is_told(nights: list[Rings]) -> None:
    register = in_order(nights)
    for n, rings in enumerate(nights):
        night = START + timedelta(days=n)
        assert len(register.nights[night]) == len(rings)
        told = {i for named in register.nights[night].values() for i in named.previous}
        assert told <= {i for d, of in register.nights.items() if d < night for i in of}
        for ring_id, now in register.looks[night].items():
            for old, was in register.looks.get(night - timedelta(days=1), {}).items():
                shared = len(now.accounts & was.accounts)
                if shared > 1 and 2 * shared > min(len(now.accounts), len(was.accounts)):
                    assert old in register.nights[night][ring_id].previous


@given(NIGHTS)
@settings(max_examples=60, deadline=None)
def test_a_name_stays_with_the_greater_part(nights: list[Rings]) -> None:
    register = in_order(nights)
    for night, looks in register.looks.items():
        there = {account for look in looks.values() for account in look.accounts}
        for ring_id, was in register.looks.get(night - timedelta(days=1), {}).items():
            if ring_id in looks and was.accounts & there:
                assert 2 * len(was.accounts & looks[ring_id].accounts) > len(was.accounts & there)


@given(NIGHTS, a_night(), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_other_rows_for_a_night_give_each_name_once_and_change_no_other_night(
    nights: list[Rings], rings: Rings, at: int
) -> None:
    """An export that comes again and says something else altogether."""
    register, night = in_order(nights), START + timedelta(days=min(at, len(nights) - 1))
    before = dict(register.nights)
    register.run(night, rings)
    assert len(register.nights[night]) == len(rings)
    assert {d: of for d, of in register.nights.items() if d != night} == {
        d: of for d, of in before.items() if d != night
    }


@given(NIGHTS, a_night())
@settings(max_examples=60, deadline=None)
def test_other_rows_for_a_night_keep_the_names_of_rings_that_stayed(nights: list[Rings], strangers: Rings) -> None:
    """An export that comes again with one ring more leaves the others' names alone."""
    register = in_order(nights)
    last = START + timedelta(days=len(nights) - 1)
    names = {look.accounts: ring_id for ring_id, look in register.looks[last].items()}
    others = [Look(frozenset(a.upper() for a in r.accounts)) for r in strangers]
    register.run(last, [*nights[-1], *others])
    assert names.items() <= {look.accounts: ring_id for ring_id, look in register.looks[last].items()}.items()
