"""`ringwatch find`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("wanted", metavar="ID", type=options.TEXT)
@options.watchlists
@click.option("--warehouse", type=options.WAREHOUSE, help="Search the exports as well, and so the victims.")
@options.run_date
def command(wanted: str, watchlists: Path, warehouse: Path | None, run_date: date | None) -> None:
    """Say where an order, account, payee, device or contact appears."""
    from jobs.find import find as run

    run(wanted, watchlists, warehouse, run_date)
