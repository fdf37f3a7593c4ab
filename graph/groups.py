"""Groups of accounts: how a graph falls into them, and what each did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import polars as pl
from graspologic_native import leiden

from graph import pooled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graph.settings import RingSettings


def cut_out(graph: nx.Graph, members: list[str]) -> nx.Graph:
    """Some of a graph as a graph of its own: a view of a view answers slowly."""
    return graph if len(members) == len(graph) else graph.subgraph(members).copy()


def communities(graph: nx.Graph, s: RingSettings, finer: float = 1.0) -> list[list[str]]:
    """CPM Leiden inside one component; each community and the list of them sorted.

    Weights stay in nats, rounded to hundredths: the library's refinement gets stuck in pairs when weights are large
    (a path of 40 with weight 300 falls into twos and threes, with weight 3 it stays whole). It knows edges alone: who
    has none (parts that do the same are put together, tied or not) is a community alone.
    """
    if graph.number_of_nodes() < 4:
        return [sorted(graph)]
    edges = sorted((min(u, v), max(u, v), round(w, 2)) for u, v, w in graph.edges(data="belief"))
    if not edges:
        return [[account] for account in sorted(graph)]
    _, label = leiden(
        edges,
        None,
        resolution=s.gamma * finer,
        randomness=0.001,
        iterations=10,
        use_modularity=False,
        seed=s.seed,
        trials=1,
    )
    groups: dict[int, list[str]] = {}
    for account in sorted(label):
        groups.setdefault(label[account], []).append(account)
    return sorted([*groups.values(), *([account] for account in sorted(set(graph) - set(label)))])


def between(graph: nx.Graph, parts: list[list[str]]) -> float:
    """Nats of the ties that run between parts."""
    of = {v: number for number, members in enumerate(parts) for v in members}
    ends = ((min(u, v), max(u, v), nats) for u, v, nats in graph.edges(data="nats") if u in of and v in of)
    return float(sum(nats for u, v, nats in sorted(ends) if of[u] != of[v]))


def numbered(groups: Iterable[Iterable[str]]) -> pl.DataFrame:
    """One row an account: `group`, the number of its group, from 0, and `account_id`."""
    rows = [(number, account) for number, group in enumerate(groups) for account in sorted(group)]
    return pl.DataFrame(rows, schema={"group": pl.Int64, "account_id": pl.String}, orient="row")


def shown(groups: pl.DataFrame, chances: pl.DataFrame, cap: float) -> pl.DataFrame:
    """What each of `groups` (`group`, `account_id`) did: one row a `group` and typology with its pooled `nats`, of one
    kind of act at most `cap`, strongest first."""
    acts = pooled.by_act(chances.join(groups, on="account_id", maintain_order="left"), cap=cap)
    return pooled.by_typology(acts, "group").sort("group", "nats", "typology", descending=[False, True, False])


def leads(groups: pl.DataFrame, chances: pl.DataFrame, s: RingSettings) -> dict[int, list[str]]:
    """The typologies that a group shows: its number -> at most two, strongest first, none below `look` nats, `brushing`
    none below `lead`: friends trade with each other, too. Groups that show none are left out: whatever ties them, they
    did nothing that rings do."""
    least = pl.when(pl.col("typology") == "brushing").then(s.lead).otherwise(s.look)
    rows = shown(groups, chances, s.ring_cap).filter(pl.col("nats") >= least)
    return dict(rows.group_by("group", maintain_order=True).agg(pl.col("typology").head(2)).iter_rows())
