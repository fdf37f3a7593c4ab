"""A ring as one would put it in a report: what is shared on both sides, who shares it in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, PathPatch
from matplotlib.path import Path

from graph import words
from graph.canvas import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    SIDE,
    VERMILLION,
    Canvas,
    on,
    short,
)
from graph.columns import MORE, Box, Layout, Node, column, layout, solid

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from graph.canvas import Picture
    from graph.words import Language

ROLES: dict[str, tuple[str, tuple[str, str]]] = {
    "seller": (VERMILLION, ("作为卖家", "acted as seller")),
    "buyer": (BLUE, ("作为买家", "acted as buyer")),
    "both": (PURPLE, ("买卖两边", "both sides")),
    "promoter": (ORANGE, ("推广或发展下线", "promoter")),
    "organiser": (BLACK, ("组织者", "organiser")),
    "source": (GREEN, ("共同来源，非嫌疑人", "common source, no suspect")),
    "holder": (PALE, ("仅有关联，无行为", "ties alone, no acts")),
    "outside": ("#ffffff", ("名单外账号，关联已切断", "account outside: the tie was cut")),
}
"""Role -> colour, words. Colour and lightness both differ, so that the roles survive a grey printer."""
COLUMNS: dict[str, tuple[str, str]] = {
    "pay": ("收付款账号", "payment accounts"),
    "account": ("账号与得分", "accounts and scores"),
    "device": ("设备", "devices"),
    "rest": ("联系方式及其他", "contacts and the rest"),
}
COUNTS: tuple[tuple[str, str], ...] = (
    ("{n_accounts} 个账号 · {n_devices} 台设备 · {n_payees} 个收付款账号 · {n_victims} 名受害人",
     "{n_accounts} accounts · {n_devices} devices · {n_payees} payment accounts · {n_victims} victims"),
    ("涉及 {exposure_cny:,} 元 · 损失 {loss_cny:,} 元 · 可挽回 {open_cny:,} 元",
     "CNY {exposure_cny:,} at stake · {loss_cny:,} lost · {open_cny:,} can still be saved"),
)  # fmt: skip
SCORE = ("得分 {score:.2f}", "score {score:.2f}")
SHARED = ("{n} 个账号，{since} 至 {until}", "{n} accounts, {since} to {until}")
BRIEF = ("{n} 个", "{n} ×")
MORE_WORDS = ("另有 {n} 个账号未画出", "{n} more accounts")
DRAWN = ("共 {all} 个节点，画出 {drawn} 个；未画出：{out}", "{drawn} of {all} nodes drawn; left out: {out}")
LEFT_OUT = (
    ("{n} 个排序靠后的账号", "{n} accounts that rank lower"),
    ("{n} 个共用者较少的共用之物", "{n} things that fewer accounts share"),
)
WEIGHT = ("线宽：关联强度", "line width: strength of the tie")
WEAKEST = ("若去掉，团伙即散", "without it the ring falls apart")
REFERRED = ("在其邀请者、前身或来源之下", "below its referrer, predecessor or source")
HUB = ("过多账号共用之物，不作关联", "hub, shared by too many: no tie")
CROWD = ("{n} 个账号共用，不作关联", "{n} accounts share it: no tie")
SHARING = ("“n 个”：共用它的账号数", "n ×: accounts that share it")

FAINT = "#aab0b8"
TOP = 1.2
NARROWEST = 6.6
CURVED = Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4


def draw(graph: nx.Graph, row: dict[str, Any], language: Language) -> Picture:
    """Draw `graph` (of `graph.explore.ring_graph`) under a title from its `row` of `rings`.

    The box of each node, the words on it and its lines carry the gid `node <space> <id>`, `label …` and `edge …`.
    """
    plan = layout(graph)
    width = max(plan.width + 2 * SIDE, NARROWEST)
    note = 0.25 if any(plan.left_out) else 0.0
    canvas = Canvas(width, language)
    explained = signs(canvas, plan, bool(row["weakest_tie"]))
    bottom = note + canvas.legend(explained, note)
    canvas.rise(bottom + plan.height + TOP)
    left = (width - plan.width) / 2
    plan.boxes = {n: Box(b.x + left, b.y + bottom, b.width, b.height) for n, b in plan.boxes.items()}
    title(canvas, row, SIDE, plan.height + bottom + 0.3)
    for name, x, wide in plan.columns:
        heading = canvas.word(COLUMNS[name])
        canvas.say(left + x + wide / 2, plan.height + bottom + 0.14, heading, 8, color=GREY, ha="center")
    for u, v, data in sorted(plan.graph.edges(data=True), key=lambda e: (e[2]["weight"], min(e[:2]), max(e[:2]))):
        if v not in (plan.tree.get(u), None) and u != plan.tree.get(v):
            # An edge of a part of a graph has no lasting direction.
            tie(canvas, plan, min(u, v), max(u, v), data)
    for child, parent in sorted(plan.tree.items()):
        elbow(canvas, plan.boxes[parent], plan.boxes[child])
    for node in sorted(plan.boxes):
        label(canvas, graph, plan, node, row["weakest_tie"])
    if any(plan.left_out):
        parts = [canvas.word(w).format(n=n) for w, n in zip(LEFT_OUT, plan.left_out, strict=True) if n]
        every = len(solid(graph))
        said = canvas.word(DRAWN).format(all=every, drawn=every - sum(plan.left_out), out=", ".join(parts))
        canvas.say(SIDE, 0.17, said, 7, gid="left out")
    return canvas.figure


def title(canvas: Canvas, row: dict[str, Any], x: float, bottom: float) -> None:
    """Which ring, what it is suspected of, how sure, and its figures."""
    named = " · ".join(words.typology(t["name"], canvas.language) for t in row["typologies"][:2])
    score = canvas.word(SCORE).format(**row)
    canvas.say(x, bottom + 0.6, f"{row['ring_id']}  {named}  {score}", 12, weight="bold", gid="title")
    for step, line in enumerate(COUNTS):
        canvas.say(x, bottom + 0.34 - 0.18 * step, canvas.word(line).format(**row), 8, gid=f"figures {step}")


def tie(canvas: Canvas, plan: Layout, u: Node, v: Node, data: dict[str, Any]) -> None:
    """A line from an account to what it shares, as wide as the tie is strong, in the account's colour; faint where it
    was left out."""
    account, other = (u, v) if column(u) == "account" else (v, u)
    box, end = plan.boxes[account], plan.boxes[other]
    if column(other) == "account":
        points, straight = [(box.x, box.y), (end.x - 0.4, box.y), (end.x - 0.4, end.y), (end.x, end.y)], []
        codes = [*CURVED]
    else:
        # Level as far as the column reaches: a line that bends at once runs behind the boxes indented deeper.
        edge, stop = sides(plan, column(other) == "pay")
        points = [(box.x if column(other) == "pay" else box.right, box.y), *bend((edge, box.y), (stop, end.y))]
        codes = [Path.MOVETO, Path.LINETO, *CURVED[1:]]
        # The last column lies past the devices, on rows that no device has: the line runs on straight.
        straight = [(end.x, end.y)] if column(other) == "rest" else []
    path = Path([*points, *straight], [*codes, *(Path.LINETO for _ in straight)])
    faint = bool(data.get("faint"))
    style: dict[str, Any] = {"linestyle": (0, (2, 2))} if faint or MORE in (u, v) else {}
    colour = GREY if MORE in (u, v) else ROLES[plan.graph.nodes[account]["role"]][0]
    colour = FAINT if faint else GREY if colour == PALE else colour
    width = 0.8 if faint else wide(data["weight"])
    name = f"edge {account[1]} {other[0]} {other[1]}"
    canvas.axes.add_patch(
        PathPatch(path, fill=False, edgecolor=colour, alpha=0.5, linewidth=width, zorder=1, gid=name, **style)
    )


def wide(weight: float) -> float:
    """Points of a line for a tie of so many nats; beyond six nats nobody doubts, and lines would hide each other."""
    return 0.35 + 0.55 * min(max(weight, 0.0), 6.0)


def sides(plan: Layout, leftward: bool) -> tuple[float, float]:
    """From where to where lines bend, left or right of the accounts."""
    accounts = [b for n, b in plan.boxes.items() if column(n) == "account"]
    if leftward:
        return min(b.x for b in accounts), max(b.right for n, b in plan.boxes.items() if column(n) == "pay")
    return max(b.right for b in accounts), min(b.x for n, b in plan.boxes.items() if column(n) in ("device", "rest"))


def bend(start: tuple[float, float], stop: tuple[float, float]) -> list[tuple[float, float]]:
    """A curve that leaves and arrives level."""
    middle = (start[0] + stop[0]) / 2
    return [start, (middle, start[1]), (middle, stop[1]), stop]


def elbow(canvas: Canvas, parent: Box, child: Box) -> None:
    """From below the referring account to the left of the one it referred, as in a tree of folders."""
    x = parent.x + 0.07
    path = Path([(x, parent.y - parent.height / 2), (x, child.y), (max(child.x, x), child.y)])
    canvas.axes.add_patch(PathPatch(path, fill=False, edgecolor=INK, linewidth=0.8, zorder=2, gid="referral"))


def label(canvas: Canvas, graph: nx.Graph, plan: Layout, node: Node, weakest: str | None) -> None:
    """The box of a node and what is written in it."""
    box, data = plan.boxes[node], graph.nodes.get(node, {})
    name = f"{node[0]} {node[1]}"
    fill = ROLES[data["role"]][0] if node[0] == "account" else "#ffffff"
    faint = bool(data.get("faint"))
    falls = not faint and weakest in [f"{kind} {node[1]}" for kind in data.get("kinds", ())]
    canvas.axes.add_patch(
        FancyBboxPatch(
            (box.x, box.y - box.height / 2), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=fill, edgecolor=BLACK if falls else FAINT if faint else GREY, linewidth=2.2 if falls else 0.7,
            linestyle="--" if faint or node == MORE else "-", zorder=3, gid=f"node {name}",
        )
    )  # fmt: skip
    if node == MORE:
        said = canvas.word(MORE_WORDS).format(n=plan.left_out[0])
        canvas.say(box.x + box.width / 2, box.y, said, 6.3, ha="center", gid=f"label {name}")
    elif node[0] == "account":
        ink = GREY if faint else on(fill)
        canvas.say(box.x + 0.07, box.y, short(node[1]), 6.8, color=ink, gid=f"label {name}")
        if faint:
            return
        canvas.say(box.right - 0.07, box.y, f"{data['score']:.2f}", 6.8, color=ink, ha="right", gid=f"score {name}")
    else:
        shared(canvas, graph, plan, node)


def shared(canvas: Canvas, graph: nx.Graph, plan: Layout, node: Node) -> None:
    """Which thing, how many accounts share it, and from when to when."""
    box, name = plan.boxes[node], f"{node[0]} {node[1]}"
    edges = [data for _, _, data in graph.edges(node, data=True)]
    spans = [(d["first_at"], d["last_at"]) for d in edges if not d.get("faint")] or [
        (d["first_at"], d["last_at"]) for d in edges
    ]
    since, until = f"{min(s for s, _ in spans):%Y-%m-%d}", f"{max(s for _, s in spans):%Y-%m-%d}"
    if since[:5] == until[:5]:
        until = until[5:]
    kinds = graph.nodes[node]["kinds"]
    which = short(node[1])
    if column(node) == "rest":
        which = f"{words.kind(kinds[0], canvas.language)} {which}"
    crowd = graph.nodes[node].get("faint")
    if plan.two_lines:
        said = canvas.word(SHARED).format(n=len(spans), since=since, until=until)
        said = canvas.word(CROWD).format(n=crowd) if crowd else said
        canvas.say(box.x + 0.07, box.y + 0.075, which, 6.8, color=GREY if crowd else INK, gid=f"label {name}")
        canvas.say(box.x + 0.07, box.y - 0.075, said, 5.6, color=GREY, gid=f"detail {name}")
    else:
        said = canvas.word(BRIEF).format(n=crowd or len(spans))
        canvas.say(box.x + 0.07, box.y, which, 6.4, gid=f"label {name}")
        canvas.say(box.right - 0.07, box.y, said, 6.0, color=GREY, ha="right", gid=f"detail {name}")


def signs(canvas: Canvas, plan: Layout, falls: bool) -> list[Artist]:
    """What the legend explains: the roles that occur, what a wide line means, and the other signs used."""
    there = {data["role"] for _, data in plan.graph.nodes(data=True) if "role" in data}
    out: list[Artist] = [
        Patch(facecolor=colour, edgecolor=GREY, linewidth=0.7, label=canvas.word(pair))
        for role, (colour, pair) in ROLES.items()
        if role in there and role != "outside"
    ]
    hub = any(faint and node[0] != "account" for node, faint in plan.graph.nodes(data="faint"))
    for there_is, pair in ((hub, HUB), ("outside" in there, ROLES["outside"][1])):
        if there_is:
            out.append(
                Patch(facecolor="white", edgecolor=FAINT, linewidth=0.7, linestyle="--", label=canvas.word(pair))
            )
    out.append(Line2D([], [], color=GREY, linewidth=2.5, label=canvas.word(WEIGHT)))
    if falls:
        out.append(Patch(facecolor="white", edgecolor=BLACK, linewidth=2.2, label=canvas.word(WEAKEST)))
    if not plan.two_lines:
        out.append(Line2D([], [], linestyle="none", label=canvas.word(SHARING)))
    if plan.tree:
        out.append(Line2D([], [], color=INK, linewidth=0.8, label=canvas.word(REFERRED)))
    return out
