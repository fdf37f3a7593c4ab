"""What hangs together, and work group by group: on the cluster as in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.connected import connected
from graph.db import Db
from jobs.warehouse import Warehouse
from tests.spark.grouped import SIZES, Pairs, all_shapes, answer, ask, chain, couples, cycle, frame, hanging, star

pytest.importorskip("pyspark", reason="Spark's client is an extra: pip install .[spark]")
pytest.importorskip("pysail", reason="Sail is an extra: pip install .[spark]")

from jobs.spark.session import connected as session_of
from jobs.spark.stars import stars
from jobs.spark.tables import SparkTables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXAMPLES = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path_factory.mktemp("groups") / "w.duckdb", threads=2) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with session_of("local") as session:
        yield session


@st.composite
def markets(draw: st.DrawFn) -> Pairs:
    """Chains, stars, cycles and couples of shuffled names, which may touch; some pairs said twice, or of one."""
    names = draw(st.permutations([f"a{i:02}" for i in range(draw(st.integers(1, 40)))]))
    cuts = sorted(draw(st.sets(st.integers(1, len(names)), max_size=6)) | {len(names)})
    pairs = Pairs()
    for start, end in pairwise([0, *cuts]):
        pairs += draw(st.sampled_from([chain, star, cycle, couples]))(names[start:end])
    one = st.sampled_from(names)
    return draw(st.permutations([*pairs, *draw(st.lists(st.tuples(one, one), max_size=4))]))


def by_statements(db: Db, pairs: Pairs) -> Pairs:
    db.put("met", frame(pairs))
    stars(db, "hanging", "SELECT a, b FROM met WHERE b <> $nobody", nobody="nobody")
    return db.frame("SELECT component, account_id FROM hanging ORDER BY ALL").rows()


@EXAMPLES
@given(markets())
def test_statements_find_what_hangs_together(warehouse: Warehouse, pairs: Pairs) -> None:
    assert by_statements(warehouse, pairs) == hanging(pairs)


@EXAMPLES
@given(markets())
def test_so_does_memory(pairs: Pairs) -> None:
    met = [(a, b) for a, b in pairs if a != b]
    assert connected(frame(met)).rows() == hanging(met)


def test_groups_on_duckdb(warehouse: Warehouse) -> None:
    assert ask(warehouse, SIZES) == answer(SIZES)


@pytest.mark.parametrize("rows_here", [10**6, 0])
def test_groups_on_sail(session: SparkSession, tmp_path: Path, rows_here: int) -> None:
    db = SparkTables(session, tmp_path, rows_here)
    assert ask(db, SIZES) == answer(SIZES)
    assert ask(db, {}) == []
    db.put("met", frame(all_shapes()))
    db.connect("hanging", "SELECT a, b FROM met WHERE a <> b")
    assert db.frame("SELECT component, account_id FROM hanging ORDER BY ALL").rows() == hanging(all_shapes())
    db.put("met", frame([]))
    db.connect("hanging", "SELECT a, b FROM met")
    assert db.frame("SELECT * FROM hanging").is_empty()


@pytest.mark.parametrize(("rows_here", "where"), [(3, "here"), (2, "cluster")])
def test_what_is_little_is_done_here(session: SparkSession, tmp_path: Path, rows_here: int, where: str) -> None:
    done: list[str] = []

    class Watched(SparkTables):
        def put(self, table: str, frame: pl.DataFrame) -> None:
            done.append("here")
            super().put(table, frame)

        def make(self, table: str, sql: str, **params: object) -> None:
            done.append("cluster")
            super().make(table, sql, **params)

    db = Watched(session, tmp_path, rows_here)
    db.put("met", frame(chain(["a", "b", "c", "d"])))
    done.clear()
    db.connect("hanging", "SELECT a, b FROM met")
    assert set(done) == {where}
