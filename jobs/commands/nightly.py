"""`ringwatch nightly`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.option("--exports", type=options.FOLDER, required=True, help="One drop, or a folder of drops YYYY-MM-DD.")
@click.option(
    "--warehouse",
    type=options.PLACE,
    required=True,
    help="Every row so far, made if absent: a DuckDB file, on Spark a folder.",
)
@click.option("--out", type=options.FOLDER, required=True, help="Where the nights are published.")
@options.run_date
@click.option("--catch-up", is_flag=True, help="Every dropped date not yet published, oldest first.")
@click.option("--override", multiple=True, metavar="GATE", help="Publish although this gate refuses; repeatable.")
@click.option(
    "--reason",
    type=options.TEXT,
    multiple=True,
    metavar="TEXT",
    help="Why, for each --override or once for all; recorded.",
)
@options.settings
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), help="As [engine] kind in the settings, else duckdb.")
def command(
    exports: Path,
    warehouse: Path,
    out: Path,
    run_date: date | None,
    catch_up: bool,
    override: tuple[str, ...],
    reason: tuple[str, ...],
    settings: Path | None,
    engine: str | None,
) -> None:
    """Load the exports, find the rings, publish the night."""
    if run_date and catch_up:
        raise click.UsageError("--run-date and --catch-up exclude each other")
    if override and catch_up:
        raise click.UsageError("--override is for one night that somebody looked at: name it with --run-date")
    from jobs import gates, metrics, runs
    from jobs import settings as settings_file
    from jobs.nightly import nightly as run

    overrides, how = gates.overrides(override, reason), settings_file.read(settings)
    if engine:
        how = how.model_copy(update={"engine": how.engine.model_copy(update={"kind": engine})})
    runs.check_apart(out, exports)  # before the metrics of a failed run are written there
    with metrics.reported(out, how.cron):
        run(exports, warehouse, out, run_date, catch_up, how, overrides)
