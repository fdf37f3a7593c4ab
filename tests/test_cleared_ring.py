"""A ring that an analyst cleared: off while its ties repeat, back with the reason when a member acts.

The planted, synthetic market is dropped whole every night; only the last drop holds something new.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from graph.exports import EXPORTS
from jobs import published
from jobs.__main__ import main
from jobs.nightly import nightly
from jobs.settings import PublishSettings, Settings
from tests.graph.planted import RING, market, sales
from tests.graph.tables_in import ACCOUNT_COLUMNS, Row, account, at, on_one_device

NIGHTS = [date(2025, 6, 22) + timedelta(days=10 * n) for n in range(4)]
SETTINGS = Settings(publish=PublishSettings(language="en"))


def drop(folder: Path, rows: Sequence[Row]) -> None:
    """The rows as CSV exports; who is met and not introduced signed up long ago."""
    known = {r.values["account_id"] for r in rows if r.table == "accounts"}
    met = {str(r.values[c]) for r in rows for c in ACCOUNT_COLUMNS if r.values.get(c) is not None} - known
    rows = [*rows, *(account(a, registered_at=-4.0 * n) for n, a in enumerate(sorted(met), start=10))]
    folder.mkdir(parents=True)
    for export in EXPORTS[:4]:
        of = [r.values for r in rows if r.table == export.name]
        columns = {c.name: [_cell(c.type, r.get(c.name)) for r in of] for c in export.columns}
        pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).write_csv(folder / f"{export.name}.csv")


def _cell(kind: str, value: object) -> str | None:
    if kind == "timestamp" and isinstance(value, int | float):
        return at(value).isoformat(timespec="seconds")
    return None if value is None else str(value).lower() if kind == "boolean" else str(value)


def late_sales() -> list[Row]:
    """A member confirms first again, three weeks after it was cleared."""
    rows = sales("s1", 9, 9, n=9, day=195)
    return [
        Row(r.table, {**r.values, "order_id": f"late {r.values['order_id']}", "payee_id": "ring's pocket"})
        for r in rows
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights; after the first the ring was cleared by command."""
    folder = tmp_path_factory.mktemp("home")
    old = [r for r in market() if r.values.get("order_id") != "s1.open"]
    more = on_one_device(*RING[:3], thing="their next phone", first=181, last=190)
    for n, night in enumerate(NIGHTS):
        drop(folder / "drops" / str(night), [*old, *(more if n > 1 else []), *(late_sales() if n > 2 else [])])
    run(folder, NIGHTS[0])
    given = ["--note", "a family", "--decided-at", "2025-06-24", "--warehouse", str(folder / "w.duckdb")]
    assert CliRunner().invoke(main, ["label", name(folder), "cleared", *given]).exit_code == 0
    for night in NIGHTS[1:]:
        run(folder, night)
    return folder


def run(home: Path, night: date) -> None:
    nightly(home / "drops", home / "w.duckdb", home / "out", night, False, SETTINGS)


def rings(home: Path, night: date) -> pl.DataFrame:
    ours = pl.col("accounts").list.contains("s1") | pl.col("accounts").list.contains("s2")
    return published.tables(published.folder_of(home / "out", night), "rings")[0].filter(ours)


def name(home: Path) -> str:
    return str(rings(home, NIGHTS[0])["ring_id"].item())


def test_it_is_off_while_nothing_is_new(home: Path) -> None:
    assert [rings(home, night).height for night in NIGHTS] == [1, 0, 0, 1]
    changes = [published.tables(published.folder_of(home / "out", n), "changes")[0] for n in NIGHTS[:3]]
    assert [c.filter(ring_id=name(home))["change"].to_list() for c in changes] == [["new"], ["cleared"], []]


def test_it_comes_back_under_its_name_with_the_reason(home: Path) -> None:
    [ring] = rings(home, NIGHTS[3]).rows(named=True)
    assert ring["ring_id"] == name(home)
    assert (ring["lifecycle"], ring["verdict"]) == ("revived", "cleared")
    assert any(s.startswith("An analyst cleared it on 2025-06-24; since then its members did") for s in ring["reasons"])


@pytest.mark.slow
def test_nights_run_again_with_the_verdict_are_the_same(home: Path) -> None:
    before = {night: _bytes(home, night) for night in NIGHTS}
    for night in (NIGHTS[0], NIGHTS[3]):
        run(home, night)
    assert {night: _bytes(home, night) for night in NIGHTS} == before


def test_a_rebuilt_warehouse_gets_the_verdict_back(home: Path) -> None:
    before = _bytes(home, NIGHTS[2])
    (home / "w.duckdb").unlink()
    run(home, NIGHTS[2])
    assert _bytes(home, NIGHTS[2]) == before


def _bytes(home: Path, night: date) -> list[bytes]:
    return [path.read_bytes() for path in sorted(published.folder_of(home / "out", night).glob("*.parquet"))]
