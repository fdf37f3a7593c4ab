"""What changes over weeks and nights: typologies, campaign seasons, operators that come back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph.explore_ring import dated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.explore import Night

Season = tuple[str, tuple[int, int], tuple[int, int]]
"""Name, first and last (month, day) of every year."""
SEASONS: tuple[Season, ...] = (("6.18", (6, 1), (6, 20)), ("双11", (10, 20), (11, 11)))
"""The main days of the two great sales; presales differ by platform and year, so give your own where they matter."""


AROUND = timedelta(weeks=8)
"""Before and after a season, to compare it with: far enough to be ordinary, near enough to be the same market."""
FEW = 10
"""Acts; of fewer nothing can be said."""


def weekly_acts(night: Night, weeks: int = 52) -> pl.DataFrame:
    """What the rings on tonight's list did in the last weeks, week by week: `week` (its Monday), `typology`, `acts`,
    `accounts`, `rings`.

    The last weeks are low where complaints are still to come; a ring that left the list left these figures too.
    """
    acts = dated(night.table("evidence")).with_columns(pl.col("happened_at").dt.truncate("1w").dt.date().alias("week"))
    return (
        acts.filter(pl.col("week") > night.date - timedelta(weeks=weeks))
        .group_by("week", "typology")
        .agg(
            pl.struct("table", "key", "fact").n_unique().cast(pl.Int64).alias("acts"),
            pl.col("account_id").n_unique().cast(pl.Int64).alias("accounts"),
            pl.col("ring_id").n_unique().cast(pl.Int64).alias("rings"),
        )
        .sort("week", "typology")
    )


def nightly_rings(nights: Sequence[Night]) -> pl.DataFrame:
    """Of each night and typology: `night`, `typology`, `rings`, `new`, `accounts`, `loss_cny`, `open_cny`."""
    columns = ("typology", "lifecycle", "n_accounts", "loss_cny", "open_cny")
    every = [night.table("rings").select(*columns, pl.lit(night.date).alias("night")) for night in nights]
    return (
        pl.concat(every)
        .group_by("night", "typology")
        .agg(
            pl.len().cast(pl.Int64).alias("rings"), (pl.col("lifecycle") == "new").sum().cast(pl.Int64).alias("new"),
            pl.col("n_accounts").sum().alias("accounts"), pl.col("loss_cny", "open_cny").sum(),
        )
        .sort("night", "typology")
    )  # fmt: skip


def repeat_operators(nights: Sequence[Night]) -> pl.DataFrame:
    """Operators of the newest night that closed accounts and still have others, most closings first: `operator_id`,
    `n_accounts`, `n_closed`, `n_shops`, `first_registered_at`, `last_closed_at`, `ring_id` of tonight, `nights` on
    which a ring held it. A shop that failed once is one too: read the ring's reasons."""
    newest = max(nights, key=lambda night: night.date)
    held = pl.concat(
        [n.table("operators").drop_nulls("ring_id").select("operator_id") for n in nights]
    ).group_by("operator_id").agg(pl.len().cast(pl.Int64).alias("nights"))  # fmt: skip
    operators = newest.table("operators").with_columns(pl.col("accounts").list.len().cast(pl.Int64).alias("n_accounts"))
    columns = (
        "operator_id", "n_accounts", "n_closed", "n_shops", "first_registered_at", "last_closed_at", "ring_id",
        "nights",
    )  # fmt: skip
    return (
        operators.filter((pl.col("n_closed") > 0) & (pl.col("n_closed") < pl.col("n_accounts")))
        .join(held, on="operator_id", how="left")
        .with_columns(pl.col("nights").fill_null(0))
        .sort("n_closed", "n_shops", "operator_id", descending=[True, True, False])
        .select(columns)
    )


def in_season(weeks: pl.DataFrame, seasons: Sequence[Season] = SEASONS) -> pl.DataFrame:
    """How busy each typology is in a season beside the eight weeks before and after it: `season`, `first`, `typology`,
    `in_season` and `around` (mean acts a week), `times`. Only seasons that the weeks reach into, and typologies with
    `FEW` acts or more in and around one; a week is the season's when its Monday falls into it."""
    schema = {"season": pl.String, "first": pl.Date, "typology": pl.String, "in_season": pl.Float64,
              "around": pl.Float64, "times": pl.Float64}  # fmt: skip
    out = []
    if weeks.height:
        first, last = min(weeks["week"]), max(weeks["week"])
        mondays = [first + timedelta(days=7 * i) for i in range((last - first).days // 7 + 1)]
        acts = {(week, name): n for week, name, n in weeks.select("week", "typology", "acts").iter_rows()}
        for season, start, end in spans(first, last, seasons):
            inside = [m for m in mondays if start <= m <= end]
            near = [m for m in mondays if m not in inside and start - AROUND <= m <= end + AROUND]
            for name in sorted(set(weeks["typology"])):
                one, other = (sum(acts.get((m, name), 0) for m in days) for days in (inside, near))
                if inside and near and one + other >= FEW:
                    rates = one / len(inside), other / len(near)
                    out.append((season, start, name, *rates, rates[0] / rates[1] if other else None))
    return pl.DataFrame(out, schema=schema, orient="row").sort(
        "times", "season", "first", "typology", descending=[True, False, False, False], nulls_last=True
    )


def spans(first: date, last: date, seasons: Sequence[Season] = SEASONS) -> list[tuple[str, date, date]]:
    """The seasons that fall between two days: name, first and last day, cut to those days."""
    found = []
    for year in range(first.year, last.year + 1):
        for name, start, end in seasons:
            one, other = max(first, date(year, *start)), min(last, date(year, *end))
            if one <= other:
                found.append((name, one, other))
    return found
