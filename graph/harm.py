"""Whom a ring or a member harmed, and by how much: the facts summed, in fen; and fen as CNY."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime

    from graph.db import Db

HARM = """
WITH orders_once AS (
    SELECT {by}, order_id, max(exposure_fen) AS exposure_fen, max(loss_fen) AS loss_fen,
           max(warned_fen) AS warned_fen, max(happened_at) AS happened_at
    FROM facts WHERE order_id IS NOT NULL GROUP BY {by}, order_id
),
money AS (
    SELECT {by}, exposure_fen, loss_fen, warned_fen, happened_at FROM orders_once
  UNION ALL
    SELECT {by}, max(exposure_fen), max(loss_fen), 0, max(happened_at)
    FROM facts WHERE order_id IS NULL GROUP BY {by}, export, row_key
),
sums AS (
    SELECT {by}, cast(sum(exposure_fen) AS BIGINT) AS exposure_fen, cast(sum(loss_fen) AS BIGINT) AS loss_fen,
           cast(sum(warned_fen) AS BIGINT) AS warned_fen,
           cast(coalesce(sum(loss_fen) FILTER (WHERE happened_at >= $recent), 0) AS BIGINT) AS recent_fen
    FROM money GROUP BY {by}
),
people AS (
    SELECT {by}, count(DISTINCT victim_id) AS n_victims, min(happened_at) AS first_activity_at,
           max(happened_at) AS last_activity_at,
           array_sort(array_agg(DISTINCT region) FILTER (WHERE victim_id IS NOT NULL AND region IS NOT NULL))
           AS regions,
           array_sort(array_agg(DISTINCT axis)) AS act_axes
    FROM facts GROUP BY {by}
)
SELECT * FROM people JOIN sums USING ({by})
"""
"""Each order counts once, however many kinds of act it shows."""


def harm(db: Db, by: str, recent: datetime) -> pl.DataFrame:
    """One row a ring (`by` "ring") or a member ("ring, account_id"): `n_victims`, money in fen (`recent_fen`: loss
    since `recent`), first and last activity, `regions`, `act_axes`. Reads `facts`."""
    return db.frame(HARM.format(by=by), recent=recent)


def cny(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Replace BIGINT fen columns `<name>_fen` by decimal CNY columns `<name>`, exactly."""
    for name in names:
        fen = frame[f"{name}_fen"].to_list()
        values = [None if f is None else Decimal(f).scaleb(-2) for f in fen]
        frame = frame.drop(f"{name}_fen").with_columns(pl.Series(name, values, dtype=pl.Decimal(18, 2)))
    return frame
