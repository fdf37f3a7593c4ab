"""`measure` against figures worked out by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from jobs import published
from jobs.__main__ import main
from jobs.evaluate import measure
from tests.published_nights import run_json

TYPOLOGIES = pl.List(pl.Struct({"name": pl.String, "score": pl.Float64}))


def rings(*rows: tuple[str, list[str]]) -> pl.DataFrame:
    """Rings in rank order: (typologies joined by blanks, strongest first; accounts)."""
    return pl.DataFrame(
        {
            "rank": range(1, len(rows) + 1),
            "accounts": [accounts for _, accounts in rows],
            "typology": [names.split()[0] for names, _ in rows],
            "typologies": [[{"name": n, "score": 0.5} for n in names.split()] for names, _ in rows],
        },
        schema={
            "rank": pl.Int64,
            "accounts": pl.List(pl.String),
            "typology": pl.String,
            "typologies": TYPOLOGIES,
        },
    )


def accounts(*ids: str) -> pl.DataFrame:
    """Accounts in rank order."""
    return pl.DataFrame(
        {"rank": range(1, len(ids) + 1), "account_id": ids},
        schema={"rank": pl.Int64, "account_id": pl.String},
    )


def truth(**planted: tuple[str, str]) -> pl.DataFrame:
    """Planted rings: ring_id=(typology, members joined by blanks)."""
    rows = [(r, t, a) for r, (t, members) in planted.items() for a in members.split()]
    return pl.DataFrame(rows, schema=["ring_id", "typology", "account_id"], orient="row")


def test_by_hand() -> None:
    planted = truth(A=("two_way", "a1 a2 a3 a4"), B=("pyramid", "b1 b2"), C=("pyramid", "c1 c2"))
    found = rings(
        ("brushing two_way", ["a1", "a2", "x1"]),  # 2 of 5: not found
        ("brushing pyramid", ["b1", "b2", "x2"]),  # 2 of 3: found, named second
        ("two_way", ["a1", "a2", "a3"]),  # 3 of 4: found, named first
        ("pyramid", ["c1", "c2"]),  # perfect, but below the top three
    )
    listed = accounts("a1", "x1", "b1", "b2", "x2", "a3", "c1")
    result = measure(found, listed, planted)
    assert (result.planted, result.listed) == (3, 4)
    assert result.ring_recall == pytest.approx(2 / 3)
    assert result.ring_precision == pytest.approx(2 / 3)
    assert result.typology_first == pytest.approx(1 / 2)
    assert result.typology_any == 1.0
    assert result.typologies == {"pyramid": (2, 1), "two_way": (1, 1)}
    assert result.precision_at[50] == pytest.approx(5 / 7)
    # Hits at ranks 1, 3, 4, 6, 7; a2, a4 and c2 are not listed and divide all the same.
    assert result.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4 + 4 / 6 + 5 / 7) / 8)


def test_a_planted_ring_is_found_once() -> None:
    planted = truth(A=("two_way", "a1 a2 a3 a4"), B=("pyramid", "b1 b2"))
    result = measure(rings(("two_way", ["a1", "a2"]), ("two_way", ["a3", "a4"])), accounts(), planted)
    assert result.ring_recall == 0.5, "two halves of one ring are one ring found"
    assert result.ring_precision == 0.5


def test_the_better_overlap_wins() -> None:
    planted = truth(A=("two_way", "a1 a2"), B=("pyramid", "b1 b2 b3 b4"))
    swollen = rings(("pyramid", ["a1", "b1", "b2", "b3", "b4"]))
    assert measure(swollen, accounts(), planted).typologies == {"pyramid": (1, 1), "two_way": (1, 0)}


def test_capacity_counts_the_first_accounts_only() -> None:
    planted = truth(A=("two_way", " ".join(f"a{n}" for n in range(60))))
    listed = accounts(*(f"a{n}" for n in range(40)), *(f"x{n}" for n in range(80)))
    result = measure(rings(), listed, planted)
    assert result.precision_at == {50: 0.8, 100: 0.4, 200: pytest.approx(40 / 120)}


def test_nothing_listed_and_nothing_planted() -> None:
    nothing = measure(rings(), accounts(), truth(A=("two_way", "a1 a2")))
    assert (nothing.ring_recall, nothing.ring_precision, nothing.average_precision) == (0.0, None, 0.0)
    assert nothing.precision_at[50] is None
    empty = measure(rings(("two_way", ["a"])), accounts("a"), truth())
    assert (empty.planted, empty.ring_recall, empty.average_precision) == (0, None, None)


def test_the_command(tmp_path: Path) -> None:
    night = published.folder_of(tmp_path / "out", date(2025, 6, 22))
    night.mkdir(parents=True)
    (night / published.RECORD).write_text(run_json())
    rings(("two_way", ["a1", "a2"])).write_parquet(night / "rings.parquet")
    accounts("a1", "a2").write_parquet(night / "accounts.parquet")
    truth(A=("two_way", "a1 a2")).write_parquet(tmp_path / "truth.parquet")
    arguments = [
        "evaluate",
        "--watchlists",
        str(tmp_path / "out"),
        "--truth",
        str(tmp_path / "truth.parquet"),
    ]
    as_json = CliRunner().invoke(main, [*arguments, "--json"])
    assert json.loads(as_json.stdout)["ring_recall"] == 1.0
    assert "account average precision" in CliRunner().invoke(main, arguments).stdout
    absent = CliRunner().invoke(main, [*arguments[:-1], str(tmp_path / "no.parquet")])
    assert absent.exit_code == 2
    assert "not a truth.parquet" in absent.stderr
