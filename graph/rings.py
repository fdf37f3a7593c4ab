"""Rings: communities of accounts that are one hand, with a boundary.

Pairs of accounts make the graph. Inside what is connected the constant Potts model (CPM; Traag, Van Dooren and Nesterov
2011) separates communities, which unlike modularity has no resolution limit; then members that neither acted nor hold
the ring together are peeled off.
"""

from __future__ import annotations

from functools import partial
from math import exp, log
from typing import TYPE_CHECKING

import networkx as nx
import polars as pl

from graph import pooled
from graph.groups import communities, cut_out, leads, numbered
from graph.parting import parted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.db import Db
    from graph.settings import RingSettings

GIVEN = {
    "accounts": "SELECT component, account_id FROM components",
    "chances": """
    SELECT g.component, c.* FROM chances_rated AS c JOIN components AS g ON g.account_id = c.account_id
    """,
    "pairs": """
    SELECT g.component, p.a, p.b, p.nats, p.home, p.belief FROM pairs AS p JOIN components AS g ON g.account_id = p.a
    """,
    "alone": """
    SELECT g.component, s.account_id, s.nats FROM suspicion AS s JOIN components AS g ON g.account_id = s.account_id
    """,
}

HELD = {"first_id": pl.String, "account_id": pl.String, "hold": pl.Float64, "acts": pl.Float64}

FOUND = """
SELECT cast(dense_rank() OVER (ORDER BY first_id) AS BIGINT) AS ring, account_id, hold, acts
FROM held ORDER BY first_id, account_id
"""


def rings(db: Db, s: RingSettings) -> None:
    """Make `found`.

    Reads `pairs`, `components`, `suspicion`, `chances_rated`. `found`: one row an account on a candidate ring: `ring`
    (number of the night, not yet a name; in the order of first members), `account_id`, `hold` (log-odds that it
    belongs: its ties to the others, its acts, less `entry`), `acts` (nats, at its ring's own rates).
    """
    db.by_group("held", partial(within, s=s), "component", HELD, **GIVEN)
    db.make("found", FOUND)
    db.drop("held")


def within(given: Mapping[str, pl.DataFrame], *, s: RingSettings) -> pl.DataFrame:
    """The rings of whole components, the frames of `GIVEN`: one row a member, `HELD`; `first_id` is its ring's first.

    No ring reaches over two components, and none depends on what is in another.
    """
    chances = given["chances"].drop("component")
    everybody = given["accounts"].select(pl.col("component").rle_id().alias("group"), "account_id")
    # Few components did what rings do: only they become graphs, which Python takes long to build and to hold.
    worth = everybody.filter(pl.col("group").is_in(list(leads(everybody, chances, s))))
    whole = hands(worth, given["pairs"], given["alone"].drop("component"))
    groups = [cut_out(graph, members) for graph in whole for members in communities(graph, s)]
    numbers = leads(numbered(groups), chances, s)
    groups = parted([groups[number] for number in numbers], chances, s)
    rows = [
        (min(ring), account, hold, acts)
        for ring in found(groups, chances, s)
        for account, (hold, acts) in sorted(ring.items())
    ]
    return pl.DataFrame(rows, schema=HELD, orient="row")


def found(groups: list[nx.Graph], chances: pl.DataFrame, s: RingSettings) -> list[dict[str, tuple[float, float]]]:
    """The rings among groups: account -> (hold, acts)."""
    index = numbered(groups)
    lead = leads(index, chances, s)
    inside = chances.join(index.filter(pl.col("group").is_in(list(lead))), on="account_id", maintain_order="left")
    shares = pooled.shares(inside, pooled.by_act(inside, cap=s.ring_cap), least=s.least_share)
    share = {(group, account, typology): nats for group, account, typology, nats in shares.iter_rows()}
    out = []
    for number, typologies in sorted(lead.items()):
        group = groups[number]
        acts = {
            v: max([alone, *(share.get((number, v, t), 0.0) for t in typologies)])
            for v, alone in group.nodes(data="alone")
        }
        nx.set_node_attributes(group, acts, "acts")
        for ring in peeled(group, s):
            out.append({v: (hold, acts[v]) for v, hold in ring.items()})
    return out


def hands(groups: pl.DataFrame, pairs: pl.DataFrame, alone: pl.DataFrame) -> list[nx.Graph]:
    """The graph of accounts of each of `groups` (`group`, `account_id`), in order: nodes with `alone`, the nats of an
    account's own acts; an edge a pair of `pairs` with its `nats`, `home` and `belief`; all in sorted order."""
    graphs: dict[int, nx.Graph] = {}
    nodes = groups.join(alone, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col("nats").fill_null(0.0)
    )
    for group, account, nats in nodes.select("group", "account_id", "nats").iter_rows():
        graphs.setdefault(group, nx.Graph()).add_node(account, alone=nats)
    edges = pairs.join(groups, left_on="a", right_on="account_id", maintain_order="left")
    for group, a, b, nats, home, belief in edges.select("group", "a", "b", "nats", "home", "belief").iter_rows():
        graphs[group].add_edge(a, b, nats=nats, home=home, belief=belief)
    return list(graphs.values())


def peeled(inside: nx.Graph, s: RingSettings) -> list[dict[str, float]]:
    """Take off, weakest first, whoever does not hold; then the connected rest, each a ring if enough are left.

    A member holds by its `acts` and by its ties to others, each tie worth as much as the other account is likely to be
    in the ring itself. Takes members off `inside`.
    """
    hold = {v: holds(inside, v, s) for v in sorted(inside)}
    while hold:
        weakest = min(hold, key=lambda v: (hold[v], v))
        if hold[weakest] >= 0:
            break
        loosened = list(inside[weakest])
        inside.remove_node(weakest)
        del hold[weakest]
        hold.update((v, holds(inside, v, s)) for v in loosened)
    parts = [sorted(c) for c in nx.connected_components(inside)]
    return [{v: hold[v] for v in part} for part in parts if len(part) >= s.least]


def holds(graph: nx.Graph, account: str, s: RingSettings) -> float:
    """Log-odds that an account belongs, less what it takes to belong.

    Of an account that did nothing, what a home would explain counts little: a relative of one member stays out, and a
    spare that several members hold, or that a pocket or a contact ties, stays in. Others that did nothing hold it no
    more than one of them can, however many: an agency's idle shops, each tied to all the others, would else hold each
    other in the ring that one of them touches.
    """
    own: float = graph.nodes[account]["acts"]
    among, beside = 0.0, 0.0
    for other, edge in sorted(graph[account].items()):
        tie = min(edge["nats"] - (max(edge["home"] - s.home, 0.0) if own < s.acting else 0.0), s.one_member)
        if graph.nodes[other]["acts"] >= s.acting:
            among += tie
        else:
            beside += tie * s.passive
    if own < s.acting:
        beside = min(beside, s.one_member * s.passive)
    return float(among + beside + acted(own, s.active) - s.entry)


def acted(nats: float, active: float) -> float:
    """Evidence of an account that may be a passive member: log(1 - active + active e^nats)."""
    return log(1 - active + active * exp(min(nats, 50.0)))
