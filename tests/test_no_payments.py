"""Exports that tell of no payment at all: the rings are found, and nothing says that somebody paid on a day."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from graph.explore import open_night
from graph.timeline import timeline
from jobs.evaluate import measure
from jobs.simulate import simulate
from tests.kept import SECOND, lists, ringwatch, told


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market without `paid_at`, and its night."""
    home = tmp_path_factory.mktemp("unpaid")
    simulate(home / "exports", accounts=1000, seed=7, nights=1)
    for path in sorted((home / "exports").rglob("orders*.csv")):
        pl.read_csv(path, infer_schema=False).drop("paid_at").write_csv(path)
    told(ringwatch(home, "nightly"))
    return home


def test_rings_are_found_and_say_so(home: Path) -> None:
    rings, accounts, orders = lists(home, SECOND, "rings", "accounts", "open_orders")
    found = measure(rings, accounts, pl.read_parquet(home / "exports" / "truth.parquet"))
    assert (found.ring_recall or 0) > 0.75, "half of that before anything stood in for the payments"
    assert rings["against"].list.join(" ").str.contains("没有任何付款时间").all()
    assert orders.height > 0
    assert orders["paid_at"].null_count() == orders.height


def test_open_money_without_a_time_is_shown_and_drawn(home: Path) -> None:
    night = open_night(home / "out")
    ring_id = night.open_orders()["ring_id"][0]
    assert "money that can still be saved" in told(ringwatch(home, "show", ring_id))
    timeline(night.ring(ring_id), "en")
