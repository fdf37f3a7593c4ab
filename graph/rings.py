"""Rings: communities of accounts that are one hand, with a boundary.

Pairs of accounts make the graph. Inside what is connected the constant Potts model (CPM; Traag, Van Dooren and Nesterov
2011) separates communities, which unlike modularity has no resolution limit; then members that neither acted nor hold
the ring together are peeled off.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from math import exp, inf, log
from typing import TYPE_CHECKING

import networkx as nx
import polars as pl
from graspologic_native import leiden

from graph import pooled
from graph.tables import BUYING, SELLING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

MEMBERS = """
SELECT cast(dense_rank() OVER (ORDER BY first_id) AS BIGINT) AS ring, account_id, hold, acts
FROM held ORDER BY first_id, account_id
"""


def rings(db: Db, s: RingSettings) -> None:
    """Make `members`.

    Reads `pairs`, `components`, `suspicion`, `chances_rated`. `members`: one row an account on a candidate ring: `ring`
    (number of the night, not yet a name; in the order of first members), `account_id`, `hold` (log-odds that it
    belongs: its ties to the others, its acts, less `entry`), `acts` (nats, at its ring's own rates).
    """
    db.by_group("held", partial(within, s=s), "component", HELD, **GIVEN)
    db.make("members", MEMBERS)
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


def parted(groups: list[nx.Graph], chances: pl.DataFrame, s: RingSettings) -> list[nx.Graph]:
    """Groups that are two hands, parted: where parts do different things, and taken apart explain what was done better
    than together, by more than the ties between them say that they are one.

    A finer and finer search proposes the parts; those that did nothing go with the part they are tied to most. Parts
    that do the same stay together (one ring's members do not all do it equally often), and so do a selling and a buying
    side: one hand may do both.
    """
    for finer in s.finer:
        proposed = [communities(group, s, finer) for group in groups]
        does = leading([members for parts in proposed for members in parts], chances, s)
        numbers = count()
        did = [[does.get(next(numbers), ("", 0.0)) for _ in parts] for parts in proposed]
        hands = [
            gathered(group, parts, [typology for typology, _ in told])
            for group, parts, told in zip(groups, proposed, did, strict=True)
        ]
        worth = iter(gains(groups, hands, did, chances))
        split: list[nx.Graph] = []
        for group, several in zip(groups, hands, strict=True):
            members = list(several.values())
            apart = members and next(worth) > s.part * (len(members) - 1) + between(group, members)
            split += [cut_out(group, hand) for hand in members] if apart else [group]
        groups = sorted(split, key=min)
    return groups


def gains(
    groups: list[nx.Graph], hands: list[dict[str, list[str]]], did: list[list[tuple[str, float]]], chances: pl.DataFrame
) -> list[float]:
    """For each group of several `hands` (by what they do): nats that they explain of what was done beyond what one hand
    would, which does one thing, or (of its parts, which `did` them) sells and buys.

    Pooled over the whole and over each hand, with no cap: capped, a large ring explains less than its pieces, and a
    pyramid fell apart over a part of it whose fees looked a little more like brushing.
    """
    several = [(group, found, told) for group, found, told in zip(groups, hands, did, strict=True) if found]
    asked = [members for group, found, _ in several for members in (group, *found.values())]
    nats = {(number, t): n for number, t, n in shown(numbered(asked), chances, inf).iter_rows()} if asked else {}
    numbers = count()
    out = []
    for _, found, told in several:
        whole = next(numbers)
        together = max([one_hand(told), *(n for (number, _), n in nats.items() if number == whole)])
        out.append(sum(nats.get((next(numbers), typology), 0.0) for typology in found) - together)
    return out


def one_hand(did: list[tuple[str, float]]) -> float:
    """Nats of what one hand would explain of parts' (typology, nats): the strongest, or a selling and a buying side."""
    sides = [max((n for t, n in did if t in side), default=0.0) for side in (SELLING, BUYING)]
    return max([sum(sides), *(n for _, n in did)], default=0.0)


def gathered(graph: nx.Graph, parts: list[list[str]], does: list[str]) -> dict[str, list[str]]:
    """One hand for each typology that some part shows, none where only one is shown; parts that show none join what
    they are tied to most. Typology -> members, both sorted."""
    hands: dict[str, list[str]] = {}
    for part, typology in zip(parts, does, strict=True):
        if typology:
            hands.setdefault(typology, []).extend(part)
    if len(hands) < 2:
        return {}
    idle = [part for part, typology in zip(parts, does, strict=True) if not typology]
    while idle:
        pulls = [
            (between(graph, [part, members]), hand, part) for part in idle for hand, members in sorted(hands.items())
        ]
        _, hand, part = max(pulls, key=lambda pull: (pull[0], pull[1], pull[2]))
        hands[hand].extend(part)
        idle.remove(part)
    return {typology: sorted(members) for typology, members in sorted(hands.items())}


def leading(groups: list[list[str]], chances: pl.DataFrame, s: RingSettings) -> dict[int, tuple[str, float]]:
    """The typology that a group shows most and its nats, for groups that reach `lead`."""
    rows = shown(numbered(groups), chances, s.ring_cap).filter(pl.col("nats") >= s.lead)
    first = rows.group_by("group", maintain_order=True).first()
    return {group: (typology, nats) for group, typology, nats in first.select("group", "typology", "nats").iter_rows()}


def between(graph: nx.Graph, parts: list[list[str]]) -> float:
    """Nats of the ties that run between parts."""
    of = {v: number for number, members in enumerate(parts) for v in members}
    ends = ((min(u, v), max(u, v), nats) for u, v, nats in graph.edges(data="nats") if u in of and v in of)
    return float(sum(nats for u, v, nats in sorted(ends) if of[u] != of[v]))


def numbered(groups: Iterable[Iterable[str]]) -> pl.DataFrame:
    """One row an account: `group`, the number of its group, from 0, and `account_id`."""
    rows = [(number, account) for number, group in enumerate(groups) for account in sorted(group)]
    return pl.DataFrame(rows, schema={"group": pl.Int64, "account_id": pl.String}, orient="row")


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
