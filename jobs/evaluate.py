"""How good a night was, against the truth that only a synthetic market has."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from jobs import published
from jobs.errors import UsageError

CAPACITIES = (50, 100, 200)
"""Accounts that a small, a usual and a large team look at in one day."""
ENOUGH = 0.5
"""Jaccard overlap from which a ring counts as found: most of it, and little else."""


@dataclass(frozen=True)
class Found:
    """One planted ring that was found: by which rank, and whether its typology was named first, or at all."""

    ring_id: str
    typology: str
    rank: int
    named_first: bool
    named: bool


@dataclass(frozen=True)
class Evaluation:
    """The figures of one night; None where there is nothing to divide by.

    `typologies` is typology -> (rings planted, rings found), by name.
    """

    planted: int
    listed: int
    ring_recall: float | None
    ring_precision: float | None
    precision_at: dict[int, float | None]
    average_precision: float | None
    typology_first: float | None
    typology_any: float | None
    typologies: dict[str, tuple[int, int]]


def evaluate(watchlists: Path, truth: Path, run_date: date | None, as_json: bool) -> None:
    """Print how a published night compares with `truth.parquet` (ring_id, typology, account_id)."""
    rings, accounts = published.tables(published.night(watchlists, run_date), "rings", "accounts")
    result = measure(rings, accounts, _truth(truth))
    if as_json:
        print(json.dumps(asdict(result), ensure_ascii=False, indent=2))
    else:
        Console().print(_summary(result), _by_typology(result))


def measure(rings: pl.DataFrame, accounts: pl.DataFrame, truth: pl.DataFrame) -> Evaluation:
    """Compare watchlists with planted rings.

    `rings`: one row a ring (rank, accounts, typology, typologies); `accounts`: one row a listed account
    (rank, account_id); `truth`: one row a member of a planted ring (ring_id, typology, account_id). The rings
    judged are the top K, K being the number planted. A planted account that no night could see yet counts as
    missed all the same. Precision at a capacity is over the accounts listed, where they are fewer.
    """
    planted = {
        ring_id: (typology, frozenset(members))
        for ring_id, typology, members in truth.group_by("ring_id")
        .agg(pl.col("typology").min(), pl.col("account_id"))
        .sort("ring_id")
        .iter_rows()
    }
    top = rings.sort("rank").head(len(planted))
    found = _match(top, planted)
    names = [typology for typology, _ in planted.values()]
    ranked = accounts.sort("rank")["account_id"].to_list()
    guilty = frozenset(truth["account_id"].to_list())
    return Evaluation(
        planted=len(planted),
        listed=rings.height,
        ring_recall=_share(len(found), len(planted)),
        ring_precision=_share(len(found), top.height),
        precision_at={n: _share(sum(a in guilty for a in ranked[:n]), len(ranked[:n])) for n in CAPACITIES},
        average_precision=_average_precision(ranked, guilty),
        typology_first=_share(sum(f.named_first for f in found), len(found)),
        typology_any=_share(sum(f.named for f in found), len(found)),
        typologies={n: (names.count(n), sum(f.typology == n for f in found)) for n in sorted(set(names))},
    )


def _match(top: pl.DataFrame, planted: dict[str, tuple[str, frozenset[str]]]) -> list[Found]:
    """Best rank first, each takes the free planted ring it overlaps most; equal overlaps go by ring_id."""
    free = dict(planted)
    found = []
    for row in top.iter_rows(named=True):
        members = frozenset(row["accounts"])
        overlaps = ((_jaccard(members, truth), ring_id) for ring_id, (_, truth) in free.items())
        best, ring_id = min(((-overlap, ring_id) for overlap, ring_id in overlaps), default=(0.0, ""))
        if -best < ENOUGH:
            continue
        typology, _ = free.pop(ring_id)
        named = typology in {t["name"] for t in row["typologies"]}
        found.append(Found(ring_id, typology, row["rank"], row["typology"] == typology, named))
    return found


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _average_precision(ranked: list[str], guilty: frozenset[str]) -> float | None:
    """Mean over the guilty of the precision at each one's rank; one who is not listed adds nothing."""
    hits, total = 0, 0.0
    for rank, account in enumerate(ranked, start=1):
        if account in guilty:
            hits += 1
            total += hits / rank
    return _share(total, len(guilty))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _truth(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=["ring_id", "typology", "account_id"])
    except (OSError, pl.exceptions.PolarsError) as failure:
        raise UsageError(
            f"--truth {path}: not a truth.parquet (ring_id, typology, account_id), as simulate writes one"
        ) from failure


def _summary(result: Evaluation) -> Table:
    table = Table("measure", "value", title=f"{result.planted} rings planted, {result.listed} listed")
    for name, value in (
        ("ring recall in the top K", result.ring_recall),
        ("ring precision in the top K", result.ring_precision),
        *((f"precision at {n} accounts", value) for n, value in result.precision_at.items()),
        ("account average precision", result.average_precision),
        ("typology right, first named", result.typology_first),
        ("typology right, any named", result.typology_any),
    ):
        table.add_row(name, "-" if value is None else f"{value:.3f}")
    return table


def _by_typology(result: Evaluation) -> Table:
    table = Table("typology", "planted", "found")
    for name, (planted, found) in result.typologies.items():
        table.add_row(name, str(planted), str(found))
    return table
