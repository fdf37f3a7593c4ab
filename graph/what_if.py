"""What if: a tie gone, a threshold moved. Answers are compared with the night as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import networkx as nx
import polars as pl

from graph.displays import page, plain, table

if TYPE_CHECKING:
    from graph.explore_ring import Ring

SAME = 0.5
"""Jaccard overlap from which two rings are one: most of it, and little else."""
MOST_HUBS, MOST_CUT = 4, 6
"""Hubs and accounts outside that a picture shows faintly: with more, what is faint hides what counts."""


@dataclass(frozen=True)
class Weighed:
    """A night's stages run again, under the settings in `changed` (dotted name -> value; none: as the night was).

    `rings`: one row a ring on the list, best first: `rank`, `ring` (a number of this weighing, no name), `score`,
    `nats`, `typology`, `typologies`, `accounts`, `n_accounts`. `accounts`: one row an account on one: `rank`,
    `account_id`, `ring`, `score`. `typologies`: `ring`, `typology`, `nats`. `acts`: one row a ring and kind of act,
    pooled over its members: `ring`, `typology`, `act`, `axis`, `n`, `k`, `rate`, `nats`; `own`: the same summed member
    by member. `hubs`: members' use of what
    is no tie because too many share it: `account_id`, `space`, `entity_kind`, `entity_id`, `n_accounts`, `first_at`,
    `last_at`. `cut`: ties of members to accounts outside: `account_id`, `outside_id`, `space`, `entity_kind`,
    `entity_id`, `weight`, `first_at`, `last_at`. Verdicts and names have no part in it.
    """

    changed: dict[str, Any]
    rings: pl.DataFrame
    accounts: pl.DataFrame
    typologies: pl.DataFrame
    acts: pl.DataFrame
    own: pl.DataFrame
    hubs: pl.DataFrame
    cut: pl.DataFrame

    def setting(self) -> str:
        """What was changed, as text."""
        return ", ".join(f"{name} = {value}" for name, value in self.changed.items()) or "as it was"

    def ring_of(self, accounts: list[str]) -> int | None:
        """The number of the ring that has most of these accounts; None where none has half of them in common."""
        best = max((_jaccard(accounts, row) for row in self.rings.select("ring", "accounts").iter_rows()), default=None)
        return -best[1] if best and best[0] >= SAME else None


def _jaccard(accounts: list[str], row: tuple[int, list[str]]) -> tuple[float, int]:
    one, other = set(accounts), set(row[1])
    return len(one & other) / len(one | other), -row[0]


def moves(before: Weighed, after: Weighed, names: pl.DataFrame) -> pl.DataFrame:
    """What a change of settings does to the list: one row a ring of either, best before first.

    `names` (`ring_id`, `accounts`) are the published rings, for their names; a ring that was not published has NULL.
    Columns `ring_id`, `move` (`stays|grows|shrinks|changes|goes|comes`), `score_before`, `score_after`, `n_before`,
    `n_after`.
    """
    known = {ring: after.ring_of(accounts) for ring, accounts in before.rings.select("ring", "accounts").iter_rows()}
    rows = []
    for row in before.rings.iter_rows(named=True):
        number = known[row["ring"]]
        now = None if number is None else after.rings.filter(ring=number).row(0, named=True)
        rows.append(_move(_name(row["accounts"], names), row, now))
    for row in after.rings.iter_rows(named=True):
        if row["ring"] not in known.values():
            rows.append(_move(_name(row["accounts"], names), None, row))
    columns = {"ring_id": pl.String, "move": pl.String, "score_before": pl.Float64, "score_after": pl.Float64,
               "n_before": pl.Int64, "n_after": pl.Int64}  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")


def _move(name: str | None, one: dict[str, Any] | None, other: dict[str, Any] | None) -> tuple[object, ...]:
    figures = [row[figure] if row else None for figure in ("score", "n_accounts") for row in (one, other)]
    if one is None or other is None:
        return name, "goes" if one else "comes", *figures
    grown = other["n_accounts"] - one["n_accounts"]
    same = "stays" if set(one["accounts"]) == set(other["accounts"]) else "changes"
    return name, "grows" if grown > 0 else "shrinks" if grown < 0 else same, *figures


def _name(accounts: list[str], names: pl.DataFrame) -> str | None:
    best = max(
        ((_jaccard(accounts, (0, other))[0], ring_id) for ring_id, other in names.select("ring_id", "accounts").rows()),
        default=(0.0, ""),
    )
    return best[1] if best[0] >= SAME else None


@dataclass(frozen=True)
class Apart:
    """What a ring falls into without a tie. `parts`: one row a part, largest first: `part`, `n_accounts`, `accounts`,
    `open_cny` of its members' orders."""

    ring_id: str
    tie: str
    before: int
    parts: pl.DataFrame = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether the members stay together."""
        return self.parts.height <= self.before

    def head(self) -> str:
        """What happens, in words, and what was not weighed."""
        sizes = ", ".join(map(str, self.parts["n_accounts"]))
        falls = "stays together" if self.holds else f"falls into {self.parts.height} parts of {sizes} accounts"
        return f"without {self.tie} {self.ring_id} {falls} (by the published ties; nobody is scored again)"

    def __repr__(self) -> str:
        return plain(f"{self.head()}\n{self.parts}")

    def _repr_html_(self) -> str:
        return page([self.head()]) + table(self.parts)


def apart(ring: Ring, gone: pl.DataFrame) -> Apart:
    """A ring without the links `gone` (rows of `links`)."""
    graph = ring.graph()
    before = nx.number_connected_components(graph)
    spaces = {thing[1]: thing for thing in graph if thing[0] != "account"}
    edges = [
        (("account", account), ("account", thing) if kind in ("inviter", "succession", "source") else spaces.get(thing))
        for account, kind, thing in gone.select("account_id", "entity_kind", "entity_id").iter_rows()
    ]
    graph.remove_edges_from((a, b) for a, b in edges if b is not None)
    # A thing that nobody uses any more is no part.
    groups = [sorted(n[1] for n in part if n[0] == "account") for part in nx.connected_components(graph)]
    groups = sorted((group for group in groups if group), key=lambda g: (-len(g), g))
    money = dict(ring.open_orders().group_by("seller_id").agg(pl.col("amount").sum()).iter_rows())
    rows = [(i, len(g), g, sum(money.get(a, 0) for a in g)) for i, g in enumerate(groups, start=1)]
    schema: dict[str, Any] = {
        "part": pl.Int64, "n_accounts": pl.Int64, "accounts": pl.List(pl.String), "open_cny": pl.Decimal(18, 2),
    }  # fmt: skip
    tie = " ".join(gone.select("entity_kind", "entity_id").row(0))
    users = gone["account_id"].unique()
    if users.len() == 1:
        tie += f" of {users[0]}"
    return Apart(ring.ring_id, tie, before, pl.DataFrame(rows, schema=schema, orient="row"))


def add_faint(graph: nx.Graph, weighed: Weighed) -> None:
    """Add to a ring's graph, as nodes with `faint`, what was left out: hubs that two or more members share, and the
    accounts outside to which they are tied most."""
    members = [name for space, name in graph if space == "account"]
    hubs = (
        weighed.hubs.filter(pl.col("account_id").is_in(members))
        .with_columns(pl.col("account_id").n_unique().over("space", "entity_id").alias("users"))
        .filter(pl.col("users") > 1)
        .sort("users", "n_accounts", "space", "entity_id", "account_id", descending=[True, True, False, False, False])
    )
    for space, thing in hubs.select("space", "entity_id").unique(maintain_order=True).head(MOST_HUBS).iter_rows():
        rows = hubs.filter(space=space, entity_id=thing)
        if (space, thing) in graph:
            continue
        graph.add_node((space, thing), kinds=rows["entity_kind"].unique().sort().to_list(), faint=rows["n_accounts"][0])
        for account, first, last in rows.select("account_id", "first_at", "last_at").iter_rows():
            graph.add_edge(("account", account), (space, thing), weight=0.0, first_at=first, last_at=last, faint=True)
    cut = weighed.cut.filter(pl.col("account_id").is_in(members) & ~pl.col("outside_id").is_in(members))
    outside = (
        cut.group_by("outside_id").agg(pl.col("weight").sum()).sort("weight", "outside_id", descending=[True, False])
    )
    for other in outside["outside_id"].head(MOST_CUT):
        rows = cut.filter(outside_id=other).sort("weight", "account_id", "entity_id", descending=[True, False, False])
        graph.add_node(("account", other), role="outside", score=None, faint=1)
        for account, space, thing, weight, first, last in rows.select(
            "account_id", "space", "entity_id", "weight", "first_at", "last_at"
        ).iter_rows():
            # By the thing they share, where the picture has it; else from account to account.
            end = (space, thing) if (space, thing) in graph and space != "account" else ("account", account)
            if not graph.has_edge(("account", other), end):
                graph.add_edge(("account", other), end, weight=weight, first_at=first, last_at=last, faint=True)


def differs(before: Weighed, after: Weighed) -> dict[str, int]:
    """How many rings go, come and change their members, and how many accounts are listed then."""
    found = moves(before, after, before.rings.select(pl.lit(None, pl.String).alias("ring_id"), "accounts"))
    counts = dict(found.group_by("move").len().iter_rows())
    other = sum(counts.get(move, 0) for move in ("grows", "shrinks", "changes"))
    return {
        "rings": after.rings.height, "go": counts.get("goes", 0), "come": counts.get("comes", 0),
        "other_members": other, "accounts": after.accounts.height,
    }  # fmt: skip
