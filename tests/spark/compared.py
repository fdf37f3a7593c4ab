"""Two engines' answers side by side: the same rows, numbers within 1e-9."""

from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

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
