"""Where each node of a ring stands in its picture: columns of payment accounts, accounts, devices and the rest.

Columns, because a ring is read from what is shared to who shares it; a spring layout moves with every run and says
nothing by its places. All lengths are inches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

import networkx as nx

Node = tuple[str, str]

MOST = 60
"""Nodes in one picture; with more, labels are too small to read on a page."""
MOST_THINGS = 18
"""Shared things in a picture that leaves some out; the other places are for accounts."""
ROOMY = 16
"""Things to the right of the accounts from which on each has one line instead of two."""
SWEEPS = 6
"""Rounds of ordering a column by its neighbours' mean height; more change nothing on rings of this size."""
DEEPEST = 5
"""Levels of a referral line that are indented."""

ACCOUNT = (1.42, 0.19)
THING = (1.9, 0.33)
LINE = (1.9, 0.19)
ROW = 0.235
GAP = 0.9
INDENT = 0.16
MORE: Node = ("more", "accounts")
"""Stands for all accounts that are left out."""
FIRST = {"organiser": 0, "source": 0, "promoter": 1, "outside": 9}


@dataclass(frozen=True)
class Box:
    """A node's place: the left and middle of a box, its width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width


@dataclass
class Layout:
    """`graph` is what is drawn, `boxes` its nodes' places, `tree` (child -> parent) of accounts below the one that
    referred them, `columns` (name, left, width), and how many accounts and things are `left_out`."""

    graph: nx.Graph
    boxes: dict[Node, Box] = field(default_factory=dict)
    tree: dict[Node, Node] = field(default_factory=dict)
    columns: list[tuple[str, float, float]] = field(default_factory=list)
    left_out: tuple[int, int] = (0, 0)
    width: float = 0.0
    height: float = 0.0
    two_lines: bool = True


def column(node: Node) -> str:
    """The column of a node: `pay`, `account`, `device` or `rest`."""
    return node[0] if node[0] in ("pay", "account", "device") else "account" if node == MORE else "rest"


def solid(graph: nx.Graph) -> nx.Graph:
    """A ring's graph without what is drawn faintly: hubs and accounts outside."""
    return graph.subgraph([n for n, faint in graph.nodes(data="faint") if not faint])


def shown(graph: nx.Graph) -> nx.Graph:
    """The part of a ring's graph that is drawn: all of it up to `MOST` nodes, else the most shared things, the
    accounts at the top of the ring and then by score, and `MORE` tied to what the accounts left out share. What is
    faint is drawn where there is room for it."""
    if len(graph) <= MOST:
        return graph.copy()
    faint, graph = [n for n in graph if graph.nodes[n].get("faint")], solid(graph)
    if faint:
        return shown(graph)
    things = sorted((n for n in graph if n[0] != "account"), key=lambda n: (-graph.degree(n), n))
    accounts = sorted((n for n in graph if n[0] == "account"), key=lambda n: _first(graph, n))
    every, things = len(accounts), things[: max(MOST_THINGS, MOST - 1 - len(accounts))]
    accounts = accounts[: MOST - 1 - len(things)]
    out = graph.subgraph({*things, *accounts}).copy()
    if len(accounts) < every:
        out.add_node(MORE)
    for thing in things:
        weights = [w for _, a, w in graph.edges(thing, data="weight") if a not in out]
        if weights:
            out.add_edge(MORE, thing, weight=max(weights), n=len(weights))
    return out


def layout(graph: nx.Graph) -> Layout:
    """Places for the nodes that `shown` leaves of a ring's typed graph. The same graph gives the same places."""
    drawn = shown(graph)
    out = Layout(drawn, tree=_tree(drawn))
    whole, there = _counts(solid(graph)), _counts(solid(drawn))
    out.left_out = (whole[0] - there[0], whole[1] - there[1])
    accounts, left, right = _ordered(drawn, out.tree)
    depth = {n: _depth(n, out.tree) for n in accounts}
    out.two_lines = len(right) <= ROOMY and len(left) <= ROOMY
    thing = THING if out.two_lines else LINE
    row = thing[1] + ROW - ACCOUNT[1]
    out.height = max(len(accounts) * ROW, max(len(left), len(right)) * row, 3 * ROW)
    x = 0.0
    for name, nodes, size in (
        ("pay", left, thing),
        ("account", accounts, ACCOUNT),
        ("device", [n for n in right if n[0] == "device"], thing),
        ("rest", [n for n in right if n[0] != "device"], thing),
    ):
        if not nodes:
            continue
        # A thing of the last column is reached past the devices: both share one set of rows, so no line crosses a box.
        rows = right if name in ("device", "rest") else nodes
        deepest = max(depth.get(n, 0) for n in nodes)
        for n in nodes:
            y = out.height * (1 - (rows.index(n) + 0.5) / len(rows))
            out.boxes[n] = Box(x + INDENT * depth.get(n, 0), y, *size)
        wide = size[0] + INDENT * deepest
        out.columns.append((name, x, wide))
        x += wide + (GAP / 3 if name == "device" else GAP)
    out.width = max(b.right for b in out.boxes.values())
    return out


def _counts(graph: nx.Graph) -> tuple[int, int]:
    """Accounts and things."""
    accounts = sum(1 for n in graph if n[0] == "account")
    return accounts, len(graph) - accounts - (MORE in graph)


def _first(graph: nx.Graph, node: Node) -> tuple[int, float, str]:
    data = graph.nodes[node]
    return FIRST.get(data.get("role", ""), 2), -(data.get("score") or 0.0), node[1]


def _tree(graph: nx.Graph) -> dict[Node, Node]:
    """Child -> parent among accounts, from edges that name the older account as `parent`; the strongest where there
    are several, and never a circle."""
    tree: dict[Node, Node] = {}
    edges = [
        (-data["weight"], parent, v if parent == u else u)
        for u, v, data in graph.edges(data=True)
        if (parent := data.get("parent")) is not None
    ]
    for _, parent, child in sorted(edges):
        above: Node | None = parent
        while above is not None and above != child:
            above = tree.get(above)
        if above is None and child not in tree:
            tree[child] = parent
    return tree


def _depth(node: Node, tree: dict[Node, Node]) -> int:
    depth = 0
    while node in tree and depth < DEEPEST:
        node, depth = tree[node], depth + 1
    return depth


def _ordered(graph: nx.Graph, tree: dict[Node, Node]) -> tuple[list[Node], list[Node], list[Node]]:
    """Accounts, payment accounts, and everything right of the accounts, each from top to bottom: neighbours at the
    same height, so that lines cross little (Sugiyama's barycentre method)."""
    sides = {k: list(g) for k, g in groupby(sorted(graph, key=_side), key=_side)}
    accounts, left, right = (sides.get(k, []) for k in range(3))
    accounts = _lines(sorted(accounts, key=lambda n: (_last(graph, n), *_first(graph, n))), tree)
    place = _places(accounts)
    for _ in range(SWEEPS):
        left, right = (_by_mean(graph, side, place) for side in (left, right))
        place |= _places(left) | _places(right)
        # Not by role alone: with few things on a side that would cross every line.
        accounts = _lines(_by_mean(graph, accounts, place), tree)
        place |= _places(accounts)
    return accounts, left, right


def _side(node: Node) -> int:
    return {"account": 0, "pay": 1}.get(column(node), 2)


def _places(nodes: list[Node]) -> dict[Node, float]:
    return {n: (i + 0.5) / len(nodes) for i, n in enumerate(nodes)}


def _by_mean(graph: nx.Graph, nodes: list[Node], place: dict[Node, float]) -> list[Node]:
    def mean(node: Node) -> float:
        near = [place[n] for n in sorted(graph[node]) if column(n) != column(node)]
        return round(sum(near) / len(near), 9) if near else place.get(node, 0.5)

    return sorted(nodes, key=lambda n: (_last(graph, n), mean(n), n))


def _last(graph: nx.Graph, node: Node) -> int:
    """Below the members stands whoever is left out, and below that whoever is outside."""
    return 2 if node[0] == "account" and graph.nodes[node].get("faint") else int(node == MORE)


def _lines(nodes: list[Node], tree: dict[Node, Node]) -> list[Node]:
    """The accounts with each one's referrals right below it, otherwise in the order given."""
    below: dict[Node | None, list[Node]] = {}
    for node in nodes:
        below.setdefault(tree.get(node), []).append(node)
    out: list[Node] = []
    todo = list(reversed(below.get(None, [])))
    while todo:
        out.append(node := todo.pop())
        todo += reversed(below.get(node, []))
    return out
