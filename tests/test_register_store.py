"""Names of rings are remembered for the nights that were published, and for no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from jobs.register_store import recall, remembered
from jobs.warehouse import Warehouse

FIRST, SECOND = date(2025, 6, 22), date(2025, 6, 29)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        yield warehouse


def publish(db: Warehouse, night: date, *members: tuple[str, str]) -> None:
    recall(db, night)
    rows = [(ring, account, 0.5) for ring, account in members]
    schema = {"ring_id": pl.String, "account_id": pl.String, "score": pl.Float64}
    db.put("ring_accounts", pl.DataFrame(rows, schema=schema, orient="row"))
    with remembered(db, night):
        pass


def history(db: Warehouse, night: date) -> list[tuple[date, str, str, float]]:
    recall(db, night)
    return db.frame("SELECT * FROM register_history").rows()


def test_the_first_night_has_no_history(db: Warehouse) -> None:
    assert history(db, FIRST) == []


def test_a_night_finds_the_others_but_not_itself(db: Warehouse) -> None:
    publish(db, FIRST, ("R-aaaaaa", "a2"), ("R-aaaaaa", "a1"))
    publish(db, SECOND, ("R-bbbbbb", "b1"))
    assert history(db, SECOND) == [(FIRST, "R-aaaaaa", "a1", 0.5), (FIRST, "R-aaaaaa", "a2", 0.5)]
    assert history(db, FIRST) == [(SECOND, "R-bbbbbb", "b1", 0.5)]


def test_a_night_run_again_is_replaced(db: Warehouse) -> None:
    publish(db, FIRST, ("R-aaaaaa", "a1"))
    publish(db, FIRST, ("R-cccccc", "c1"))
    publish(db, FIRST, ("R-cccccc", "c1"))
    assert history(db, SECOND) == [(FIRST, "R-cccccc", "c1", 0.5)]


def test_a_night_that_was_not_published_is_not_remembered(db: Warehouse) -> None:
    publish(db, FIRST, ("R-aaaaaa", "a1"))
    db.make("ring_accounts", "SELECT 'R-bbbbbb' AS ring_id, 'b1' AS account_id, 0.5::DOUBLE AS score")
    with pytest.raises(OSError, match="disk"), remembered(db, FIRST):
        raise OSError("disk full")
    assert history(db, SECOND) == [(FIRST, "R-aaaaaa", "a1", 0.5)]


def test_the_next_run_still_knows(db: Warehouse) -> None:
    publish(db, FIRST, ("R-aaaaaa", "a1"))
    db.close()
    with Warehouse.open(db.path) as reopened:
        assert len(history(reopened, SECOND)) == 1
