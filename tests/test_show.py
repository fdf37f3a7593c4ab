"""One ring on a terminal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.tables import WATCHLISTS
from jobs import published
from jobs.__main__ import main
from tests.published_nights import run_json

NIGHT = datetime(2025, 6, 22, 12)
ROWS: dict[str, dict[str, object]] = {
    "rings": {
        "rank": 1, "ring_id": "R-abcdef", "score": 0.912, "typology": "two_way",
        "typologies": [{"name": "two_way", "score": 0.9}, {"name": "brushing", "score": 0.25}],
        "action": "refer", "refer_to": "police", "accounts": ["a1", "a2"], "n_accounts": 2, "n_devices": 1,
        "n_payees": 1, "n_victims": 3, "exposure_cny": Decimal("1234.50"), "loss_cny": Decimal("1000.00"),
        "open_cny": Decimal("99.00"), "exposure_warned_cny": Decimal(0), "priority": 1.0,
        "first_activity_at": NIGHT, "last_activity_at": NIGHT, "lifecycle": "new", "previous_ring_ids": [],
        "regions": [], "axes": [],
        "weakest_tie": "device d1 [kiosk]", "reasons": ["两头吃 [3 次]"], "against": ["一家人"],
        "verdict": None,
    },
    "accounts": {
        "rank": 1, "account_id": "a1", "ring_id": "R-abcdef", "score": 0.8, "role": "both",
        "typology": "two_way", "n_victims": 3, "exposure_cny": Decimal(1), "loss_cny": Decimal(1),
        "region": None, "reasons": [], "against": [], "verdict": None,
    },
    "links": {
        "ring_id": "R-abcdef", "account_id": "a2", "entity_kind": "device", "entity_id": "d1", "weight": 3.2,
        "first_seen_at": NIGHT, "last_seen_at": NIGHT,
    },
}  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A published night of one ring."""
    night = tmp_path / "run_date=2025-06-22"
    night.mkdir()
    (night / published.RECORD).write_text(run_json())
    for name, table in WATCHLISTS.items():
        schema = pl.from_arrow(table.schema.empty_table()).schema  # type: ignore[union-attr]
        rows = [ROWS[name]] if name in ROWS else []
        pl.DataFrame(rows, schema=schema).write_parquet(night / f"{name}.parquet")
    return tmp_path


def show(ring_id: str, out: Path, *more: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["show", ring_id, "--watchlists", str(out), *more])


def test_everything_that_matters(out: Path) -> None:
    text = show("R-abcdef", out).stdout
    for part in (
        "run_date=2025-06-22", "score 0.912", "two_way 0.90", "brushing 0.25",
        "proposed: refer, refer to police", "1,234.50 CNY", "open 99.00", "+ 两头吃 [3 次]", "- 一家人",
        "device d1 [kiosk]", "a1", "both",
        "d1", "3.20", "money that can still be saved: none",
    ):  # fmt: skip
        assert part in text, part


def test_a_ring_that_is_not_there(out: Path) -> None:
    result = show("R-abcdeg", out)
    assert result.exit_code == 2
    assert "Did you mean R-abcdef?" in result.stderr


def test_a_night_that_is_not_there(out: Path) -> None:
    assert "no night of 2025-01-01" in show("R-abcdef", out, "--run-date", "2025-01-01").stderr
