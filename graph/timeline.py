"""When a ring did what: registrations, ties in use, acts, closings, and money that is still open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
from matplotlib import dates
from matplotlib.lines import Line2D

from graph import words
from graph.canvas import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PALE, PURPLE, SIDE, SKY, VERMILLION, Canvas, short

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from graph.canvas import Picture
    from graph.explore import Ring
    from graph.words import Language

MOST = 60
"""Accounts in one picture."""
LIVES = ("phone", "owner", "licence")
"""Ties that last from an account's registration to its closing, or to the night."""
SERIES = (VERMILLION, BLUE, ORANGE, PURPLE, SKY)
"""Colours of the typologies, strongest first; those beyond are grey."""
TITLE = ("{ring_id}  {named}  时间线", "{ring_id}  {named}  timeline")
TIED = ("关联存续", "ties in use")
REGISTERED = ("注册", "registered")
CLOSED = ("注销或封禁", "closed or banned")
OPEN = ("未确认的付款", "paid and still open")
EARLIER = ("更早开始", "began earlier")
OTHER = ("其他行为", "other acts")
LEFT_OUT = ("另有 {n} 个首次行为较晚的账号未画出", "left out: {n} accounts that acted later or not at all")

LEAD = timedelta(days=120)
"""Before the first act: an account registered years ago must not press all that was done into the last inch."""
WIDTH, LABEL, ROW, TOP = 9.0, 1.1, 0.22, 0.6


@dataclass(frozen=True)
class Moments:
    """What is drawn of one ring. `acts`: account_id, typology, happened_at; `spans`: account_id, since, until of its
    ties; `lives`: account_id, registered_at, closed_at (NULL while open), where a tie shows them; `orders`: account_id,
    paid_at of money still open, where the exports tell when it was paid."""

    acts: pl.DataFrame
    spans: pl.DataFrame
    lives: pl.DataFrame
    orders: pl.DataFrame


def moments(ring: Ring) -> Moments:
    """The dated facts that the published tables hold of a ring; one row an account in `spans` and `lives`."""
    night = datetime(ring.night.date.year, ring.night.date.month, ring.night.date.day)
    first, last = pl.col("first_seen_at").min(), pl.col("last_seen_at").max()
    links = ring.links()
    lives = links.filter(pl.col("entity_kind").is_in(LIVES)).group_by("account_id").agg(
        first.alias("registered_at"),
        # An open account's ties last until the night is over.
        pl.when(last < night).then(last).alias("closed_at"),
    )  # fmt: skip
    return Moments(
        ring.acts().select("account_id", "typology", "happened_at"),
        links.group_by("account_id").agg(first.alias("since"), last.alias("until")).sort("account_id"),
        lives.sort("account_id"),
        ring.open_orders().select(pl.col("seller_id").alias("account_id"), "paid_at").drop_nulls(),
    )


def timeline(ring: Ring, language: Language) -> Picture:
    """Draw a ring's moments, one row an account, the first to act on top. Labels carry the gid `label <id>`."""
    found = moments(ring)
    rows, left_out = accounts(ring, found.acts)
    canvas = Canvas(WIDTH, language)
    colours = {t["name"]: colour for t, colour in zip(ring.row["typologies"], SERIES, strict=False)}
    note = 0.25 if left_out else 0.0
    bottom = note + canvas.legend(signs(canvas, found, colours), note) + 0.25
    high = ROW * len(rows)
    canvas.rise(bottom + high + TOP)
    named = words.typology(ring.row["typology"], canvas.language)
    said = canvas.word(TITLE).format(ring_id=ring.ring_id, named=named)
    canvas.say(SIDE, bottom + high + TOP - 0.3, said, 12, weight="bold", gid="title")
    y = {account: bottom + high - (i + 0.5) * ROW for i, account in enumerate(rows)}
    start, end = window(found)
    x = calendar(canvas, start, end, bottom, high)
    for account in rows:
        canvas.say(SIDE, y[account], short(account), 6.8, gid=f"label {account}")
    paint(canvas, found, colours, start, x, y)
    if left_out:
        canvas.say(SIDE, 0.17, canvas.word(LEFT_OUT).format(n=left_out), 7, gid="left out")
    return canvas.figure


def accounts(ring: Ring, acts: pl.DataFrame) -> tuple[list[str], int]:
    """The members drawn, the first to act on top, those without acts last; and how many are left out."""
    first = acts.group_by("account_id").agg(pl.col("happened_at").min())
    every = ring.members().join(first, on="account_id", how="left").sort("happened_at", "account_id", nulls_last=True)
    return every["account_id"].head(MOST).to_list(), max(0, every.height - MOST)


def window(found: Moments) -> tuple[datetime, datetime]:
    """From when to when the picture shows."""
    done = [*found.acts["happened_at"], *found.orders["paid_at"]]
    held = [*found.spans["since"], *found.spans["until"], *found.lives["registered_at"]]
    seen = [at for at in (*done, *held) if at is not None]
    if not seen:
        return datetime(2000, 1, 1), datetime(2000, 1, 2)
    start = max(min(seen), min(done) - LEAD) if done else min(seen)
    return start - timedelta(days=1), max(seen) + timedelta(days=1)


def calendar(canvas: Canvas, start: datetime, end: datetime, bottom: float, high: float) -> Callable[[datetime], float]:
    """Draw the days, and return where a moment stands, in inches from the left; what was before stands at the edge."""
    left, wide = SIDE + LABEL, WIDTH - 2 * SIDE - LABEL

    def x(at: datetime) -> float:
        return left + wide * max(0.0, (at - start) / (end - start))

    # matplotlib.dates has no types.
    ticks = dates.AutoDateLocator(minticks=4, maxticks=8).tick_values(start, end)  # type: ignore[no-untyped-call]
    days: list[datetime] = dates.num2date(ticks)  # type: ignore[no-untyped-call]
    for at in (day.replace(tzinfo=None) for day in days):
        if start < at < end:
            canvas.axes.plot([x(at)] * 2, [bottom, bottom + high], color=PALE, linewidth=0.6, zorder=0)
            canvas.say(x(at), bottom - 0.13, f"{at:%Y-%m-%d}", 6.5, color=GREY, ha="center", gid=f"day {at:%Y-%m-%d}")
    return x


def paint(
    canvas: Canvas, found: Moments, colours: dict[str, str], start: datetime,
    x: Callable[[datetime], float], y: dict[str, float],
) -> None:  # fmt: skip
    """The marks of each account's row; signs as in `signs`."""
    axes = canvas.axes
    for account, since, until in found.spans.iter_rows():
        if account in y:
            axes.plot([x(since), x(until)], [y[account]] * 2, color=PALE, linewidth=4, solid_capstyle="round", zorder=1)
            if since < start:
                axes.plot(x(since), y[account], "<", color=GREY, markersize=3.5, zorder=2)
    for account, typology, at in found.acts.iter_rows():
        if account in y:
            colour = colours.get(typology, GREY)
            axes.plot(x(at), y[account], "o", color=colour, markersize=3.6, alpha=0.75, markeredgewidth=0, zorder=3)
    for account, registered, closed in found.lives.iter_rows():
        if account in y:
            if registered >= start:
                axes.plot(x(registered), y[account], ">", color=BLACK, markersize=4.5, zorder=4)
            if closed is not None:
                axes.plot(x(closed), y[account], "x", color=BLACK, markersize=5, zorder=4)
    for account, paid in found.orders.iter_rows():
        if account in y:
            axes.plot(x(paid), y[account], "D", color=GREEN, markersize=4, markeredgewidth=0, zorder=5)


def signs(canvas: Canvas, found: Moments, colours: dict[str, str]) -> list[Artist]:
    """What the legend explains: the signs that occur, no others."""

    def sign(marker: str, colour: str, said: str) -> Artist:
        return Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=4.5, label=said)

    there = set(found.acts["typology"])
    out: list[Artist] = [Line2D([], [], color=PALE, linewidth=4, label=canvas.word(TIED))]
    out += [sign("o", c, words.typology(t, canvas.language)) for t, c in colours.items() if t in there]
    if there - set(colours):
        out.append(sign("o", GREY, canvas.word(OTHER)))
    start, _ = window(found)
    if found.spans.filter(pl.col("since") < start).height:
        out.append(sign("<", GREY, canvas.word(EARLIER)))
    if found.lives.filter(pl.col("registered_at") >= start).height:
        out.append(sign(">", BLACK, canvas.word(REGISTERED)))
    if found.lives["closed_at"].count():
        out.append(sign("x", INK, canvas.word(CLOSED)))
    if not found.orders.is_empty():
        out.append(sign("D", GREEN, canvas.word(OPEN)))
    return out
