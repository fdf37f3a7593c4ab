"""What a night says when it is over: tonight's first rings on a terminal, one line under cron."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jobs.steps import Steps

TOP = 10
_SHOWN = ("rank", "ring_id", "score", "typology", "n_accounts", "n_victims", "loss_cny", "open_cny")
_MONEY = ("loss_cny", "open_cny")


def summary(steps: Steps, tables: Mapping[str, pl.DataFrame]) -> None:
    """Show the first rings of `tables` (name -> rows); under cron say how many rows each table has."""
    steps.say("published", **{name: frame.height for name, frame in sorted(tables.items())})
    screen = Console()
    if screen.is_terminal:
        screen.print(_first(tables["rings"], f"{steps.run_date}: {tables['rings'].height} rings"))


def _first(rings: pl.DataFrame, title: str) -> Table:
    table = Table(*_SHOWN, title=title)
    for row in rings.sort("rank").head(TOP).select(_SHOWN).iter_rows(named=True):
        cells = {**row, "score": f"{row['score']:.3f}", **{name: f"{row[name]:,.2f}" for name in _MONEY}}
        table.add_row(*(escape(str(cells[name])) for name in _SHOWN))
    return table
