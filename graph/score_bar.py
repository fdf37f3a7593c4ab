"""The reasons for a score as bars, one after the other, from nothing to the ring's evidence and its score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph import words
from graph.canvas import BLACK, BLUE, GREEN, GREY, INK, PALE, SIDE, SKY, VERMILLION, Canvas, wrapped
from graph.plots import Field
from graph.score_steps import nats_of, shape

if TYPE_CHECKING:
    import polars as pl

    from graph.canvas import Picture
    from graph.explore_ring import Ring
    from graph.words import Language

TITLE = ("{ring_id}  得分 {score:.3f} 的由来", "{ring_id}  what the score of {score:.3f} is made of")
UNIT = (
    "证据，单位为自然对数（nat）；下方刻度为相应得分",
    "evidence in nats (natural log-odds); below, the score that it gives",
)
NAMES = {
    "doubt": (
        "没有行为的成员、每名成员可能只是备用的疑问，以及单个成员不足以成团",
        "members who did nothing, the doubt that each may be a spare, and that one alone is no ring",
    ),
    "typology": ("疑似{typology}", "suspected {typology}"),
    "others": ("其他类型", "the other typologies"),
    "looking": ("同时检查十四种类型的代价", "the price of looking for fourteen typologies"),
    "verdict": ("人工判定的影响", "what analysts' verdicts moved"),
}
USUAL = ("{n} 次中 {k} 次，平台同类 {rate}", "{k} of {n}; the platform's rate is {rate}")
TOTAL = ("合计：得分 {score:.3f}", "together: score {score:.3f}")
COLOURS = {"act": VERMILLION, "typology": VERMILLION, "doubt": BLUE, "others": SKY, "looking": BLUE, "verdict": GREEN}
MARKS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)

WIDTH, TEXT, VALUE, LINE, PAD = 9.0, 3.5, 0.55, 0.15, 0.12
COLUMNS = 58
"""Columns of 7 point text that `TEXT` inches hold."""


def score_bar(ring: Ring, steps: pl.DataFrame, language: Language) -> Picture:
    """Draw `steps` of `graph.score_steps`. Bars carry the gid `bar <i>`, their words `label <i> …` and `value <i>`."""
    canvas = Canvas(WIDTH, language)
    rows = steps.rows(named=True)
    said = [wrapped(label(canvas, row), COLUMNS) for row in rows]
    usual = [canvas.word(USUAL).format(**row | {"rate": words.share(row["rate"])}) if row["k"] else "" for row in rows]
    heights = [LINE * (len(lines) + bool(more)) + PAD for lines, more in zip(said, usual, strict=True)]
    high = sum(heights) + LINE + 2 * PAD
    bottom = 0.6
    canvas.rise(bottom + high + 0.65)
    score = float(ring.row["score"])
    heading = canvas.word(TITLE).format(ring_id=ring.ring_id, score=score)
    canvas.say(SIDE, bottom + high + 0.35, heading, 12, weight="bold", gid="title")
    field = scale(canvas, [row["nats"] for row in rows], bottom, high)
    total, y = 0.0, bottom + high
    for i, (row, lines, more, height) in enumerate(zip(rows, said, usual, heights, strict=True)):
        middle = y - height / 2
        top = middle + LINE * (len(lines) + bool(more) - 1) / 2
        for step, line in enumerate(lines):
            canvas.say(SIDE, top - LINE * step, line, 7, gid=f"label {i} {step}")
        if more:
            canvas.say(SIDE, top - LINE * len(lines), more, 6.2, color=GREY, gid=f"detail {i}")
        bar(field, i, total, row, middle, y - height)
        total += row["nats"]
        y -= height
    middle = y - (LINE + 2 * PAD) / 2
    canvas.say(SIDE, middle, canvas.word(TOTAL).format(score=score), 8, weight="bold", gid="label total")
    field.bar((0, total), (middle - 0.09, middle + 0.09), INK, gid="bar total")
    canvas.say(WIDTH - SIDE, middle, f"{total:.1f}", 8, weight="bold", ha="right", gid="value total")
    scores(field, ring, total)
    return canvas.figure


def label(canvas: Canvas, row: dict[str, Any]) -> str:
    """What a step is, in words."""
    if row["step"] == "act":
        return words.act(row["name"], canvas.language)
    name = words.typology(row["name"], canvas.language) if row["step"] == "typology" else ""
    return canvas.word(NAMES[row["step"]]).format(typology=name)


def scale(canvas: Canvas, nats: list[float], bottom: float, high: float) -> Field:
    """A field that holds every sum on the way. Its heights are inches of the canvas already."""
    sums = [sum(nats[:i]) for i in range(len(nats) + 1)]
    low, top = min(sums), max(*sums, 1.0)
    left = SIDE + TEXT
    return Field(canvas, left, bottom, WIDTH - 2 * SIDE - TEXT - VALUE, high, (low, top), (bottom, bottom + high))


def bar(field: Field, i: int, start: float, row: dict[str, Any], y: float, below: float) -> None:
    """One step from where the last ended, a thread down to the next, and its figure."""
    end = start + row["nats"]
    field.bar((start, end), (y - 0.07, y + 0.07), COLOURS[row["step"]], gid=f"bar {i}")
    x = field.x(end)
    field.canvas.axes.plot([x, x], [y - 0.07, below - 0.1], color=GREY, linewidth=0.6, zorder=1)
    field.canvas.say(WIDTH - SIDE, y, f"{row['nats']:+.1f}", 7, ha="right", gid=f"value {i}")


def scores(field: Field, ring: Ring, total: float) -> None:
    """The scores that evidence gives, below; and the ring's own."""
    half, power = shape(ring)
    marks = [(nats_of(score, half, power), f"{score:g}") for score in MARKS]
    field.below([(x, said) for x, said in marks if field.xs[0] <= x <= field.xs[1]], name="score")
    field.canvas.axes.plot([field.x(0)] * 2, [field.bottom, field.bottom + field.height], color=PALE, lw=1.2, zorder=0)
    field.canvas.say(SIDE, 0.25, field.canvas.word(UNIT), 6.5, color=GREY, gid="unit")
    field.canvas.axes.plot([field.x(total)] * 2, [field.bottom - 0.05, field.bottom], color=BLACK, lw=1.2, zorder=4)
