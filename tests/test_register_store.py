"""Names of rings are remembered for the nights that were published, and for no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import polars as pl
import pytest

from graph.tables import WATCHLISTS
from jobs import published
from jobs.register_store import PLACE, learn, recall
from jobs.warehouse import Warehouse
from tests.published_nights import run_json

FIRST, SECOND, THIRD = date(2025, 6, 22), date(2025, 6, 29), date(2025, 7, 6)
Rings = dict[str, list[str]]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        yield warehouse


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """No night yet."""
    return tmp_path / "out"


def publish(out: Path, night: date, place: int | None, rings: Rings) -> None:
    """Files of a night as the register reads them; the SHA-256 is the rings themselves."""
    folder = published.folder_of(out, night)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"ring_id": i, "accounts": accounts, "score": 0.5, "typology": "brushing"} for i, accounts in rings.items()]
    schema: dict[str, pl.DataType | type[pl.DataType]]
    schema = {"ring_id": pl.String, "accounts": pl.List(pl.String), "score": pl.Float64, "typology": pl.String}
    pl.DataFrame(rows, schema=schema).write_parquet(folder / "rings.parquet")
    links = [(i, a, "device", f"phone of {i}") for i, accounts in rings.items() for a in accounts]
    names = ("ring_id", "account_id", "entity_kind", "entity_id")
    pl.DataFrame(links, schema=dict.fromkeys(names, pl.String), orient="row").write_parquet(folder / "links.parquet")
    outputs = [{"table": name, "rows": 0, "sha256": json.dumps(rings)} for name in WATCHLISTS]
    (folder / published.RECORD).write_text(run_json(outputs=outputs, **({PLACE: place} if place else {})))


def history(db: Warehouse, out: Path, night: date) -> list[tuple[date, str, str]]:
    recall(db, out, night)
    return db.frame("SELECT run_date, ring_id, account_id FROM register_history").rows()


def test_the_first_night_has_no_history(db: Warehouse, out: Path) -> None:
    assert recall(db, out, FIRST) == 1
    assert history(db, out, FIRST) == []


def test_a_night_finds_what_was_published(db: Warehouse, out: Path) -> None:
    publish(out, FIRST, 1, {"R-aaaaaa": ["a1", "a2"]})
    assert recall(db, out, SECOND) == 2
    assert history(db, out, SECOND) == [(FIRST, "R-aaaaaa", "a1"), (FIRST, "R-aaaaaa", "a2")]
    assert db.frame("SELECT * FROM register_ties").rows() == [
        (FIRST, "R-aaaaaa", account, "device", "phone of R-aaaaaa") for account in ("a1", "a2")
    ]


def test_a_night_looks_at_no_night_published_after_it(db: Warehouse, out: Path) -> None:
    publish(out, FIRST, 1, {"R-aaaaaa": ["a1"]})
    publish(out, THIRD, 2, {"R-bbbbbb": ["b1"]})
    publish(out, SECOND, 3, {"R-cccccc": ["c1"]})
    assert history(db, out, FIRST) == [(FIRST, "R-aaaaaa", "a1")], "itself, for names it gave"
    assert [night for night, _, _ in history(db, out, THIRD)] == [FIRST, THIRD]
    assert [night for night, _, _ in history(db, out, SECOND)] == [FIRST, SECOND, THIRD]
    assert recall(db, out, SECOND) == 3


def test_a_night_run_again_is_replaced_and_keeps_its_place(db: Warehouse, out: Path) -> None:
    publish(out, FIRST, 1, {"R-aaaaaa": ["a1"]})
    recall(db, out, SECOND)
    publish(out, FIRST, 1, {"R-aaaaaa": ["a2"]})
    learn(db, out, FIRST)
    assert history(db, out, SECOND) == [(FIRST, "R-aaaaaa", "a2")]
    assert recall(db, out, FIRST) == 1


def test_a_run_killed_after_publishing_is_mended_by_the_next(db: Warehouse, out: Path) -> None:
    publish(out, FIRST, 1, {"R-aaaaaa": ["a1"]})
    recall(db, out, SECOND)
    publish(out, SECOND, 2, {"R-bbbbbb": ["b1"]})  # and nothing learnt of it
    assert history(db, out, THIRD) == [(FIRST, "R-aaaaaa", "a1"), (SECOND, "R-bbbbbb", "b1")]


def test_a_rebuilt_warehouse_learns_every_night_with_its_place(db: Warehouse, out: Path, tmp_path: Path) -> None:
    for place, night in enumerate((FIRST, THIRD, SECOND), start=1):
        publish(out, night, place, {f"R-aaaaa{place}": ["a1"]})
    recall(db, out, FIRST)
    with Warehouse.open(tmp_path / "rebuilt.duckdb") as rebuilt:
        for night in (FIRST, SECOND, THIRD):
            assert recall(rebuilt, out, night) == recall(db, out, night)
            assert history(rebuilt, out, night) == history(db, out, night)


def test_nights_of_before_places_were_kept_stand_in_their_order(db: Warehouse, out: Path) -> None:
    publish(out, SECOND, None, {"R-bbbbbb": ["b1"]})
    publish(out, FIRST, None, {"R-aaaaaa": ["a1"]})
    assert [recall(db, out, night) for night in (FIRST, SECOND, THIRD)] == [1, 2, 3]


def test_a_lesson_killed_before_any_statement_leaves_the_night_as_it_was(
    db: Warehouse, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, kept = Warehouse.rows, ("register_rows", "register_things", "register_promises")
    for statements in count(1):
        publish(out, FIRST, 1, {"R-aaaaaa": ["a1"]})
        recall(db, out, SECOND)
        publish(out, FIRST, 1, {"R-bbbbbb": ["b1"]})
        asked = count(1)

        def killed(self: Warehouse, sql: str, **params: object) -> list[tuple[object, ...]]:
            if next(asked) == statements:  # noqa: B023 - used within this round alone
                raise KeyboardInterrupt
            return whole(self, sql, **params)

        with monkeypatch.context() as patch:
            patch.setattr(Warehouse, "rows", killed)
            try:
                learn(db, out, FIRST)
                break
            except KeyboardInterrupt:
                pass
        names = [db.rows(f"SELECT DISTINCT ring_id FROM {table}") for table in kept]
        assert names in ([[("R-aaaaaa",)]] * 3, [[("R-bbbbbb",)]] * 3)
        assert history(db, out, SECOND) == [(FIRST, "R-bbbbbb", "b1")], "and the next run mends it"
    assert statements > 5, "it was never alive"


def test_the_next_run_still_knows(db: Warehouse, out: Path) -> None:
    publish(out, FIRST, 1, {"R-aaaaaa": ["a1"]})
    recall(db, out, SECOND)
    db.close()
    with Warehouse.open(db.path) as reopened:
        assert len(history(reopened, out, SECOND)) == 1
