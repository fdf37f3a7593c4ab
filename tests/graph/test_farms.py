"""Farms on a platform that knows little: accounts, one device each, one order each, as public data of shops has it.

Sign-ups in a short window on one device were fraud in 0.91 of cases there, slow sharing in 0.23; an honest customer
looks around for days, a script orders within seconds. All rows here are invented and synthetic.
"""

from __future__ import annotations

import random

import pytest

from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, chat, device, fill, night, order

MINUTE = 1 / (24 * 60)
FARMS = {"one": 7, "two": 9, "three": 15, "four": 20}
"""Farm -> its accounts, most of which order within minutes of signing up."""
CLASS, EVENING = "class", "evening"
"""Twelve who are helped to sign up on one tablet, and six of a dormitory on one phone: each buys in their own time."""


def customer(dice: random.Random, name: str, thing: str, signed: float, bought: float) -> list[Row]:
    """Somebody who signs up, and orders once."""
    seller = f"shop {dice.randrange(40)}"
    return [
        account(name, registered_at=signed),
        device(name, thing, signed, signed + 1),
        order(f"of {name}", name, seller, bought),
    ]


def platform() -> list[Row]:
    """400 strangers, 40 pairs who share a phone over the months, the farms, the class and the evening."""
    dice = random.Random(3)

    def someday() -> float:
        return dice.uniform(1, 100)

    rows: list[Row] = []
    for i in range(400):
        signed = someday()
        rows += customer(dice, f"stranger {i}", f"phone {i}", signed, signed + dice.uniform(0.1, 60))
    for i in range(40):
        for j in "ab":
            signed = someday()
            rows += customer(dice, f"pair {i}{j}", f"home {i}", signed, signed + dice.uniform(0.1, 60))
    for farm, size in FARMS.items():
        begun = someday()
        for i in range(size):
            signed = begun + dice.uniform(0, 2)
            rows += customer(dice, f"{farm} {i}", f"rack {farm}", signed, signed + (MINUTE if i % 4 else 20))
    for group, size in ((CLASS, 12), (EVENING, 6)):
        begun = someday()
        for i in range(size):
            signed = begun + dice.uniform(0, 0.1)
            rows += customer(dice, f"{group} {i}", f"tablet {group}", signed, signed + dice.uniform(0.1, 60))
    return rows


@pytest.fixture(scope="module")
def found(engine: Warehouse) -> dict[str, tuple[int, float]]:
    """First word of a ring's accounts -> how many there are, and the ring's score."""
    fill(engine, platform())
    night(engine, "scores")
    rows = engine.frame("SELECT account_id, ring, score FROM members JOIN ring_scores USING (ring) ORDER BY ALL")
    rings = {}
    for _, ring in rows.group_by("ring", maintain_order=True):
        [group] = {account.split()[0] for account in ring["account_id"]}
        rings[group] = (ring.height, ring["score"][0])
    return rings


def test_farms_are_found_whole_by_burst_and_pace_alone(found: dict[str, tuple[int, float]]) -> None:
    assert {farm: found[farm][0] for farm in FARMS} == FARMS


def test_a_class_stands_below_every_farm_and_an_evening_and_pairs_are_not_listed(
    found: dict[str, tuple[int, float]],
) -> None:
    assert set(found) <= {*FARMS, CLASS}
    assert all(found[CLASS][1] < found[farm][1] for farm in FARMS)


HELPED, RACK = [f"helped {i}" for i in range(12)], [f"racked {i}" for i in range(12)]


def on_a_tablet(kind: str | None, *, staying: bool) -> list[Row]:
    """Twelve who sign up on one device within an hour, and use a phone of their own from the next day on; `staying`,
    on the first device as well."""
    rows = []
    for i, name in enumerate(RACK if staying else HELPED):
        signed, thing = 50 + i / 300, "rack" if staying else "tablet"
        rows += [account(name, registered_at=signed), order(f"of {name}", name, "shop 1", signed + 9)]
        rows += [device(name, f"own of {name}", signed + 1, 170, "phone")]
        last = 170 if staying else signed
        rows += [Row("devices", {**device(name, thing, signed, last).values, "device_kind": kind})]
    return rows


@pytest.mark.parametrize(("kind", "known"), [(None, False), ("tablet", True)])
def test_who_is_helped_once_on_a_device_that_nobody_names_is_a_guest(
    db: Warehouse, kind: str | None, known: bool
) -> None:
    fill(db, [*platform(), *on_a_tablet(kind, staying=False), *on_a_tablet(kind, staying=True)])
    night(db, "ties")
    cut = {thing for (thing,) in db.rows("SELECT entity_id FROM hubs_found WHERE reason = 'kiosk'")}
    assert cut == (set() if known else {"tablet"})
    tied = {a.split()[0] for (a,) in db.rows("SELECT a FROM ties WHERE entity_id IN ('tablet', 'rack')")}
    assert tied == ({"helped", "racked"} if known else {"racked"})


def test_who_is_never_seen_again_has_left_no_device(db: Warehouse) -> None:
    """Exports that know of a device only the moment of signing up: two ids of one phone each, one of them shared."""
    rows = [account(a, registered_at=50 + i / 300) for i, a in enumerate(RACK)]
    once = {a: (50 + i / 300, 50 + i / 300) for i, a in enumerate(RACK)}
    rows += [Row("devices", {**device(a, thing, *once[a]).values, "device_kind": None})
             for a in RACK for thing in ("rack", f"card of {a}")]  # fmt: skip
    fill(db, [*platform(), *rows])
    night(db, "ties")
    assert db.rows("SELECT entity_id FROM hubs_found WHERE reason = 'kiosk'") == []


HALL = [f"fresher {i}" for i in range(30)]


def test_freshers_of_a_hall_are_no_burst(db: Warehouse) -> None:
    """They sign up in one week, share the hall's address and chat group, and two by two a computer."""
    rows = [account(a, registered_at=60 + i / 10) for i, a in enumerate(HALL)]
    rows += [order(f"of {a}", a, f"shop {i % 9}", 70 + i, ship_to_id="hall") for i, a in enumerate(HALL)]
    rows += [device(a, f"computer {i // 2}", 60, 170) for i, a in enumerate(HALL)]
    rows += [chat(f"to {a}", a, HALL[i - 1], "url", "group", 65 + i) for i, a in enumerate(HALL)]
    fill(db, [*platform(), *rows])
    night(db, "scores")
    assert db.rows("SELECT count(*) FROM ties WHERE entity_id IN ('hall', 'group')") != [(0,)], "they are tied"
    assert (
        db.rows("SELECT account_id FROM members SEMI JOIN ring_scores USING (ring) WHERE account_id LIKE 'fresher%'")
        == []
    )
