"""How answers look: rich in a notebook, plain in a terminal, and harmless whatever an id holds."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from html import escape
from importlib import import_module
from typing import Any

import polars as pl

from graph.visible import visible

ROWS, WIDEST, ITEMS = 20, 120, 12
"""Rows of a table that is shown, characters of one cell (a sentence of reasons fits), and items of a list in it."""


def plain(text: str) -> str:
    """The text with what would move a terminal's cursor, colour it, or turn the reading direction as its code; lines
    stay lines."""
    return visible(text, keep="\n\t")


class Sentences(tuple[str, ...]):
    """Sentences that show one a line, in a terminal and in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"- {plain(sentence)}" for sentence in self)

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{escape(plain(sentence))}</li>" for sentence in self) + "</ul>"


def page(paragraphs: Iterable[str | Sentences]) -> str:
    """HTML of paragraphs and lists; the text is escaped."""
    parts = (
        p._repr_html_() if isinstance(p, Sentences) else f"<p>{escape(plain(p)).replace(chr(10), '<br>')}</p>"
        for p in paragraphs
    )
    return "".join(parts)


def text_of(value: object) -> str:
    """A cell as one reads it: numbers with their thousands, a list by its items, an absent value as a dash."""
    match value:
        case None:
            said = "–"
        case bool():
            said = "yes" if value else "no"
        case datetime():
            said = f"{value:%Y-%m-%d %H:%M}"
        case int() | Decimal():
            said = f"{value:,}"
        case float():
            said = f"{value:,.2f}"
        case list() | pl.Series():
            items = [text_of(item) for item in value]
            said = " ".join(items[:ITEMS]) + (f" … {len(items)}" if len(items) > ITEMS else "")
        case _:
            said = plain(str(value))
    return said


def table(rows: pl.DataFrame) -> str:
    """HTML of the first `ROWS` rows, escaped: polars' own puts every text in quotes and at the right."""
    sides = ["right" if dtype.is_numeric() else "left" for dtype in rows.dtypes]
    style = 'style="text-align:{}; vertical-align:top; white-space:normal"'
    head = "".join(
        f"<th {style.format(side)}>{escape(plain(name))}</th>" for name, side in zip(rows.columns, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td {style.format(side)}>{escape(text_of(value))}</td>" for value, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in rows.head(ROWS).iter_rows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def show(*things: Any) -> None:
    """Show each thing: in a notebook as rich as it can, elsewhere as text. A text is a heading; None shows nothing."""
    for thing in things:
        if thing is None:
            continue
        cut = isinstance(thing, pl.DataFrame) and thing.height > ROWS
        with pl.Config(
            tbl_rows=ROWS, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=WIDEST, fmt_table_cell_list_len=8,
            tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_formatting="NOTHING",
            thousands_separator=True, float_precision=2,
        ):  # fmt: skip
            if _in_notebook():
                _rich(thing)
            else:
                text = thing if isinstance(thing, str) else repr(thing.head(ROWS) if cut else thing)
                print(plain(text), end="\n\n")
        if cut:
            show(f"{ROWS} of {thing.height} rows shown")


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs us: it has IPython loaded, and a shell that can show more than text."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _rich(thing: Any) -> None:
    # By name: IPython is there whenever a kernel is, and is no dependency of ours.
    display = import_module("IPython.display")
    if isinstance(thing, str):
        display.display(display.HTML(f"<b>{page([thing])}</b>"))
    elif isinstance(thing, pl.DataFrame):
        display.display(display.HTML(table(thing)))
    else:
        display.display(thing)
