"""What a night says when it is over: tonight's first rings on a terminal, one line under cron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl
from rich.console import Console
from rich.table import Table

from graph.gates import Verdict
from jobs.screen import escape
from jobs.steps import Steps

TOP = 10
_SHOWN = {
    "rank": "rank",
    "ring_id": "ring",
    "score": "score",
    "typology": "typology",
    "n_accounts": "accounts",
    "n_victims": "victims",
    "loss_cny": "loss",
    "open_cny": "open",
}
"""Column -> heading; short ones, so that the table fits eighty columns."""


def summary(steps: Steps, tables: Mapping[str, pl.DataFrame]) -> None:
    """Show the first rings of `tables` (name -> rows); under cron say how many rows each table has."""
    steps.say("published", **{name: frame.height for name, frame in sorted(tables.items())})
    screen = Console()
    if screen.is_terminal:
        screen.print(_first(tables["rings"], f"{steps.run_date}: {tables['rings'].height} rings"))


def say_verdicts(steps: Steps, verdicts: Sequence[Verdict]) -> None:
    """One line a gate that warned, refused or was overridden: on a terminal too, where the list would hide it."""
    for verdict in verdicts:
        if verdict.state not in ("passed", "not judged"):
            steps.say("gate", gate=verdict.gate, state=verdict.state, said=verdict.said)
            if steps.console.is_terminal:
                steps.console.print(f"gate {verdict.gate}: {verdict.state}: {escape(verdict.said)}")


def nothing_new() -> None:
    """Say that there was nothing to catch up with: silence would look like a night that was forgotten."""
    Console(stderr=True).print("every dropped night is published already; --run-date runs one again")


def _first(rings: pl.DataFrame, title: str) -> Table:
    table = Table(title=title)
    for heading in _SHOWN.values():
        names = heading in ("ring", "typology")
        table.add_column(heading, no_wrap=True, justify="left" if names else "right")
    for row in rings.sort("rank").head(TOP).select(*_SHOWN).iter_rows():
        table.add_row(*map(_cell, row))
    return table


def _cell(value: object) -> str:
    match value:
        case float():
            return f"{value:.3f}"
        case Decimal():
            return f"{value:,.0f}"
        case _:
            return escape(str(value))
