"""`ringwatch nightly`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.option("--exports", type=options.FOLDER, required=True, help="One drop, or a folder of drops YYYY-MM-DD.")
@click.option(
    "--warehouse", type=options.FILE, required=True, help="The DuckDB file of every row so far; made if absent."
)
@click.option("--out", type=options.FOLDER, required=True, help="Where the nights are published.")
@options.run_date
@click.option("--catch-up", is_flag=True, help="Every dropped date not yet published, oldest first.")
@options.settings
@click.option("--engine", type=click.Choice(["duckdb"]), default="duckdb", show_default=True, help="Of the warehouse.")
def command(
    exports: Path,
    warehouse: Path,
    out: Path,
    run_date: date | None,
    catch_up: bool,
    settings: Path | None,
    engine: str,
) -> None:
    """Load the exports, find the rings, publish the night."""
    if run_date and catch_up:
        raise click.UsageError("--run-date and --catch-up exclude each other")
    from jobs import settings as settings_file
    from jobs.nightly import nightly as run

    run(exports, warehouse, out, run_date, catch_up, settings_file.read(settings))
