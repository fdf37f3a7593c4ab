"""Two nights of synthetic exports made by another hand, with real ones' dirt, where they lie beside the checkout."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from jobs import published
from jobs.nightly import nightly
from jobs.settings import Settings

DROP = Path(__file__).parents[2] / "shared" / "drop"
pytestmark = pytest.mark.skipif(not DROP.is_dir(), reason="no drop of another hand beside the checkout")
REASONS = {
    "negative number": 1,
    "wrong number of fields": 2,
    "bad type": 1,
    "missing value": 1,
    "not one of the allowed values": 3,
    "paid_at before placed_at": 1,
    "broken JSON": 1,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("other")
    nightly(DROP, home / "w.duckdb", home / "out", None, True, Settings())
    return home


def tables(home: Path) -> dict[str, str]:
    files = sorted((home / "out").glob("run_date=*/*.parquet"))
    return {str(f.relative_to(home)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def rows(home: Path) -> list[tuple[str, int]]:
    with duckdb.connect(str(home / "w.duckdb"), read_only=True) as con:
        names = ("orders_rows", "accounts_rows", "devices_rows", "chat_links_rows", "rejects_rows", "files")
        counted = [con.execute(f"SELECT count(*) FROM {name}").fetchone() for name in names]
        return [(name, count[0]) for name, count in zip(names, counted, strict=True) if count]


def test_both_nights_run(home: Path) -> None:
    assert published.dates(home / "out") == [date(2025, 6, 22), date(2025, 6, 29)]
    for day in published.dates(home / "out"):
        (rings,) = published.tables(published.night(home / "out", day), "rings")
        assert len(rings) > 0


def test_ten_rows_are_set_aside_each_with_its_place_and_reason(home: Path) -> None:
    first = published.night(home / "out", date(2025, 6, 22))
    (rejects,) = published.tables(first, "rejects")
    assert len(rejects) == 10
    assert dict(rejects.group_by("reason").len().iter_rows()) == REASONS
    assert rejects.select(pl.col("file", "line", "raw").is_null().any()).row(0) == (False, False, False)
    whole = rejects.filter(pl.col("column").is_null())["reason"].unique().sort().to_list()
    assert whole == ["broken JSON", "wrong number of fields"]


def test_loading_both_nights_again_changes_nothing(home: Path) -> None:
    before, held = tables(home), rows(home)
    for day in (date(2025, 6, 22), date(2025, 6, 29)):
        nightly(DROP, home / "w.duckdb", home / "out", day, False, Settings())
    assert tables(home) == before
    assert rows(home) == held
