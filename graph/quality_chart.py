"""Pictures of how good the lists are, and of how they move with a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph.canvas import BLACK, BLUE, GREY, ORANGE, PALE, SIDE, SKY, VERMILLION, Canvas, short
from graph.plots import Field, shares, ticks

if TYPE_CHECKING:
    from graph.canvas import Picture
    from graph.words import Language

RELIABILITY = ("得分与实际", "scores and what came true")
SCORE = ("得分", "score")
SHARE = ("属实的比例（竖线：95% 置信区间）", "share that was right (lines: 95 % interval)")
DECIDED = ("圆点大小：数量", "size of a dot: how many")
CAPACITY = ("名单前 n 个账号的准确率", "precision among the first n accounts")
ACCOUNTS = ("按名次看到的账号数", "accounts looked at, by rank")
LINE = ("分数线移动时的名单", "the list as the score line moves")
LINE_AT = ("分数线", "score line")
RINGS, LISTED = ("团伙数", "rings"), ("账号数", "accounts")
PRECISION = ("账号准确率", "precision of accounts")
SWING = ("设置变动时名单的变化", "how the list moves with each setting")
SWING_UNIT = ("离开（左）与进入（右）名单的账号数", "accounts that leave (left) and enter (right) the list")
NOTHING = ("没有可画的数据", "nothing to draw yet")

WIDTH, HIGH, LEFT, BOTTOM, TOP = 6.4, 3.4, 0.55, 0.85, 0.6


@dataclass(frozen=True)
class Bin:
    """Rings (or accounts) of like scores: their `mean` score, how many were `right` of how many `n`, the interval."""

    mean: float
    right: int
    n: int
    low: float
    high: float


def _field(
    canvas: Canvas, title: tuple[str, str], below: tuple[str, str], xs: tuple[float, float], ys: tuple[float, float]
) -> Field:
    canvas.rise(BOTTOM + HIGH + TOP)
    canvas.say(SIDE, BOTTOM + HIGH + TOP - 0.3, canvas.word(title), 12, weight="bold", gid="title")
    canvas.say(SIDE + LEFT, 0.42, canvas.word(below), 7.5, color=GREY, gid="below")
    return Field(canvas, SIDE + LEFT, BOTTOM, WIDTH - 2 * SIDE - LEFT, HIGH, xs, ys)


def _empty(canvas: Canvas, field: Field) -> Picture:
    canvas.say(field.left, field.bottom + field.height / 2, canvas.word(NOTHING), 8, gid="none")
    return canvas.figure


def reliability(bins: Sequence[Bin], language: Language) -> Picture:
    """Score against what came true, a dot a bin; on the line a score means what it says."""
    canvas = Canvas(WIDTH, language)
    field = _field(canvas, RELIABILITY, SCORE, (0, 1), (0, 1))
    if not bins:
        return _empty(canvas, field)
    field.below(shares(), name="score")
    field.beside(shares(), name="share")
    field.line([(0, 0), (1, 1)], GREY, linestyle="--", linewidth=0.9)
    most = max(b.n for b in bins)
    for b in bins:
        field.line([(b.mean, b.low), (b.mean, b.high)], BLUE, linewidth=1.2)
        size = 4 + 10 * (b.n / most) ** 0.5
        canvas.axes.plot(field.x(b.mean), field.y(b.right / b.n), "o", color=BLUE, markersize=size, alpha=0.8, zorder=4)
    canvas.say(SIDE + LEFT, 0.2, f"{canvas.word(SHARE)} · {canvas.word(DECIDED)}", 6.5, color=GREY, gid="unit")
    return canvas.figure


def capacity(right: Sequence[bool | None], marks: Sequence[int], language: Language) -> Picture:
    """Precision among the first n accounts, for every n; `right` by rank, None where nobody decided."""
    canvas = Canvas(WIDTH, language)
    known = [(n, bool(r)) for n, r in enumerate(right, start=1) if r is not None]
    field = _field(canvas, CAPACITY, ACCOUNTS, (0, max(len(right), 1)), (0, 1))
    if not known:
        return _empty(canvas, field)
    field.below(ticks(0, len(right), 8, whole=True), name="rank")
    field.beside(shares(), name="share")
    points, hits = [], 0
    for i, (n, r) in enumerate(known, start=1):
        hits += r
        points.append((float(n), hits / i))
    field.line(points, VERMILLION)
    for mark in (m for m in marks if m <= len(right)):
        upto = [y for x, y in points if x <= mark]
        if upto:
            canvas.axes.plot(field.x(mark), field.y(upto[-1]), "o", color=VERMILLION, markersize=5, zorder=4)
            canvas.say(field.x(mark), field.y(upto[-1]) - 0.17, f"{upto[-1]:.2f}", 7, ha="center", gid=f"mark {mark}")
    return canvas.figure


def line_moves(rows: Sequence[tuple[float, int, int, float | None]], language: Language) -> Picture:
    """Rings and accounts left as the score line rises, and their precision; `rows` of score line, rings, accounts,
    precision (None where nobody knows)."""
    canvas = Canvas(WIDTH, language)
    field = _field(canvas, LINE, LINE_AT, (0, 1), (0, 1))
    if not rows or not max(r[1] for r in rows):
        return _empty(canvas, field)
    field.below(shares(0.1), name="line")
    field.beside(shares(), name="share")
    rings, accounts = max(r[1] for r in rows), max([1, *(r[2] for r in rows)])
    field.line([(r[0], r[1] / rings) for r in rows], BLUE)
    field.line([(r[0], r[2] / accounts) for r in rows], ORANGE, linestyle="--")
    known = [(r[0], r[3]) for r in rows if r[3] is not None]
    if known:
        field.line(known, BLACK, linestyle=":")
    said = ((BLUE, f"{canvas.word(RINGS)} (1 = {rings:,})"), (ORANGE, f"{canvas.word(LISTED)} (1 = {accounts:,})"))
    signs = [*said, *([(BLACK, canvas.word(PRECISION))] if known else [])]
    for i, (colour, text) in enumerate(signs):
        x = SIDE + LEFT + 1.75 * i
        canvas.axes.plot([x, x + 0.16], [0.2, 0.2], color=colour, linewidth=2)
        canvas.say(x + 0.22, 0.2, text, 6.8, gid=f"sign {i}")
    return canvas.figure


def swing(moves: Mapping[str, tuple[int, int]], language: Language) -> Picture:
    """How many accounts leave and enter the list with each change of a setting: what -> (leave, enter)."""
    row, left = 0.26, 2.0
    canvas = Canvas(7.4, language)
    high = row * max(len(moves), 1)
    canvas.rise(0.85 + high + 0.6)
    canvas.say(SIDE, 0.85 + high + 0.3, canvas.word(SWING), 12, weight="bold", gid="title")
    most = float(max([1, *(n for pair in moves.values() for n in pair)]))
    field = Field(canvas, SIDE + left, 0.85, 7.4 - 2 * SIDE - left - 0.5, high, (-most, most), (len(moves) or 1, 0))
    field.below([(x, f"{abs(x):g}") for x, _ in ticks(-most, most, whole=True)], name="accounts")
    for i, (what, (leave, enter)) in enumerate(moves.items()):
        y = field.y(i + 0.5)
        canvas.say(SIDE, y, short(what, 34), 7, gid=f"label {what}")
        field.bar((-leave, 0), (i + 0.2, i + 0.8), VERMILLION, gid=f"leave {what}")
        field.bar((0, enter), (i + 0.2, i + 0.8), SKY, gid=f"enter {what}")
        canvas.say(7.4 - SIDE, y, f"−{leave} +{enter}", 6.8, color=GREY, ha="right", gid=f"value {what}")
    canvas.axes.plot([field.x(0)] * 2, [0.85, 0.85 + high], color=PALE, linewidth=1, zorder=1)
    canvas.say(SIDE + left, 0.3, canvas.word(SWING_UNIT), 6.5, color=GREY, gid="unit")
    return canvas.figure
