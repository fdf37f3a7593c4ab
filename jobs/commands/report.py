"""`ringwatch report`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@options.watchlists
@click.option(
    "--warehouse", type=options.WAREHOUSE, help="Where the verdicts are; without it, those that the lists show."
)
@click.option("--truth", type=options.FILE, help="The truth.parquet of simulate, in place of verdicts.")
@options.run_date
def command(watchlists: Path, warehouse: Path | None, truth: Path | None, run_date: date | None) -> None:
    """Report precision by typology, reversals, drift and an audit sample."""
    from jobs.report import report as run

    run(watchlists, warehouse, truth, run_date)
