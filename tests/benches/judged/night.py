"""Our own night on a market, as published, with other settings or other exports where something is left out."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import polars as pl

from graph.settings import Method
from jobs.nightly import nightly
from jobs.settings import EngineSettings, Settings
from tests.benches.judged.markets import NIGHT, Ranked


def night(exports: Path, method: Method) -> Ranked:
    """Rings and accounts as one whole night publishes them, read back from its Parquet."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        work = Path(folder)
        settings = Settings(method=method, engine=EngineSettings(threads=1))
        nightly(exports, work / "warehouse.duckdb", work / "out", NIGHT, False, settings)
        out = work / "out" / f"run_date={NIGHT}"
        rings = pl.read_parquet(out / "rings.parquet", hive_partitioning=False).select(
            "rank",
            "score",
            "accounts",
            "typology",
            pl.col("typologies").list.eval(pl.element().struct.field("name")),
        )
        accounts = pl.read_parquet(out / "accounts.parquet", hive_partitioning=False)
        return Ranked(rings, accounts.select("rank", "account_id"))
