"""Rings, slowly: every pair in loops, every partition tried, every member weighed again after each one that leaves.

Written from what `graph.rings` promises, not from its code; plain networkx. What a group's acts say is taken from
`graph.pooled`, which has its own tests; how a group may be parted is what the finer search happens to propose, which
need not be the best there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from math import exp, inf, log

import networkx as nx
import polars as pl

from graph import pooled
from graph.groups import communities
from graph.settings import RingSettings
from graph.tables import BUYING, SELLING

HOUSEHOLD = ("device", "address", "phone")
POCKETS = ("payee", "payer")
Tie = tuple[str, str, str, float]
"""Two accounts, the kind of thing that they share, nats."""
Ring = dict[str, float]
"""Member -> hold."""


def projected(ties: Sequence[Tie], by: Mapping[str, Mapping[str, float]], s: RingSettings) -> nx.Graph:
    """An edge a pair that is believed. `nats`: a second thing of one space says half, a household is one reason;
    `home`: of this, what living together explains; `belief`: more where both did the same (`by` typology), less where
    both acted and did not, unless one sells and the other buys."""
    graph = nx.Graph()
    for a, b in sorted({(a, b) for a, b, _, _ in ties}):
        things, money = {}, [(nats, kind) for x, y, kind, nats in ties if (x, y) == (a, b) and kind in POCKETS]
        for kind in sorted({kind for _, _, kind, _ in ties} - set(POCKETS)):
            things[kind] = worth([tie[3] for tie in ties if tie[:3] == (a, b, kind)])
        house = min(sum(things.get(kind, 0.0) for kind in HOUSEHOLD), s.household)
        couple = worth([nats for nats, _ in money]) if {kind for _, kind in money} == {"payer"} else 0.0
        both = house + sum(v for k, v in things.items() if k not in HOUSEHOLD) + worth([nats for nats, _ in money])
        belief = both + min(s.trust * borrowed(by.get(a, {}), by.get(b, {}), s), s.lend * both)
        if belief >= s.tie:
            graph.add_edge(a, b, nats=both, home=house + couple, belief=belief)
    return graph


def worth(nats: Sequence[float]) -> float:
    """Of several things of one space: the first, and half of all others."""
    first, *others = sorted(nats, reverse=True) or [0.0]
    return first + 0.5 * sum(others)


def borrowed(a: Mapping[str, float], b: Mapping[str, float], s: RingSettings) -> float:
    """What two accounts did says of their tie, before `trust`."""
    alike = min(max([0.0, *(min(a[t], b[t]) for t in a if t in b)]), s.most_trust)
    acts = min(max([0.0, *a.values()]), max([0.0, *b.values()]), s.most_trust)
    if {side(a), side(b)} == {"selling", "buying"}:
        acts = 0.0
    return 2 * alike - (acts - min(alike, acts)) - s.doubt


def side(told: Mapping[str, float]) -> str:
    """On which side an account does what it does most."""
    most = max(((nats, typology) for typology, nats in told.items() if nats > 0), default=(0.0, ""))[1]
    return "selling" if most in SELLING else "buying" if most in BUYING else "either"


def found(graph: nx.Graph, alone: Mapping[str, float], chances: pl.DataFrame, s: RingSettings) -> list[Ring]:
    """Rings of a projected graph, by their first member."""
    out: list[Ring] = []
    for component in nx.connected_components(graph):
        if not looked_at(component, chances, s):
            continue
        for group in best_partition(graph.subgraph(component), s.gamma):
            if not looked_at(group, chances, s):
                continue
            for hand in parted(graph, group, chances, s):
                lead = list(looked_at(hand, chances, s))[:2]
                if lead:
                    acts = told(hand, alone, chances, lead, s)
                    out += peeled(graph.subgraph(hand), acts, s)
    return sorted(out, key=min)


def looked_at(group: Collection[str], chances: pl.DataFrame, s: RingSettings) -> dict[str, float]:
    """The typologies of which a group shows at least `look` nats, of brushing `lead`, strongest first."""
    did = shown(group, chances, s.ring_cap)
    return {t: nats for t, nats in did.items() if nats >= (s.lead if t == "brushing" else s.look)}


def leading(group: Collection[str], chances: pl.DataFrame, s: RingSettings) -> dict[str, float]:
    """The typologies of which a group shows at least `lead` nats, strongest first."""
    return {t: nats for t, nats in shown(group, chances, s.ring_cap).items() if nats >= s.lead}


def shown(group: Collection[str], chances: pl.DataFrame, cap: float) -> dict[str, float]:
    """What a group did: typology -> nats, strongest first."""
    axes: dict[tuple[str, str], float] = {}
    for row in pooled.by_act(_of(group, chances), cap=cap).iter_rows(named=True):
        axis = (row["typology"], row["axis"])
        axes[axis] = max(axes.get(axis, 0.0), row["nats"])
    total = {t: sum(nats for (of, _), nats in sorted(axes.items()) if of == t) for t, _ in axes}
    return {t: total[t] for t in sorted(total, key=lambda t: (-total[t], t))}


def parted(graph: nx.Graph, group: frozenset[str], chances: pl.DataFrame, s: RingSettings) -> list[frozenset[str]]:
    """A group, or the hands in it: those that do different things, if that explains more than it costs."""
    groups = [group]
    for finer in s.finer:
        groups = [hand for g in groups for hand in _hands(graph, g, chances, s, finer)]
    return groups


def _hands(
    graph: nx.Graph, group: frozenset[str], chances: pl.DataFrame, s: RingSettings, finer: float
) -> list[frozenset[str]]:
    hands: dict[str, set[str]] = {}
    best: dict[str, float] = {}
    idle = []
    for part in map(frozenset, communities(graph.subgraph(group), s, finer)):
        for typology, nats in list(leading(part, chances, s).items())[:1]:
            hands.setdefault(typology, set()).update(part)
            best[typology] = max(best.get(typology, 0.0), nats)
            break
        else:
            idle.append(part)
    while idle and hands:
        _, typology, next_one = max(
            (_between(graph, part, members), typology, sorted(part))
            for part in idle
            for typology, members in hands.items()
        )
        hands[typology].update(next_one)
        idle.remove(frozenset(next_one))
    if len(hands) < 2:
        return [group]
    cut = sum(_between(graph, a, b) for a, b in combinations(hands.values(), 2))
    both = sum(max((best.get(t, 0.0) for t in names), default=0.0) for names in (SELLING, BUYING))
    apart = sum(shown(members, chances, inf).get(t, 0.0) for t, members in hands.items())
    together = max(both, *best.values(), *shown(group, chances, inf).values())
    worth = apart - together > s.part * (len(hands) - 1) + cut
    return [frozenset(members) for members in hands.values()] if worth else [group]


def _between(graph: nx.Graph, one: Collection[str], other: Collection[str]) -> float:
    return float(sum(graph[a][b]["nats"] for a in one for b in other if graph.has_edge(a, b)))


def told(
    group: frozenset[str], alone: Mapping[str, float], chances: pl.DataFrame, lead: Sequence[str], s: RingSettings
) -> dict[str, float]:
    """What each account of a group did: by itself, or as a part of what its group does."""
    own = _of(group, chances)
    out = {v: alone.get(v, 0.0) for v in group}
    for row in pooled.shares(own, pooled.by_act(own, cap=s.ring_cap), least=s.least_share).iter_rows(named=True):
        if row["typology"] in lead:
            out[row["account_id"]] = max(out[row["account_id"]], row["nats"])
    return out


def _of(group: Collection[str], chances: pl.DataFrame) -> pl.DataFrame:
    return chances.filter(pl.col("account_id").is_in(sorted(group))).with_columns(group=pl.lit(0))


def best_partition(graph: nx.Graph, gamma: float) -> list[frozenset[str]]:
    """The partition of greatest CPM quality, of all there are; fewer than four accounts are one community."""
    if len(graph) < 4:
        return [frozenset(graph)]
    return max(partitions(sorted(graph)), key=lambda parts: quality(graph, parts, gamma))


def quality(graph: nx.Graph, parts: Sequence[frozenset[str]], gamma: float) -> float:
    """CPM: the weight inside, less gamma for each pair inside."""
    where = {v: i for i, part in enumerate(parts) for v in part}
    inside = sum(round(w, 2) for u, v, w in graph.edges(data="belief") if where[u] == where[v])
    return float(inside - gamma * sum(len(part) * (len(part) - 1) / 2 for part in parts))


def partitions(accounts: list[str]) -> Iterator[list[frozenset[str]]]:
    """Every way to part a list: 877 for seven accounts."""
    if not accounts:
        yield []
        return
    first, *rest = accounts
    for parts in partitions(rest):
        yield [frozenset([first]), *parts]
        for i, part in enumerate(parts):
            yield [*parts[:i], part | {first}, *parts[i + 1 :]]


def peeled(graph: nx.Graph, acts: Mapping[str, float], s: RingSettings) -> list[Ring]:
    """The weakest leaves, and all are weighed anew, until everybody holds; then the connected parts."""
    left = sorted(graph)
    while left:
        hold = holds(graph.subgraph(left), acts, s)
        weakest = min(left, key=lambda v: (hold[v], v))
        if hold[weakest] >= 0:
            break
        left.remove(weakest)
    rest = graph.subgraph(left)
    hold = holds(rest, acts, s)
    return [{v: hold[v] for v in part} for part in nx.connected_components(rest) if len(part) >= s.least]


def holds(graph: nx.Graph, acts: Mapping[str, float], s: RingSettings) -> dict[str, float]:
    """How far each account's ties and acts outweigh what it takes to belong."""
    out = {}
    for v in graph:
        ties = 0.0
        idle: list[float] = []
        for other in sorted(graph[v]):
            tie = graph[v][other]["nats"]
            if acts[v] < s.acting and graph[v][other]["home"] > s.home:
                tie = tie - graph[v][other]["home"] + s.home
            if acts[other] >= s.acting:
                ties += min(tie, s.one_member)
            else:
                idle.append(min(tie, s.one_member) * s.passive)
        most = s.one_member * s.passive if acts[v] < s.acting else sum(idle)
        ties += min(sum(idle), most)
        out[v] = ties + log(1 - s.active + s.active * exp(min(acts[v], 50.0))) - s.entry
    return out
