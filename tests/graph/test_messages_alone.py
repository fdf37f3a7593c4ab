"""Platforms of which only messages are known: how many strangers somebody writes to is then an act."""

from __future__ import annotations

import pytest

from graph.settings import Method
from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, chat, fill, night, on_one_device, order

S = Method().acts
TO = [f"r{i}" for i in range(S.reach + 1)]
"""One more than friends of friends would be."""


def links(sender: str, *receivers: str, days: float = 1, kind: str = "url") -> list[Row]:
    """A link to each of them, so many days apart."""
    return [
        chat(f"{sender} to {r}", sender, r, kind, f"site of {sender}", 30 + i * days) for i, r in enumerate(receivers)
    ]


def acts(db: Warehouse, rows: list[Row]) -> set[str]:
    """Keys of the messages that are such an act."""
    fill(db, [*(account(a) for a in ("s", *TO)), *rows])
    night(db, "acts")
    return {key for (key,) in db.rows("SELECT key FROM acts_done WHERE act = 'link_to_many_strangers'")}


def test_links_to_many_strangers_are_acts_and_other_messages_are_not(db: Warehouse) -> None:
    rows = [*links("s", *TO), chat("more", "s", TO[0], "contact", "x", 33), chat("item", "s", TO[1], "item", "y", 33)]
    assert acts(db, rows) == {"more", *(f"s to {r}" for r in TO)}


@pytest.mark.parametrize(
    "innocent",
    [
        links("s", *TO[1:]),
        links("s", *TO, kind="item"),
        links("s", *TO, days=7 * (2 * S.reach_weeks + 1)),
        [*links("s", *TO), chat("asked", TO[0], "s", "item", "y", 20)],
        [*links("s", *TO), *on_one_device("s", TO[3])],
        [*links("s", *TO), order("1", "x", "y")],
    ],
    ids=["few", "listings", "over the months", "who asked is no stranger", "nor who is tied", "orders are known"],
)
def test_few_old_acquaintances_and_platforms_with_orders_are_none(db: Warehouse, innocent: list[Row]) -> None:
    assert acts(db, innocent) == set()
