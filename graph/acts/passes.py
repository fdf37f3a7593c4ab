"""SQL from acts: chances of many acts counted in one pass over a table, and the few rows that are acts picked out.

Some forty kinds of act are read from the same few tables. Chances are most of the rows, so acts that share a table, the
column that names the account, and a column to learn rates within are counted by one statement, which looks once at
conditions that several of them share. Acts are few: those that show in their row alone are picked out in one pass over
a table, those whose keys a typology's tables list in another, the rest by one filter each; all keep the keys of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
    stratum, where it is a column of the row, else empty), and a column n0, n1, ... for each distinct chance."""

    table: str
    rows: str
    who: str
    within: str
    acts: list[tuple[str, Act]] = field(default_factory=list)

    def places(self) -> dict[tuple[str, str | None], str]:
        """Distinct condition that makes a row a chance, and for whom -> column that counts it."""
        return {key: f"n{i}" for i, key in enumerate(dict.fromkeys((act.chance, act.among) for _, act in self.acts))}

    def place(self, act: Act) -> str:
        """The column that counts an act's chances."""
        return self.places()[act.chance, act.among]

    def sql(self) -> str:
        """One row an account (and value of `within`) that had a chance of any of the acts."""
        rows = _numbered((chance for chance, _ in self.places()), "r")
        groups = _numbered((among for _, among in self.places() if among), "g")
        counts = ", ".join(
            f"CASE WHEN {groups[among]}.account_id IS NULL THEN 0 ELSE {rows[chance]} END AS {n}"
            if among
            else f"{rows[chance]} AS {n}"
            for (chance, among), n in self.places().items()
        )
        joins = "".join(f" LEFT JOIN {among} AS {g} ON {g}.account_id = c.account_id" for among, g in groups.items())
        return (
            f"SELECT c.account_id, c.within, CASE WHEN s.account_id IS NULL THEN 'person' ELSE 'shop' END AS kind,"
            f" {counts} FROM ({self._counted(rows)}) AS c LEFT JOIN shops AS s ON s.account_id = c.account_id{joins}"
        )

    def _counted(self, rows: Mapping[str, str]) -> str:
        """SELECT of `account_id`, `within`, and how many rows each condition holds of."""
        if self.who == KEYS[self.rows]:  # a row an account already
            ones = ", ".join(f"CASE WHEN {chance} THEN 1 ELSE 0 END AS {r}" for chance, r in rows.items())
            return f"SELECT {self.who} AS account_id, {self.within} AS within, {ones} FROM {ROWS[self.rows]}"
        flags = ", ".join(f"({chance}) AS {r}" for chance, r in rows.items())
        counts = ", ".join(f"cast(count(*) FILTER (WHERE {r}) AS INTEGER) AS {r}" for r in rows.values())
        # By a constant beside the account Sail groups as by any two columns, which takes it six times as long.
        kept, keys = (f"{_NONE} AS within", "account_id") if self.within == _NONE else ("within", "account_id, within")
        return (
            f"SELECT account_id, {kept}, {counts} FROM ("
            f"SELECT {self.who} AS account_id, {self.within} AS within, {flags} FROM {ROWS[self.rows]}"
            f") AS flagged WHERE {' OR '.join(rows.values())} GROUP BY {keys}"
        )

    def alike(self) -> str:
        """How many accounts had the same chances of all the acts: `kind`, `within`, n0, n1, ..., `accounts`."""
        columns = ", ".join(("kind", "within", *self.places().values()))
        return f"SELECT {columns}, count(*) AS accounts FROM {self.table} GROUP BY {columns}"

    def spread(self, alike: str) -> str:
        """SELECT of `act`, `kind`, `stratum`, `n`, `accounts` for each act, from the table that `alike` made."""
        return union(
            f"SELECT '{act.name}' AS act, kind, {self._stratum(act)} AS stratum, n, accounts FROM"
            f" (SELECT kind, within, cast({self.place(act)} AS BIGINT) AS n, accounts FROM {alike}) AS x WHERE n > 0"
            for _, act in self.acts
        )

    def of(self, asked: str) -> str:
        """SELECT of `act`, `account_id`, `kind`, `stratum`, `within`, `n`: the chances that the accounts of the table
        `asked` (`act`, `account_id`) had of the act they are asked for."""
        names = ", ".join(f"'{act.name}'" for _, act in self.acts)
        n = " ".join(f"WHEN '{act.name}' THEN c.{self.place(act)}" for _, act in self.acts)
        stratum = " ".join(f"WHEN '{act.name}' THEN {self._stratum(act)}" for _, act in self.acts)
        return (
            f"SELECT act, account_id, kind, CASE act {stratum} END AS stratum, within, n FROM ("
            f"SELECT x.act, x.account_id, c.kind, c.within, cast(CASE x.act {n} END AS BIGINT) AS n"
            f" FROM {asked} AS x JOIN {self.table} AS c ON c.account_id = x.account_id WHERE x.act IN ({names})"
            f") AS had WHERE n > 0"
        )

    def _stratum(self, act: Act) -> str:
        return act.stratum if self.within == _NONE else "within"


@cache
def passes() -> tuple[Pass, ...]:
    """Every act in one pass."""
    found: dict[tuple[str, str, str], Pass] = {}
    for typology, act in all_acts():
        key = (act.table, act.who, within(act))
        found.setdefault(key, Pass(f"chances_{len(found)}", *key)).acts.append((typology, act))
    return tuple(found.values())


def each(select: Callable[[Pass], str]) -> str:
    """UNION ALL of one SELECT a pass."""
    return union(select(one) for one in passes())


def union(parts: Iterable[str]) -> str:
    """UNION ALL of them."""
    return " UNION ALL ".join(parts)


@dataclass
class Picked:
    """Acts of one table that show in its row alone, or else those (`listed`) whose keys other tables list. `table` is
    what one pass over the rows makes: those that are an act of any kind, with their key, the columns that name accounts
    or strata, and a column f0, f1, ... for each distinct condition on the row."""

    table: str
    rows: str
    listed: bool
    acts: list[Act] = field(default_factory=list)

    def flags(self) -> dict[str, str]:
        """Distinct condition on the row -> the column that says whether it holds."""
        return _numbered((self._holds(act) for act in self.acts), "f")

    def sql(self) -> str:
        """The rows that are an act of any kind."""
        key = KEYS[self.rows]
        names = [key, *(act.who for act in self.acts), *(within(act) for act in self.acts)]
        columns = ", ".join(name for name in dict.fromkeys(names) if name != _NONE)
        flags = ", ".join(f"({holds}) AS {f}" for holds, f in self.flags().items())
        if self.listed:
            tables = dict.fromkeys(act.listed for act in self.acts)
            keys = union(f"SELECT {key} FROM {table}" for table in tables)
            return f"SELECT {columns}, {flags} FROM {ROWS[self.rows]} WHERE {key} IN ({keys})"
        return (
            f"SELECT * FROM (SELECT {columns}, {flags} FROM {ROWS[self.rows]}) AS flagged"
            f" WHERE {' OR '.join(self.flags().values())}"
        )

    def where(self, act: Act) -> str:
        """The condition under which one of its rows is this act."""
        key = KEYS[self.rows]
        keyed = f" AND {key} IN (SELECT {key} FROM {act.listed})" if self.listed else ""
        return self.flags()[self._holds(act)] + keyed

    def _holds(self, act: Act) -> str:
        return act.chance if self.listed else f"({act.chance}) AND ({act.hit})"


@cache
def picked() -> dict[str, Picked]:
    """Name of an act that shows in its row alone, or whose rows are listed by key -> where it is picked out."""
    found: dict[tuple[str, bool], Picked] = {}
    of: dict[str, Picked] = {}
    for _, act in all_acts():
        listed = act.listed is not None
        if listed or not act.looks_up:
            one = Picked(f"{'listed' if listed else 'picked'}_{act.table}", act.table, listed)
            of[act.name] = found.setdefault((act.table, listed), one)
            of[act.name].acts.append(act)
    return of


def done(typology: str, act: Act) -> str:
    """SELECT of one act's rows: `typology`, `act`, `account_id`, `within`, `key`."""
    one = picked().get(act.name)
    table, where = (one.table, one.where(act)) if one else (ROWS[act.table], f"({act.chance}) AND ({act.hit})")
    whose = f" AND {act.who} IN (SELECT account_id FROM {act.among})" if act.among else ""
    return (
        f"SELECT '{typology}' AS typology, '{act.name}' AS act, {act.who} AS account_id,"
        f" {within(act)} AS within, {KEYS[act.table]} AS key FROM {table} WHERE {where}{whose}"
    )


def parameters(sql: str, names: Mapping[str, object]) -> dict[str, object]:
    """The parameters that a statement mentions: the engine refuses others."""
    return {name: names[name] for name in sorted(set(re.findall(r"\$(\w+)", sql)))}


def within(act: Act) -> str:
    """SQL: the stratum of an act's row where it is a column of the row, else the empty text."""
    return act.stratum if act.stratum in _OF_THE_ROW else _NONE


def _numbered(names: Iterable[str], letter: str) -> dict[str, str]:
    return {name: f"{letter}{i}" for i, name in enumerate(dict.fromkeys(names))}
