"""SQL from acts: chances of many acts counted in one pass over a table, and the few rows that are acts picked out.

Some forty kinds of act are read from the same few tables. Chances are most of the rows, so acts that share a table, the
column that names the account, and a column to learn rates within are counted by one statement, which looks once at
conditions that several of them share. Acts are few: each kind is one filter, and keeps the keys of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from graph.acts.act import Act
from graph.acts.listed import all_acts

KEYS = {"orders": "order_id", "chat_links": "message_id", "accounts": "account_id"}
"""The column of each table that names a row in evidence."""

ROWS = {"orders": "orders", "chat_links": "chats", "accounts": "accounts"}
"""What is read for a table's acts: messages come with the order they are about."""

_OF_THE_ROW = ("category", "target_kind")
_NONE = "''"


@dataclass
class Pass:
    """Acts whose chances one statement counts. `table` is what it makes: `account_id`, `kind`, `within` (the
    stratum, where it is a column of the row, else empty), and a column n0, n1, ... for each distinct condition."""

    table: str
    rows: str
    who: str
    within: str
    acts: list[tuple[str, Act]] = field(default_factory=list)

    def places(self) -> dict[str, str]:
        """Distinct condition that makes a row a chance -> column that counts it."""
        return {chance: f"n{i}" for i, chance in enumerate(dict.fromkeys(act.chance for _, act in self.acts))}

    def sql(self) -> str:
        """One row an account (and value of `within`) that had a chance of any of the acts."""
        places = self.places()
        flags = ", ".join(f"({chance}) AS {n}" for chance, n in places.items())
        counts = ", ".join(f"cast(count(*) FILTER (WHERE {n}) AS INTEGER) AS {n}" for n in places.values())
        return (
            f"SELECT counted.*, coalesce(a.kind, 'person') AS kind FROM ("
            f"SELECT account_id, within, {counts}"
            f" FROM (SELECT {self.who} AS account_id, {self.within} AS within, {flags}"
            f" FROM {ROWS[self.rows]}) AS flagged WHERE {' OR '.join(places.values())} GROUP BY account_id, within"
            f") AS counted LEFT JOIN accounts AS a USING (account_id)"
        )


@cache
def passes() -> tuple[Pass, ...]:
    """Every act in one pass."""
    found: dict[tuple[str, str, str], Pass] = {}
    for typology, act in all_acts():
        key = (act.table, act.who, within(act))
        found.setdefault(key, Pass(f"chances_{len(found)}", *key)).acts.append((typology, act))
    return tuple(found.values())


def each_counted(one: Pass, select: Callable[[str, Act, str], str]) -> str:
    """UNION ALL of one SELECT an act of a pass, made by `select` from its typology, itself, and the SELECT of its
    `account_id`, `kind`, `stratum`, `within` and `n` from what the pass made."""
    return union(select(typology, act, sql) for typology, act, sql in _counted(one))


def union(parts: Iterable[str]) -> str:
    """UNION ALL of them."""
    return " UNION ALL ".join(parts)


def done(typology: str, act: Act) -> str:
    """SELECT of one act's rows: `typology`, `act`, `account_id`, `within`, `key`."""
    return (
        f"SELECT '{typology}' AS typology, '{act.name}' AS act, {act.who} AS account_id,"
        f" {within(act)} AS within, {KEYS[act.table]} AS key"
        f" FROM {ROWS[act.table]} WHERE ({act.chance}) AND ({act.hit})"
    )


def parameters(sql: str, names: Mapping[str, object]) -> dict[str, object]:
    """The parameters that a statement mentions: the engine refuses others."""
    return {name: names[name] for name in sorted(set(re.findall(r"\$(\w+)", sql)))}


def within(act: Act) -> str:
    """SQL: the stratum of an act's row where it is a column of the row, else the empty text."""
    return act.stratum if act.stratum in _OF_THE_ROW else _NONE


def _counted(one: Pass) -> Iterator[tuple[str, Act, str]]:
    places = one.places()
    for typology, act in one.acts:
        n = f"SELECT account_id, kind, within, cast({places[act.chance]} AS BIGINT) AS n FROM {one.table}"
        stratum = act.stratum if one.within == _NONE else "within"
        yield (
            typology,
            act,
            f"SELECT account_id, kind, {stratum} AS stratum, within, n FROM ({n}) AS counted WHERE n > 0",
        )
