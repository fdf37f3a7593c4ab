"""The ring's picture and its timeline as shapes and labels for the report's template; lengths in inches.

The template draws them itself: no drawing library is loaded, and the letters are those of the report.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import networkx as nx
import polars as pl

from graph import words
from graph.columns import Layout, Node, column, layout
from graph.explore import ring_graph
from jobs.case.gather import Gathered
from jobs.case.mask import Mask, space_of

MOST = 40
"""Nodes in the picture: with more, labels on a page of A4 are too small to read."""
MOST_THINGS = 14
ROWS = 32
"""Accounts in the timeline."""
TICKS = 6
COLUMNS = {"pay": "收付款账号", "account": "成员账号与得分", "device": "设备", "rest": "其他共用之物"}


def masked_graph(g: Gathered, mask: Mask) -> nx.Graph:
    """The ring's typed graph with labels for ids."""
    accounts = {a: mask.account(a) for a in g.members["account_id"]}
    links = g.links.with_columns(
        pl.Series("account_id", [mask.account(a) for a in g.links["account_id"]], dtype=pl.String),
        pl.Series(
            "entity_id",
            [mask.thing(space_of(k), e) for k, e in g.links.select("entity_kind", "entity_id").iter_rows()],
            dtype=pl.String,
        ),
    )
    return ring_graph(g.members.with_columns(pl.col("account_id").replace_strict(accounts)), links)


def picture(graph: nx.Graph) -> dict[str, Any]:
    """Boxes, lines and headings of the part that is drawn, and how many accounts and things are not."""
    drawn = _part(graph)
    plan = layout(drawn)
    left_out = {
        "accounts": sum(1 for n in graph if n[0] == "account" and n not in drawn),
        "things": sum(1 for n in graph if n[0] != "account" and n not in drawn),
    }
    lines = sorted((*sorted((a, b)), data["weight"]) for a, b, data in drawn.edges(data=True))
    return {
        "width": plan.width,
        "height": plan.height,
        "left_out": left_out,
        "drawn": len(drawn),
        "columns": [{"name": COLUMNS[name], "x": x, "width": wide} for name, x, wide in plan.columns],
        "boxes": [_box(drawn, plan, node) for node in sorted(plan.boxes)],
        "lines": [_line(plan, a, b, w) for a, b, w in lines if a in plan.boxes and b in plan.boxes],
    }


def _part(graph: nx.Graph) -> nx.Graph:
    """At most `MOST` nodes: the things most shared, then the accounts at the top and by score."""
    if len(graph) <= MOST:
        return graph.copy()
    things = sorted((n for n in graph if n[0] != "account"), key=lambda n: (-graph.degree(n), n))
    accounts = sorted((n for n in graph if n[0] == "account"), key=lambda n: (-(graph.nodes[n].get("score") or 0), n))
    things = things[: max(MOST_THINGS, MOST - len(accounts))]
    return graph.subgraph({*things, *accounts[: MOST - len(things)]}).copy()


def _box(graph: nx.Graph, plan: Layout, node: Node) -> dict[str, Any]:
    box, data = plan.boxes[node], graph.nodes[node]
    member = node[0] == "account"
    kinds = data.get("kinds", [])
    return {
        "x": box.x,
        "y": plan.height - box.y - box.height / 2,
        "width": box.width,
        "height": box.height,
        "role": data.get("role", "other") if member else "",
        "label": node[1] if member or column(node) != "rest" else f"{words.kind(kinds[0], 'zh')} {node[1]}",
        "note": f"{data['score']:.2f}" if member and "score" in data else f"{graph.degree(node)} 个账号",
    }


def _line(plan: Layout, a: Node, b: Node, weight: float) -> dict[str, Any]:
    one, other = sorted((plan.boxes[a], plan.boxes[b]), key=lambda box: (box.x, box.y))
    level = column(a) == column(b)
    return {
        "x1": one.x if level else one.right,
        "y1": plan.height - one.y,
        "x2": other.x,
        "y2": plan.height - other.y,
        "level": level,
        # Beyond six nats nobody doubts, and lines would hide each other.
        "thick": 0.35 + 0.4 * min(max(weight, 0.0), 6.0),
    }


def timeline(g: Gathered, mask: Mask) -> dict[str, Any]:
    """Who did what when: a row an account, the first to act on top; places from 0 to 1, left to right."""
    acts = g.facts.select("account_id", "typology", "happened_at").drop_nulls()
    first = acts.group_by("account_id").agg(pl.col("happened_at").min())
    every = g.members.join(first, on="account_id", how="left").sort("happened_at", "account_id", nulls_last=True)
    shown = {account: row for row, account in enumerate(every["account_id"].head(ROWS))}
    spans = g.links.group_by("account_id").agg(
        pl.col("first_seen_at").min().alias("since"), pl.col("last_seen_at").max().alias("until")
    )
    seen = [*acts["happened_at"], *spans["since"], *spans["until"]]
    start, end = (min(seen), max(seen)) if seen else (datetime(2000, 1, 1), datetime(2000, 1, 1))
    start, end = start - timedelta(days=1), end + timedelta(days=1)

    def place(at: datetime) -> float:
        return round((at - start) / (end - start), 4)

    series = [t["name"] for t in g.row["typologies"][:5]]
    # One mark a day, account and typology: more would lie on each other.
    days = (
        acts.with_columns(pl.col("happened_at").dt.truncate("1d"))
        .unique()
        .sort("happened_at", "account_id", "typology")
    )
    return {
        "rows": [mask.account(account) for account in shown],
        "left_out": every.height - len(shown),
        "series": [words.typology(name, "zh") for name in series],
        "ticks": [
            {"x": tick / TICKS, "day": f"{start + (end - start) * tick / TICKS:%Y-%m-%d}"} for tick in range(TICKS + 1)
        ],
        "spans": [
            {"row": shown[a], "from": place(since), "to": place(until)}
            for a, since, until in spans.sort("account_id").iter_rows()
            if a in shown
        ],
        "marks": [
            {"row": shown[a], "x": place(at), "series": series.index(t) if t in series else len(series)}
            for a, t, at in days.iter_rows()
            if a in shown
        ],
    }


def without_strongest(graph: nx.Graph) -> dict[str, Any] | None:
    """The shared thing of the greatest summed weight, and how many accounts hang together without it, largest part
    first; None where nothing is shared."""
    things = [n for n in graph if n[0] != "account"]
    if not things:
        return None
    weight = {n: sum(w for _, _, w in graph.edges(n, data="weight")) for n in things}
    strongest = max(things, key=lambda n: (weight[n], n))
    rest = graph.subgraph(n for n in graph if n != strongest)
    parts = sorted((sum(1 for n in c if n[0] == "account") for c in nx.connected_components(rest)), reverse=True)
    return {
        "thing": f"{words.kind(graph.nodes[strongest]['kinds'][0], 'zh')} {strongest[1]}",
        "users": graph.degree(strongest),
        "parts": [size for size in parts if size],
    }
