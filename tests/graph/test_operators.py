"""The register of subjects, and what each member was to its ring."""

from __future__ import annotations

import polars as pl
import pytest

from graph.operators import operators
from graph.roles import roles
from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, fill, night, on_one_device, order, shop

RINGS: dict[str, pl.DataType | type[pl.DataType]] = {"ring": pl.Int64, "ring_id": pl.String, "account_id": pl.String}


def ringed(db: Warehouse, *accounts: str) -> None:
    """Make `members`, `ring_names` and `ring_typologies` of one ring `R-aaaaaa`; whose orders leaked is none of it."""
    frame = pl.DataFrame([(1, "R-aaaaaa", a) for a in accounts], schema=RINGS, orient="row")
    db.put("members", frame.select("ring", "account_id"))
    db.put("sources", frame.select("ring", "account_id").clear())
    db.put("ring_names", frame.select("ring", "ring_id").unique())
    db.put("ring_typologies", pl.DataFrame({"ring": [1, 1], "typology": ["confirm_first", "unpaid_harvest"]}))


def held(db: Warehouse, rows: list[Row], *members: str) -> dict[tuple[str, ...], dict[str, object]]:
    fill(db, rows)
    night(db, "ties")
    ringed(db, *members)
    return {tuple(row["accounts"]): row for row in operators(db).iter_rows(named=True)}


def test_an_operator_is_held_by_owner_licence_phone_or_payee(db: Warehouse) -> None:
    rows = [
        shop("a", owner_id="x"), shop("b", owner_id="x", licence_id="l"), shop("c", licence_id="l", phone_id="n"),
        account("d", phone_id="n"), order("1", "p", "d", payee_id="pocket"), order("2", "q", "e", payee_id="pocket"),
    ]  # fmt: skip
    found = held(db, rows, "c")
    assert list(found) == [("a", "b", "c", "d", "e")]
    row = found["a", "b", "c", "d", "e"]
    assert (row["n_shops"], row["n_licences"], row["ring_id"]) == (3, 1, "R-aaaaaa")


@pytest.mark.parametrize(
    "rows",
    [
        on_one_device("a", "b"),
        [order("1", "a", "p", payer_id="x"), order("2", "b", "q", payer_id="x")],
        [order("1", "a", "p", ship_to_id="x"), order("2", "b", "q", ship_to_id="x")],
        [account("a", owner_id="x"), account("b", owner_id="y")],
    ],
    ids=["device", "payer", "address", "owners of their own"],
)
def test_a_household_is_no_operator(db: Warehouse, rows: list[Row]) -> None:
    assert held(db, rows) == {}


def test_an_agency_with_a_crowd_of_clients_is_no_operator(db: Warehouse) -> None:
    rows = [order(f"{i}", f"p{i}", f"s{i:02}", payee_id="agency") for i in range(12)]
    assert held(db, rows) == {}


def test_the_name_of_an_operator_stays_as_long_as_its_first_account(db: Warehouse) -> None:
    rows = [shop("a", owner_id="x"), shop("b", owner_id="x")]
    before = held(db, rows)["a", "b"]["operator_id"]
    after = held(db, [*rows, shop("c", owner_id="x", registered_at=170, banned_at=175)])["a", "b", "c"]
    assert after["operator_id"] == before
    assert (after["n_closed"], str(before)[:2]) == (1, "O-")


def test_nobody_is_held_by_nothing(db: Warehouse) -> None:
    assert held(db, []) == {}


Told = tuple[str, str, str, float]
"""Account, typology, side, nats."""


@pytest.mark.parametrize(
    ("told", "rows", "role"),
    [
        ([], [], "holder"),
        ([("a", "confirm_first", "seller", 3.0)], [], "seller"),
        ([("a", "unpaid_harvest", "buyer", 3.0)], [], "buyer"),
        ([("a", "confirm_first", "seller", 3.0), ("a", "unpaid_harvest", "buyer", 3.0)], [], "both"),
        ([("a", "confirm_first", "seller", 3.0), ("a", "unpaid_harvest", "buyer", 0.5)], [], "seller"),
        ([("a", "confirm_first", "seller", 0.5)], [], "holder"),
        ([("a", "pyramid", "seller", 9.0)], [], "holder"),
        ([("a", "confirm_first", "promoter", 3.0)], [], "promoter"),
        ([("a", "confirm_first", "sender", 3.0)], [], "promoter"),
        ([("a", "confirm_first", "sender", 3.0)], [order("1", "p", "a")], "seller"),
        ([("a", "confirm_first", "organiser", 3.0)], [], "organiser"),
        ([("a", "confirm_first", "organiser", 3.0)], [account("a", inviter_id="stranger")], "organiser"),
        ([("a", "confirm_first", "organiser", 3.0)], [account("a", inviter_id="b")], "promoter"),
    ],
    ids=["no acts", "sold", "bought", "two sides", "one late parcel beside", "one late parcel",
         "not the ring's typology", "streamed", "wrote", "wrote and sells", "recruited", "recruited from outside",
         "recruited in the middle"],
)  # fmt: skip
def test_roles(db: Warehouse, told: list[Told], rows: list[Row], role: str) -> None:
    fill(db, [account("b"), *rows])
    night(db, "ties")
    text = dict.fromkeys(("account_id", "typology", "side"), pl.String)
    db.put("told", pl.DataFrame(told, schema={**text, "nats": pl.Float64}, orient="row"))
    ringed(db, "a", "b")
    assert dict(roles(db).select("account_id", "role").iter_rows()) == {"a": role, "b": "holder"}
