"""`ringwatch evaluate`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@options.watchlists
@click.option("--truth", type=options.FILE, required=True, help="The truth.parquet of simulate.")
@options.run_date
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(watchlists: Path, truth: Path, run_date: date | None, as_json: bool) -> None:
    """Compare a night with a synthetic market's truth."""
    from jobs.evaluate import evaluate as run

    run(watchlists, truth, run_date, as_json)
