"""Pairs and groups to ask an engine about, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import networkx as nx
import polars as pl

from graph.db import Db

Pairs = list[tuple[str, str]]


def chain(names: list[str]) -> Pairs:
    """Each paired with the next."""
    return list(pairwise(names))


def star(names: list[str]) -> Pairs:
    """All paired with one."""
    return [(names[0], name) for name in names[1:]]


def cycle(names: list[str]) -> Pairs:
    """A chain that is closed."""
    return [*pairwise(names), (names[-1], names[0])]


def couples(names: list[str]) -> Pairs:
    """Two and two."""
    return list(zip(names[::2], names[1::2], strict=False))


def all_shapes() -> Pairs:
    """A chain of names in no order, a star and a cycle that touch, 300 couples, a pair of one, a pair said twice."""
    names = [f"{(i * 7919) % 10007:05}" for i in range(1000)]
    shapes = [*chain(names[:200]), *star(names[200:300]), *cycle(names[300:400]), *couples(names[400:])]
    return [*shapes, (names[250], names[350]), (names[0], names[0]), shapes[0]]


def hanging(pairs: Pairs) -> Pairs:
    """The slow oracle: first account of its component, account."""
    graph = nx.Graph((a, b) for a, b in pairs if a != b)
    return sorted((min(c), account) for c in nx.connected_components(graph) for account in c)


def frame(pairs: Pairs) -> pl.DataFrame:
    """Rows `a`, `b`."""
    return pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.String}, orient="row")


SIZES = {"one": 1, "none": 0, "many": 5000, **{f"crew{i:03}": 2 for i in range(500)}}
SUMS = {"crew": pl.String, "n": pl.Int64, "nats": pl.Float64, "known": pl.Boolean}
"""What `summed` answers."""


def summed(given: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Work for `Db.by_group`: one row a crew."""
    sums = given["rows"].group_by("crew").agg(pl.len().cast(pl.Int64).alias("n"), pl.col("nats").sum())
    known = pl.col("crew").is_in(given["known"]["crew"].to_list()).alias("known")
    return given["crews"].join(sums, on="crew", how="left").select("crew", "n", "nats", known)


def ask(db: Db, sizes: Mapping[str, int]) -> list[tuple[object, ...]]:
    """The rows of `summed`, of crews of these sizes; those of one row or none are not known."""
    rows = [(name, float(i)) for name, size in sizes.items() for i in range(size)]
    db.put("did", pl.DataFrame(rows, schema={"crew": pl.String, "nats": pl.Float64}, orient="row"))
    db.put("crews", pl.DataFrame({"crew": list(sizes)}, schema={"crew": pl.String}))
    known = "SELECT crew FROM did GROUP BY crew HAVING count(*) > 1"
    db.by_group("sums", summed, "crew", SUMS, crews="SELECT crew FROM crews", rows="SELECT * FROM did", known=known)
    return db.frame("SELECT crew, n, nats, known FROM sums ORDER BY ALL").rows()


def answer(sizes: Mapping[str, int]) -> list[tuple[object, ...]]:
    """What `ask` must give."""
    return sorted((name, n or None, n * (n - 1) / 2 if n else None, n > 1) for name, n in sizes.items())
