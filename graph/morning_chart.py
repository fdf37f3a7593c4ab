"""The list of a morning as one picture: the rings with most money at stake, what is proposed, and how sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph import words
from graph.canvas import GREEN, GREY, PALE, SIDE, Canvas, short
from graph.plots import Field, ticks

if TYPE_CHECKING:
    import polars as pl

    from graph.canvas import Picture
    from graph.words import Language

TITLE = ("先看哪些：按优先级", "what to look at first: by priority")
MONEY = ("金额（元）：深色可挽回，浅色为近期损失", "CNY: dark can still be saved, pale was lost lately")
NONE = ("今晚名单为空", "nothing on the list tonight")
ACTIONS = {
    "advise": ("提示", "advise"),
    "warn": ("警示", "warn"),
    "restrict": ("限制", "restrict"),
    "refer": ("移送", "refer"),
}
SAID = ("得分 {score:.2f} · 建议{action} · {n} 个账号", "score {score:.2f} · {action} · {n} accounts")

WIDTH, LABEL, DETAIL, ROW = 9.0, 2.3, 2.1, 0.3
MOST = 12


def morning_chart(rings: pl.DataFrame, language: Language) -> Picture:
    """Draw the first of `Night.urgent()`. Labels carry the gid `label <ring>`."""
    canvas = Canvas(WIDTH, language)
    rows = rings.head(MOST).rows(named=True)
    bottom, high = 0.65, ROW * max(len(rows), 1)
    canvas.rise(bottom + high + 0.6)
    canvas.say(SIDE, bottom + high + 0.3, canvas.word(TITLE), 12, weight="bold", gid="title")
    if not rows:
        canvas.say(SIDE, bottom + high / 2, canvas.word(NONE), 8, gid="none")
        return canvas.figure
    # The priority is the score times both, so their sum is known, and with it what was lost lately.
    sums = [max(float(row["open_cny"]), row["priority"] / (row["score"] or 1.0)) for row in rows]
    most = max([1.0, *sums])
    wide = WIDTH - 2 * SIDE - LABEL - DETAIL - 0.15
    field = Field(canvas, SIDE + LABEL, bottom, wide, high, (0, most), (len(rows), 0))
    field.below(ticks(0, most, 5), name="money")
    canvas.say(SIDE + LABEL, 0.25, canvas.word(MONEY), 6.5, color=GREY, gid="unit")
    for i, row in enumerate(rows):
        y = field.y(i + 0.5)
        name = words.typology(row["typology"], canvas.language)
        canvas.say(SIDE, y, f"{short(row['ring_id'])} {short(name, 20)}", 7.5, gid=f"label {row['ring_id']}")
        saved = float(row["open_cny"])
        field.bar((0, saved), (i + 0.22, i + 0.78), GREEN, gid=f"open {row['ring_id']}")
        field.bar((saved, sums[i]), (i + 0.22, i + 0.78), PALE, gid=f"lost {row['ring_id']}")
        action = canvas.word(ACTIONS[row["action"]])
        said = canvas.word(SAID).format(score=row["score"], action=action, n=row["n_accounts"])
        canvas.say(WIDTH - SIDE, y, said, 6.8, color=GREY, ha="right", gid=f"detail {row['ring_id']}")
    return canvas.figure
