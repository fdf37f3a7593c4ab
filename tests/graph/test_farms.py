"""Farms on a platform that knows little: accounts, one device each, one order each, as public data of shops has it.

Sign-ups in a short window on one device were fraud in 0.91 of cases there, slow sharing in 0.23; an honest customer
looks around for days, a script orders within seconds. All rows here are invented and synthetic.
"""

from __future__ import annotations

import random

import pytest

from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, device, fill, night, order

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
