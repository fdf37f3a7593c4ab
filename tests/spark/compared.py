"""Two engines' answers side by side: the same rows, numbers within 1e-9."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from jobs import published

NEAR = 1e-9


def assert_same(ours: pl.DataFrame, theirs: pl.DataFrame, *, in_order: bool) -> None:
    """Types of numbers may differ (DuckDB counts in 64 bits, Spark in 32), and of nothing DuckDB makes NULL where Spark
    makes an empty list; values may not."""
    left, right = plain(ours), plain(theirs)
    assert left.columns == right.columns
    if not in_order:
        left, right = ordered(left), ordered(right)
    assert_frame_equal(left, right, abs_tol=NEAR, rel_tol=NEAR)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers as doubles, lists without the difference between none and empty."""
    return frame.select(
        pl.col(name).cast(pl.Float64)
        if frame[name].dtype.is_numeric()
        else pl.when(pl.col(name).list.len() > 0).then(pl.col(name))
        if isinstance(frame[name].dtype, pl.List)
        else pl.col(name)
        for name in frame.columns
    )


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """By what is exact first; doubles are rounded for the comparison alone."""
    inexact = [name for name in frame.columns if frame[name].dtype == pl.Float64]
    lists = [name for name in frame.columns if isinstance(frame[name].dtype, pl.List)]
    exact = [name for name in frame.columns if name not in (*inexact, *lists)]
    keys = [*exact, *(pl.col(name).round(6) for name in inexact)]
    return frame.sort(keys, nulls_last=True) if keys else frame


def assert_same_night(ours: Path, theirs: Path, *days: date) -> None:
    """Lists row for row, and the figures that the gates judge, of these nights or of all."""
    for day in days or published.dates(ours / "out"):
        _assert_same(*(published.folder_of(home / "out", day) for home in (ours, theirs)))


def _assert_same(one: Path, other: Path) -> None:
    names = sorted(path.stem for path in one.glob("*.parquet"))
    assert names == sorted(path.stem for path in other.glob("*.parquet"))
    for left, right in zip(published.tables(one, *names), published.tables(other, *names), strict=True):
        assert left.schema == right.schema
        assert_same(left, right, in_order=True)
    run, again = published.run(one), published.run(other)
    assert {key: run[key] for key in ("inputs", "gates", "verdicts")} == {
        key: again[key] for key in ("inputs", "gates", "verdicts")
    }
