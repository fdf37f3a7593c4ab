"""The one tie without which a ring falls apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

APART = 0.8
"""A ring falls apart when less than this share of it stays together; losing one of many is no falling apart."""


EDGE = ("account_id", "entity_kind", "entity_id", "space", "weight", "first_seen_at", "last_seen_at")


def typed_graph(links: pl.DataFrame) -> nx.Graph:
    """A ring as analysts draw it: nodes ("account", id) and (space, id), an edge a link with `weight`, `kind` and
    dates.

    Reads rows of `ring_links` of one ring. Nodes and edges are added in sorted order.
    """
    return drawn(links.sort("account_id", "space", "entity_kind", "entity_id").select(EDGE).iter_rows())


def drawn(links: Iterable[tuple[Any, ...]]) -> nx.Graph:
    """The typed graph of links in that order, each with the columns of `EDGE`."""
    graph = nx.Graph()
    for account, kind, entity, space, weight, first, last in links:
        if account == entity:
            continue
        graph.add_edge(("account", account), (space, entity), kind=kind, weight=weight, first_at=first, last_at=last)
    return graph


def weakest_tie(graph: nx.Graph) -> tuple[str, str] | None:
    """The (kind, entity id) of the shared thing whose loss leaves the largest part of the ring smallest; None if none
    splits it."""
    best: tuple[int, tuple[str, str]] | None = None
    for node in sorted(nx.articulation_points(graph)):
        if node[0] == "account":
            continue
        rest = graph.subgraph(n for n in graph if n != node)
        sizes = [sum(1 for n in c if n[0] == "account") for c in nx.connected_components(rest)]
        if max(sizes) > APART * sum(sizes):
            continue
        kind = min(data["kind"] for _, _, data in graph.edges(node, data=True))
        if best is None or (max(sizes), (kind, node[1])) < best:
            best = (max(sizes), (kind, node[1]))
    return best[1] if best else None
