"""A crowd around one thing is one hand when most of it does the same, and then only those who do."""

from __future__ import annotations

import pytest

from graph.settings import TieSettings
from jobs.warehouse import Warehouse
from tests.graph.planted import honest, sales
from tests.graph.tables_in import Row, account, fill, night

NUMBER = [f"n{i}" for i in range(9)]
"""Nine sellers who registered one phone number, months apart."""


def on_one_number(acting: int) -> list[Row]:
    """Of nine sellers on one number, so many have most buyers confirm before the code leaves."""
    rows = [account(a, registered_at=-900.0 + 60 * i, phone_id="number") for i, a in enumerate(NUMBER)]
    return rows + [row for i, a in enumerate(NUMBER) for row in sales(a, 7 * (i < acting), n=10)]


def tied(db: Warehouse) -> set[str]:
    pairs = db.rows("SELECT a, b FROM ties WHERE entity_id = 'number'")
    return {account for pair in pairs for account in pair}


def hub(db: Warehouse) -> tuple[object, ...]:
    [found] = db.rows("SELECT treatment, reason FROM hubs_found WHERE entity_id = 'number'")
    return found


@pytest.mark.parametrize("acting", [5, 9])
def test_a_number_ties_those_of_its_users_who_do_the_same(db: Warehouse, acting: int) -> None:
    fill(db, [*on_one_number(acting), *honest(80)])
    night(db, "ties")
    assert (tied(db), hub(db)) == (set(), ("cut", "incoherent"))
    night(db, "scores", after="ties")
    assert (tied(db), hub(db)) == (set(NUMBER[:acting]), ("damped", "alike"))
    [ring] = {r for (r,) in db.rows("SELECT ring FROM members SEMI JOIN ring_scores USING (ring)")}
    assert {a for (a,) in db.rows("SELECT account_id FROM members WHERE ring = $ring", ring=ring)} == set(
        NUMBER[:acting]
    )


def test_a_number_of_few_who_act_stays_cut(db: Warehouse) -> None:
    fill(db, [*on_one_number(4), *honest(80)])
    night(db, "acting_hubs")
    assert (tied(db), hub(db)) == (set(), ("cut", "incoherent"))


@pytest.mark.parametrize("column", ["owner_id", "licence_id"])
def test_a_verified_owner_and_a_licence_of_many_shops_are_one_person(db: Warehouse, column: str) -> None:
    names = [f"o{i}" for i in range(TieSettings().keep + 3)]
    fill(db, [account(a, registered_at=-40.0 * i, **{column: "one"}) for i, a in enumerate(names)])
    night(db, "ties")
    assert db.rows("SELECT count(*) FROM hubs_found") == [(0,)]
    assert {a for pair in db.rows("SELECT a, b FROM ties") for a in pair} == set(names)
