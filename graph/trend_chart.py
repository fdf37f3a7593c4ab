"""Pictures of what changes: typologies over weeks with the campaign seasons, and operators that come back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.canvas import BLACK, BLUE, GREY, INK, PALE, SIDE, SKY, VERMILLION, YELLOW, Canvas, short
from graph.plots import Field, months, ticks
from graph.trends import SEASONS, Season, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.canvas import Picture
    from graph.words import Language

WEEKS = ("在册团伙每周的行为，按类型", "what the listed rings did, week by week")
PEAK = ("最多 {n}", "most {n}")
SCALE = (
    "每行高度以该行最多的一周为准；最近几周的投诉可能尚未到来",
    "each row is scaled to its own busiest week; complaints of the last weeks may still come",
)
NONE = ("没有可画的行为", "no acts to draw")
OPERATORS = ("关店后仍在经营的主体", "operators that closed accounts and go on")
COUNTS = ("{open} 个在用，{closed} 个已关", "{open} open, {closed} closed")
OPEN, CLOSED = ("在用账号", "accounts open"), ("已关账号", "accounts closed")
ON_RING = ("在册团伙 {ring}", "on ring {ring}")
NOBODY = ("没有这样的主体", "there are none")

WIDTH, LABEL, ROW, TOP = 9.0, 1.7, 0.42, 0.75
MOST = 15
"""Operators in one picture."""


def weeks_chart(weeks: pl.DataFrame, language: Language, seasons: Sequence[Season] = SEASONS) -> Picture:
    """Draw `graph.trends.weekly_acts`: a row a typology, the busiest on top, seasons shaded. Labels carry the gid
    `label <typology>`, the shades `season <name> <first day>`."""
    canvas = Canvas(WIDTH, language)
    totals = weeks.group_by("typology").agg(pl.col("acts").sum()).sort("acts", "typology", descending=[True, False])
    names = totals["typology"].to_list()
    bottom, high = 0.75, ROW * max(len(names), 1)
    canvas.rise(bottom + high + TOP)
    canvas.say(SIDE, bottom + high + TOP - 0.3, canvas.word(WEEKS), 12, weight="bold", gid="title")
    if not names:
        canvas.say(SIDE, bottom + high / 2, canvas.word(NONE), 8, gid="none")
        return canvas.figure
    first, last = min(weeks["week"]), max(weeks["week"]) + timedelta(days=7)
    xs = (float(first.toordinal()), float(last.toordinal()))
    left, wide = SIDE + LABEL, WIDTH - 2 * SIDE - LABEL - 0.75
    whole = Field(canvas, left, bottom, wide, high, xs, (0, 1))
    shade(whole, first, last, seasons)
    whole.below(months(first, last), name="month")
    for i, name in enumerate(names):
        rows = weeks.filter(typology=name).sort("week")
        area(canvas, rows, (left, bottom + high - (i + 1) * ROW, wide), xs)
        y = bottom + high - (i + 0.6) * ROW
        canvas.say(SIDE, y, words.typology(name, canvas.language), 7.5, gid=f"label {name}")
        said = canvas.word(PEAK).format(n=f"{max(rows['acts']):,}")
        canvas.say(WIDTH - SIDE, y, said, 6.5, color=GREY, ha="right", gid=f"peak {name}")
    canvas.say(SIDE, 0.25, canvas.word(SCALE), 6.5, color=GREY, gid="scale")
    return canvas.figure


def shade(field: Field, first: date, last: date, seasons: Sequence[Season]) -> None:
    """The seasons behind the rows, their names above."""
    for name, one, other in spans(first, last, seasons):
        start, end = float(one.toordinal()), float(other.toordinal() + 1)
        field.bar((start, end), field.ys, YELLOW, alpha=0.35, zorder=0, gid=f"season {name} {one}")
        middle = field.x((start + end) / 2)
        said = name if field.canvas.language == "zh" else name.replace("双11", "11.11")
        field.canvas.say(
            middle, field.bottom + field.height + 0.1, said, 7.5, color=INK, ha="center", gid=f"name {name} {one}"
        )


def area(canvas: Canvas, rows: pl.DataFrame, place: tuple[float, float, float], xs: tuple[float, float]) -> None:
    """One row: a step a week."""
    left, low, wide = place
    field = Field(canvas, left, low, wide, ROW * 0.82, xs, (0, float(max(rows["acts"]))))
    canvas.axes.plot([left, left + wide], [low, low], color=PALE, linewidth=0.6, zorder=1)
    for week, acts in rows.select("week", "acts").iter_rows():
        day = float(week.toordinal())
        field.bar((day, day + 6.4), (0, acts), BLUE, alpha=0.85)


def operators_chart(operators: pl.DataFrame, language: Language) -> Picture:
    """Draw the first of `graph.trends.repeat_operators`: how many accounts each has and closed, when, and its ring.
    Labels carry the gid `label <operator>`."""
    canvas = Canvas(WIDTH, language)
    rows = operators.head(MOST)
    bottom, high = 0.75, 0.34 * max(rows.height, 1)
    canvas.rise(bottom + high + TOP - 0.1)
    canvas.say(SIDE, bottom + high + TOP - 0.4, canvas.word(OPERATORS), 12, weight="bold", gid="title")
    if rows.is_empty():
        canvas.say(SIDE, bottom + high / 2, canvas.word(NOBODY), 8, gid="none")
        return canvas.figure
    most = float(max(rows["n_accounts"]))
    field = Field(canvas, SIDE + 1.2, bottom, 3.9, high, (0, most), (rows.height, 0))
    field.below(ticks(0, most, whole=True), name="accounts")
    for i, row in enumerate(rows.iter_rows(named=True)):
        still = row["n_accounts"] - row["n_closed"]
        field.bar((0, still), (i + 0.2, i + 0.8), SKY, gid=f"open {row['operator_id']}")
        field.bar((still, row["n_accounts"]), (i + 0.2, i + 0.8), VERMILLION, gid=f"closed {row['operator_id']}")
        y = field.y(i + 0.5)
        canvas.say(SIDE, y, short(row["operator_id"]), 7, gid=f"label {row['operator_id']}")
        said = canvas.word(COUNTS).format(open=still, closed=row["n_closed"])
        since, until = row["first_registered_at"], row["last_closed_at"]
        when = f"{since:%Y-%m}–{until:%Y-%m}" if since and until else ""
        ring = canvas.word(ON_RING).format(ring=short(row["ring_id"], 14)) if row["ring_id"] else ""
        canvas.say(5.6, y, f"{said}  {when}", 6.5, color=GREY, gid=f"detail {row['operator_id']}")
        if ring:
            canvas.say(WIDTH - SIDE, y, ring, 6.5, color=BLACK, ha="right", gid=f"ring {row['operator_id']}")
    for x, (colour, pair) in zip((SIDE, SIDE + 1.4), ((SKY, OPEN), (VERMILLION, CLOSED)), strict=True):
        canvas.axes.plot(x + 0.06, 0.27, "s", color=colour, markersize=6)
        canvas.say(x + 0.18, 0.27, canvas.word(pair), 7, gid=f"sign {pair[1]}")
    return canvas.figure
