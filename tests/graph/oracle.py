"""Rings, slowly: every pair in loops, every partition tried, every member weighed again after each one that leaves.

Written from what `graph.rings` promises, not from its code; plain networkx. Accounts whose community has several
equally good partitions are left to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

import networkx as nx

from graph.settings import RingSettings

HOUSEHOLD = ("device", "address", "phone")
Tie = tuple[str, str, str, float]
"""Two accounts, the space of what they share, nats."""


@dataclass
class Told:
    """What accounts did: `suspicion` over all typologies, `by` typology, in nats."""

    suspicion: dict[str, float] = field(default_factory=dict)
    by: dict[str, dict[str, float]] = field(default_factory=dict)

    def of(self, account: str, lead: Sequence[str]) -> float:
        return max([self.suspicion.get(account, 0.0), *(self.by.get(account, {}).get(t, 0.0) for t in lead)])


def projected(ties: Sequence[Tie], told: Told, s: RingSettings) -> nx.Graph:
    """An edge a pair that is believed; `nats`: a second thing of one space says half, a household is one reason."""
    graph = nx.Graph()
    for a, b in sorted({(a, b) for a, b, _, _ in ties}):
        home = elsewhere = 0.0
        for space in sorted({t[2] for t in ties}):
            nats = sorted((t[3] for t in ties if t[:3] == (a, b, space)), reverse=True)
            said = nats[0] + 0.5 * sum(nats[1:]) if nats else 0.0
            home, elsewhere = (home + said, elsewhere) if space in HOUSEHOLD else (home, elsewhere + said)
        nats_of_pair = min(home, s.household) + elsewhere
        borrowed = sum(min(told.suspicion.get(x, 0.0), s.most_trust) - 1 for x in (a, b))
        if nats_of_pair + s.trust * borrowed >= s.tie:
            graph.add_edge(a, b, nats=nats_of_pair)
    return graph


def found(ties: Sequence[Tie], told: Told, s: RingSettings) -> dict[frozenset[str], dict[str, float]]:
    """Rings: their members -> hold of each."""
    graph = projected(ties, told, s)
    out: dict[frozenset[str], dict[str, float]] = {}
    for component in nx.connected_components(graph):
        inside = graph.subgraph(component)
        if leading(inside, told, s) or any(told.suspicion.get(v, 0.0) >= s.acting for v in component):
            for community in best_partition(inside, s.gamma):
                for ring in peeled(graph.subgraph(community), told, s):
                    out[frozenset(ring)] = ring
    return out


def best_partition(graph: nx.Graph, gamma: float) -> list[frozenset[str]]:
    """The partition of greatest CPM quality, of all there are; fewer than four accounts are one community."""
    if len(graph) < 4:
        return [frozenset(graph)]
    return max(partitions(sorted(graph)), key=lambda parts: quality(graph, parts, gamma))


def quality(graph: nx.Graph, parts: Sequence[frozenset[str]], gamma: float) -> float:
    """CPM: the weight inside, less gamma for each pair inside."""
    where = {v: i for i, part in enumerate(parts) for v in part}
    inside = sum(round(w, 2) for u, v, w in graph.edges(data="nats") if where[u] == where[v])
    return float(inside - gamma * sum(len(part) * (len(part) - 1) / 2 for part in parts))


def partitions(accounts: list[str]) -> Iterator[list[frozenset[str]]]:
    """Every way to part a list: 4,140 for eight accounts."""
    if not accounts:
        yield []
        return
    first, *rest = accounts
    for parts in partitions(rest):
        yield [frozenset([first]), *parts]
        for i, part in enumerate(parts):
            yield [*parts[:i], part | {first}, *parts[i + 1 :]]


def leading(graph: nx.Graph, told: Told, s: RingSettings) -> list[str]:
    """The two typologies with the greatest sum over a community, where the sum reaches `lead`."""
    total: dict[str, float] = {}
    for v in sorted(graph):
        for typology, nats in told.by.get(v, {}).items():
            total[typology] = total.get(typology, 0.0) + nats
    return [t for t in sorted(total, key=lambda t: (-total[t], t))[:2] if total[t] >= s.lead]


def peeled(graph: nx.Graph, told: Told, s: RingSettings) -> list[dict[str, float]]:
    """The weakest leaves, and all are weighed anew, until everybody holds; then the connected parts."""
    lead = leading(graph, told, s)
    acts = {v: told.of(v, lead) for v in graph}
    left = sorted(graph)
    while left:
        hold = holds(graph.subgraph(left), acts, s)
        weakest = min(left, key=lambda v: (hold[v], v))
        if hold[weakest] >= 0:
            break
        left.remove(weakest)
    rest = graph.subgraph(left)
    hold = holds(rest, acts, s)
    parts = nx.connected_components(rest)
    return [{v: hold[v] for v in part} for part in parts if len(part) >= s.least]


def holds(graph: nx.Graph, acts: Mapping[str, float], s: RingSettings) -> dict[str, float]:
    """How far each account's ties and acts outweigh what it takes to belong."""
    out = {}
    for v in graph:
        ties = 0.0
        for other in sorted(graph[v]):
            worth = 1.0 if acts[other] >= s.acting else s.passive
            ties += min(graph[v][other]["nats"], s.one_member) * worth
        out[v] = ties + log(1 - s.active + s.active * exp(min(acts[v], 50.0))) - s.entry
    return out
