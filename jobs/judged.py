"""What analysts' verdicts say of the lists: which listings were right, and a precision that no choice has biased.

A verdict speaks for the listing that the analyst had seen: the last before the decision, with its rank, score and
typology of that night. Verdicts on what people chose to look at are biased toward the top; the audit sample is drawn by
chance, so that the precision among it is not. Every ring has one chance to be drawn, on the night it is first listed,
whatever verdicts do to it later.
"""

from __future__ import annotations

import hashlib
from math import log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from graph.decisions import counting
from graph.lessons import decided_rings, newest
from jobs import verdict_journal
from jobs.errors import UsageError
from jobs.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 10
"""Bands of a tenth of the score."""
A_BAND = 2
"""Rings drawn of each night's newly listed in each band: twenty on a first night, then a few a night."""
COLUMNS = ("subject_id", "verdict", "decided_at", "action_taken")

BAND = (pl.col("score") * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)


def verdicts(warehouse: Path, markers: Sequence[str]) -> pl.DataFrame:
    """All verdicts, from labels and from the journal, oldest first: `subject_id`, `verdict`, `decided_at`,
    `action_taken`, `counts`. One a subject and time: the newest drop's, and before it the one given by command."""
    given = [verdict_journal.read(warehouse).select(COLUMNS)]
    with Warehouse.open(warehouse, read_only=True) as db:
        there = db.tables()
        if "labels_rows" in there:
            given.append(db.frame(f"SELECT {', '.join(COLUMNS)} FROM labels_rows ORDER BY drop_date DESC, line DESC"))
    return (
        pl.concat(given)
        .unique(["subject_id", "decided_at"], keep="first", maintain_order=True)
        .with_columns(counting(markers).alias("counts"))
        .sort("decided_at", "subject_id", "verdict")
    )


def by_verdict(listed: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """One row an account that was decided on, itself or (where not) through its ring: its last listing before that.

    `listed`: one row an account and night, `run_date`, `account_id`, `ring_id`, `rank`, `score`, `typology`. The same
    columns, and `good`.
    """
    last = newest(decided)
    by_ring = last.join(listed.with_columns(pl.col("ring_id").alias("subject_id")), on="subject_id")
    by_account = last.join(listed.with_columns(pl.col("account_id").alias("subject_id")), on="subject_id")
    both = [by_ring.with_columns(pl.lit(False).alias("own")), by_account.with_columns(pl.lit(True).alias("own"))]
    return (
        pl.concat(both)
        .filter(pl.col("run_date") <= pl.col("decided_at").dt.date())
        .filter(pl.col("run_date") == pl.col("run_date").max().over("subject_id"))
        .sort("account_id", "own", "decided_at", "subject_id")
        .unique("account_id", keep="last", maintain_order=True)
        .select(*listed.columns, (pl.col("verdict") == "confirmed").alias("good"))
    )


def rings_by_verdict(listed: pl.DataFrame, rings: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """One row a ring that was decided on: `rings` (`run_date`, `ring_id`, `rank`, `score`, `typology`) at its last
    listing before, and `good`."""
    return decided_rings(decided, listed).join(rings, on=["run_date", "ring_id"]).select(*rings.columns, "good")


def planted(truth: Path) -> set[str]:
    """Accounts of the rings of a synthetic market. Raises UsageError for another file."""
    try:
        return set(pl.read_parquet(truth, columns=["account_id"])["account_id"])
    except (OSError, pl.exceptions.PolarsError) as failure:
        raise UsageError(f"--truth {truth}: not a truth.parquet, as simulate writes one") from failure


def rings_by_truth(rings: pl.DataFrame, bad: set[str]) -> pl.DataFrame:
    """One row a ring at its last listing: the columns of `rings` but `accounts`, and `good`: most of it is planted."""
    last = rings.sort("run_date", "ring_id").unique("ring_id", keep="last", maintain_order=True)
    good = [2 * len(bad.intersection(accounts)) > len(accounts) for accounts in last["accounts"]]
    return last.drop("accounts").with_columns(pl.Series("good", good, dtype=pl.Boolean))


def drawn(rings: pl.DataFrame) -> pl.DataFrame:
    """The audit sample, one row a ring drawn: `rings` of the night it was first listed, `band`, and `stands_for`, how
    many of that night's newly listed rings of its band.

    Of each night's newly listed rings, `A_BAND` of each band of scores: those whose lot, a hash of their name, is
    lowest. So whoever draws draws the same, and what is decided on a ring does not change whether it is drawn.
    """
    first = rings.sort("run_date", "ring_id").unique("ring_id", keep="first", maintain_order=True)
    lots = [hashlib.sha256(f"audit|{i}".encode()).hexdigest() for i in first["ring_id"]]
    stratum = ["run_date", "band"]
    return (
        first.with_columns(BAND.alias("band"), pl.Series("lot", lots, dtype=pl.String))
        .sort(*stratum, "lot")
        .with_columns(pl.len().over(stratum).alias("of"))
        .group_by(stratum, maintain_order=True)
        .head(A_BAND)
        .with_columns((pl.col("of") / pl.len().over(stratum)).alias("stands_for"))
        .select(*rings.columns, "band", "stands_for")
    )


def audited(sample: pl.DataFrame, rings: pl.DataFrame) -> tuple[int, int, float, float] | None:
    """Of the audit sample decided so far (`rings`: `ring_id`, `good`): confirmed, decided, the precision of all rings
    when first listed, and the number of rings drawn evenly that would say as much; None where none is decided.

    Each band counts as many rings as were newly listed in it (post-stratification), one with none decided not at all.
    """
    told = sample.join(rings.select("ring_id", "good"), on="ring_id")
    if told.is_empty():
        return None
    of_band = sample.group_by("band").agg(pl.col("stands_for").sum().alias("all"))
    weight = pl.col("stands_for") * pl.col("all") / pl.col("stands_for").sum().over("band")
    told = told.join(of_band, on="band").sort("band", "ring_id").with_columns(weight.alias("weight"))
    rows: list[tuple[float, bool]] = told.select("weight", "good").rows()
    total = sum(w for w, _ in rows)
    share = sum(w for w, good in rows if good) / total
    return sum(good for _, good in rows), len(rows), share, total**2 / sum(w * w for w, _ in rows)


def interval(share: float, n: float) -> tuple[float, float]:
    """95 % confidence interval of a share among n (Wilson 1927), which a small sample needs more than its share."""
    z = 1.96
    centre, spread = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max((centre - spread) / (1 + z * z / n), 0.0), min((centre + spread) / (1 + z * z / n), 1.0)


def psi(one: Sequence[int], other: Sequence[int]) -> float:
    """Population stability index of two rows of counts, bin by bin; half a count in every bin keeps empty ones from
    exploding."""
    shares = [[(count + 0.5) / (sum(counts) + len(counts) / 2) for count in counts] for counts in (one, other)]
    return sum([(a - b) * log(a / b) for a, b in zip(shares[0], shares[1], strict=True)], 0.0)


def psi_by_chance(one: Sequence[int], other: Sequence[int]) -> float:
    """What the index is on average where nothing changed (Yurdakul 2018): high where there is little to count."""
    return (len(one) - 1) * (1 / max(sum(one), 1) + 1 / max(sum(other), 1))


def in_bands(scores: pl.Series) -> list[int]:
    """How many scores each band holds."""
    held = dict(pl.DataFrame({"score": scores}).select(BAND.alias("band")).group_by("band").len().iter_rows())
    return [held.get(band, 0) for band in range(BINS)]
