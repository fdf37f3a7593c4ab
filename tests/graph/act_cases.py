"""The form of a case: one kind of act, a market in which it was done, and the innocent twin of that market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from graph.acts import all_acts
from graph.acts.counting import look_up, look_up_messages
from graph.acts.counting import named as parameters_of
from graph.acts.passes import KEYS, ROWS, parameters, within
from graph.db import Db
from graph.settings import Method
from tests.graph.tables_in import NOW, Row, fill, named, night

ACTS = {act.name: act for _, act in all_acts()}


@dataclass(frozen=True)
class Case:
    """`who` did the act in the rows `keys` of `did`, out of `n` chances; in `twin` it had `twin_n` and took none."""

    act: str
    who: str
    did: Sequence[Row]
    keys: tuple[str, ...]
    n: int
    twin: Sequence[Row]
    twin_n: int


def counted(db: Db, cases: Sequence[Case]) -> pl.DataFrame:
    """Every chance of every act in one market of all cases and twins: `act`, `account_id`, `stratum`, `key`, `hit`.

    Ids of case 3 begin with `3+`, those of its twin with `3-`. `acted` and `totals` are left in `db`.
    """
    rows = [
        row
        for number, case in enumerate(cases)
        for side, market in (("+", case.did), ("-", case.twin))
        for row in named(market, f"{number}{side}")
    ]
    fill(db, rows)
    night(db, "acts")
    names = parameters_of(Method().acts, NOW)
    look_up_messages(db, names)
    look_up(db, Method().acts, names, Method().ties.burst_hours)
    return pl.concat(chances(db, name) for name in sorted({case.act for case in cases}))


SLOW = """
WITH rows AS (
    SELECT {who} AS account_id, {within} AS within, {key} AS key, coalesce({hit}, FALSE) AS hit
    FROM {table} WHERE {chance}
),
sized AS (
    SELECT r.*, coalesce(a.kind, 'person') AS kind, count(*) OVER (PARTITION BY r.account_id) AS n
    FROM rows AS r LEFT JOIN accounts AS a USING (account_id)
)
SELECT $act AS act, account_id, CAST({stratum} AS VARCHAR) AS stratum, key, hit FROM sized ORDER BY ALL
"""


def chances(db: Db, name: str) -> pl.DataFrame:
    """Every chance of one kind of act, row by row."""
    act, of = ACTS[name], within(ACTS[name])
    key = KEYS[act.table]
    sql = SLOW.format(
        who=act.who, within=of, key=key, table=ROWS[act.table],
        hit=act.hit or f"{key} IN (SELECT {key} FROM {act.listed})",
        chance=f"({act.chance}) AND {act.who} IN (SELECT account_id FROM {act.among})" if act.among else act.chance,
        stratum="within" if of == act.stratum else act.stratum,
    )  # fmt: skip
    return db.frame(sql, **parameters(sql, {**parameters_of(Method().acts, NOW), "act": name}))


def outcome(found: pl.DataFrame, number: int, case: Case) -> tuple[tuple[int, list[str]], tuple[int, list[str]]]:
    """(chances, keys of acts) of the case's account, and of its twin."""

    def of(side: str) -> tuple[int, list[str]]:
        prefix = f"{number}{side}"
        own = found.filter(pl.col("act") == case.act, pl.col("account_id") == prefix + case.who)
        return len(own), [key.removeprefix(prefix) for key in own.filter("hit")["key"].sort()]

    return of("+"), of("-")
