"""FRAUDAR's greedy dense blocks (Hooi et al., KDD 2016) on accounts and the things they use."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from math import log

import networkx as nx

MILLION = 1_000_000
"""Weights are whole millionths: sums must not depend on the order in which a graph names its edges."""
Node = tuple[str, str]


def weighed(uses: Iterable[tuple[str, str]]) -> nx.Graph:
    """The graph of (account, thing): an edge weighs 1/log(degree of the thing + 5), the paper's column weights, so that
    what everybody uses adds little; node attribute `account`."""
    edges = sorted(set(uses))
    degree = Counter(thing for _, thing in edges)
    graph = nx.Graph()
    for account, thing in edges:
        if degree[thing] > 1:
            graph.add_node(("account", account), account=True)
            graph.add_edge(("account", account), ("thing", thing), weight=round(MILLION / log(degree[thing] + 5)))
    return graph


def densest(graph: nx.Graph) -> tuple[float, list[Node]]:
    """The densest block of those left while the least connected node is taken off again and again: its weight a node,
    and its nodes."""
    pull = {v: sum(edge["weight"] for edge in graph[v].values()) for v in graph}
    queue = sorted((p, v) for v, p in pull.items())
    total, left, gone = sum(pull.values()) / 2, len(pull), list[Node]()
    best, best_gone = total / left, 0
    while left > 1:
        p, v = heapq.heappop(queue)
        if v not in pull or p > pull[v]:
            continue
        total, left = total - pull.pop(v), left - 1
        gone.append(v)
        for u, edge in graph[v].items():
            if u in pull:
                pull[u] -= edge["weight"]
                heapq.heappush(queue, (pull[u], u))
        if total / left > best:
            best, best_gone = total / left, len(gone)
    return best, sorted(set(graph) - set(gone[:best_gone]))


def blocks(graph: nx.Graph, most: int) -> list[tuple[float, list[str]]]:
    """Up to `most` blocks of two accounts or more, densest first: (density, accounts). A block's accounts are taken out
    and the rest is searched again.

    Components are searched apart, as a union of two blocks is never denser than the denser one; so only the component
    that lost a block is searched again.
    """
    queue: list[tuple[float, list[Node], list[Node]]] = []

    def add(nodes: Iterable[Node]) -> None:
        for part in sorted(sorted(c) for c in nx.connected_components(graph.subgraph(nodes)) if len(c) > 2):
            density, block = densest(graph.subgraph(part))
            heapq.heappush(queue, (-density, block, part))

    add(graph)
    found: list[tuple[float, list[str]]] = []
    while queue and len(found) < most:
        density, block, part = heapq.heappop(queue)
        accounts = {v for v in block if v[0] == "account"}
        if len(accounts) > 1:
            found.append((-density, sorted(name for _, name in accounts)))
        taken = accounts or set(block)
        add(v for v in part if v not in taken)
    return found
