"""Rings: communities of accounts that are one hand, with a boundary.

Pairs of accounts make the graph. Inside what is connected the constant Potts model (CPM; Traag, Van Dooren and Nesterov
2011) separates communities, which unlike modularity has no resolution limit; then members that neither acted nor hold
the ring together are peeled off.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

import networkx as nx
import polars as pl
from graspologic_native import leiden

from graph import pooled
from graph.tables import BUYING, SELLING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings

ALONE = "SELECT account_id, nats FROM suspicion SEMI JOIN components USING (account_id) ORDER BY account_id"

CHANCES = """
WITH acted AS (
    SELECT DISTINCT p.component, c.act
    FROM chances_rated AS c JOIN components AS p USING (account_id) WHERE c.k > 0
)
SELECT c.* FROM chances_rated AS c JOIN components AS p USING (account_id) SEMI JOIN acted USING (component, act)
ORDER BY ALL
"""
"""Only acts that somebody in the component committed: the others say nothing, and are most of the rows."""


def rings(db: Db, s: RingSettings) -> None:
    """Make `members`.

    Reads `pairs`, `components`, `suspicion`, `chances_rated`. `members`: one row an account on a candidate ring: `ring`
    (number of the night, not yet a name), `account_id`, `hold` (log-odds that it belongs: its ties to the others, its
    acts, less `entry`), `acts` (nats, at its ring's own rates).
    """
    graph = hands(db.frame("SELECT * FROM pairs ORDER BY a, b"))
    nx.set_node_attributes(graph, 0.0, "alone")
    nx.set_node_attributes(graph, dict(db.frame(ALONE).iter_rows()), "alone")
    chances = db.frame(CHANCES)
    components = db.frame("SELECT component, account_id FROM components ORDER BY ALL")
    whole = components.group_by("component", maintain_order=True).agg("account_id")["account_id"].to_list()
    worth = [whole[number] for number in leads(whole, chances, s)]
    groups = [group for component in worth for group in communities(graph.subgraph(component), s)]
    groups = parted(graph, [groups[number] for number in leads(groups, chances, s)], chances, s)
    put_members(db, sorted(found(graph, groups, chances, s), key=min))


def put_members(db: Db, rings: list[dict[str, tuple[float, float]]]) -> None:
    """Make `members` from account -> (hold, acts) of each ring, numbered from 1."""
    rows = [
        (number, account, hold, acts)
        for number, ring in enumerate(rings, start=1)
        for account, (hold, acts) in sorted(ring.items())
    ]
    schema = {"ring": pl.Int64, "account_id": pl.String, "hold": pl.Float64, "acts": pl.Float64}
    db.put("members", pl.DataFrame(rows, schema=schema, orient="row"))


def shown(groups: list[list[str]], chances: pl.DataFrame, s: RingSettings) -> pl.DataFrame:
    """What each group did: one row a `group` and typology with its pooled `nats`, strongest first."""
    acts = pooled.by_act(grouped(groups, chances), cap=s.ring_cap, habit_cap=s.habit_cap)
    return pooled.by_typology(acts, "group").sort("group", "nats", "typology", descending=[False, True, False])


def leads(groups: list[list[str]], chances: pl.DataFrame, s: RingSettings) -> dict[int, list[str]]:
    """The typologies that a group shows: its number -> at most two, strongest first, none below `lead` nats. Groups
    that show none are left out: whatever ties them, they did nothing that rings do."""
    rows = shown(groups, chances, s).filter(pl.col("nats") >= s.lead)
    return dict(rows.group_by("group", maintain_order=True).agg(pl.col("typology").head(2)).iter_rows())


def parted(graph: nx.Graph, groups: list[list[str]], chances: pl.DataFrame, s: RingSettings) -> list[list[str]]:
    """Groups that are two hands, parted: where parts do different things, and taken apart explain what was done better
    than together, by more than the ties between them say that they are one.

    A finer and finer search proposes the parts; those that did nothing go with the part they are tied to most. Parts
    that do the same stay together (one ring's members do not all do it equally often), and so do a selling and a buying
    side: one hand may do both.
    """
    for finer in s.finer:
        proposed = [communities(graph.subgraph(group), s, finer) for group in groups]
        does = leading([part for parts in proposed for part in parts], chances, s)
        split: list[list[str]] = []
        number = 0
        for group, parts in zip(groups, proposed, strict=True):
            did = [does.get(number + i, ("", 0.0)) for i in range(len(parts))]
            number += len(parts)
            hands = gathered(graph, parts, [typology for typology, _ in did])
            apart = sum(max((n for t, n in did if t == hand), default=0.0) for hand in sorted({t for t, _ in did if t}))
            together = one_hand(did)
            cost = s.part * (len(hands) - 1) + between(graph, hands)
            split += hands if len(hands) > 1 and apart - together > cost else [group]
        groups = sorted(split)
    return groups


def one_hand(did: list[tuple[str, float]]) -> float:
    """Nats of what one hand would explain of parts' (typology, nats): the strongest, or a selling and a buying side."""
    sides = [max((n for t, n in did if t in side), default=0.0) for side in (SELLING, BUYING)]
    return max([sum(sides), *(n for _, n in did)], default=0.0)


def gathered(graph: nx.Graph, parts: list[list[str]], does: list[str]) -> list[list[str]]:
    """One group for each typology that some part shows; parts that show none join what they are tied to most."""
    hands: dict[str, list[str]] = {}
    for part, typology in zip(parts, does, strict=True):
        if typology:
            hands.setdefault(typology, []).extend(part)
    idle = [part for part, typology in zip(parts, does, strict=True) if not typology]
    while idle and hands:
        pulls = [
            (between(graph, [part, members]), hand, part) for part in idle for hand, members in sorted(hands.items())
        ]
        _, hand, part = max(pulls, key=lambda pull: (pull[0], pull[1], pull[2]))
        hands[hand].extend(part)
        idle.remove(part)
    return sorted(sorted(members) for members in hands.values())


def leading(groups: list[list[str]], chances: pl.DataFrame, s: RingSettings) -> dict[int, tuple[str, float]]:
    """The typology that a group shows most and its nats, for groups that reach `lead`."""
    rows = shown(groups, chances, s).filter(pl.col("nats") >= s.lead)
    first = rows.group_by("group", maintain_order=True).first()
    return {group: (typology, nats) for group, typology, nats in first.select("group", "typology", "nats").iter_rows()}


def between(graph: nx.Graph, parts: list[list[str]]) -> float:
    """Nats of the ties that run between parts."""
    of = {v: number for number, part in enumerate(parts) for v in part}
    inside = graph.subgraph(of)
    return float(sum(nats for u, v, nats in sorted(inside.edges(data="nats")) if of[u] != of[v]))


def grouped(groups: list[list[str]], chances: pl.DataFrame) -> pl.DataFrame:
    """`chances` of the accounts on a group, with the group's number in `group`."""
    number = [(number, account) for number, group in enumerate(groups) for account in group]
    index = pl.DataFrame(number, schema={"group": pl.Int64, "account_id": pl.String}, orient="row")
    return chances.join(index, on="account_id", maintain_order="left")


def found(
    graph: nx.Graph, groups: list[list[str]], chances: pl.DataFrame, s: RingSettings
) -> list[dict[str, tuple[float, float]]]:
    """The rings among communities: account -> (hold, acts)."""
    lead = leads(groups, chances, s)
    inside = grouped(groups, chances).filter(pl.col("group").is_in(list(lead)))
    shares = pooled.shares(inside, pooled.by_act(inside, cap=s.ring_cap, habit_cap=s.habit_cap), least=s.least_share)
    share = {(group, account, typology): nats for group, account, typology, nats in shares.iter_rows()}
    out = []
    for number, typologies in sorted(lead.items()):
        community = graph.subgraph(groups[number]).copy()
        acts = {
            v: max([alone, *(share.get((number, v, t), 0.0) for t in typologies)])
            for v, alone in community.nodes(data="alone")
        }
        nx.set_node_attributes(community, acts, "acts")
        for ring in peeled(community, s):
            out.append({v: (hold, acts[v]) for v, hold in ring.items()})
    return out


def hands(pairs: pl.DataFrame) -> nx.Graph:
    """The graph of accounts: an edge a pair of `pairs` with its `nats`, `home` and `belief`, all in sorted order."""
    graph = nx.Graph()
    graph.add_nodes_from(sorted(set(pairs["a"]) | set(pairs["b"])))
    for a, b, nats, home, belief in pairs.select("a", "b", "nats", "home", "belief").iter_rows():
        graph.add_edge(a, b, nats=nats, home=home, belief=belief)
    return graph


def communities(graph: nx.Graph, s: RingSettings, finer: float = 1.0) -> list[list[str]]:
    """CPM Leiden inside one component; each community and the list of them sorted.

    Weights stay in nats, rounded to hundredths: the library's refinement gets stuck in pairs when weights are large
    (a path of 40 with weight 300 falls into twos and threes, with weight 3 it stays whole).
    """
    if graph.number_of_nodes() < 4:
        return [sorted(graph)]
    edges = sorted((min(u, v), max(u, v), round(w, 2)) for u, v, w in graph.edges(data="belief"))
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
    return sorted(groups.values())


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
    spare that several members hold, or that a pocket or a contact ties, stays in.
    """
    own: float = graph.nodes[account]["acts"]
    ties = sum(
        min(edge["nats"] - (max(edge["home"] - s.home, 0.0) if own < s.acting else 0.0), s.one_member)
        * (1.0 if graph.nodes[other]["acts"] >= s.acting else s.passive)
        for other, edge in sorted(graph[account].items())
    )
    return float(ties + acted(own, s.active) - s.entry)


def acted(nats: float, active: float) -> float:
    """Evidence of an account that may be a passive member: log(1 - active + active e^nats)."""
    return log(1 - active + active * exp(min(nats, 50.0)))
