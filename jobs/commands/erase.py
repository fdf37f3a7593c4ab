"""`ringwatch erase`."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("account", type=options.TEXT)
@click.option(
    "--warehouse", type=options.WAREHOUSE, required=True, help="The warehouse; the tombstone is kept beside it."
)
@options.watchlists
@click.option(
    "--basis", type=options.TEXT, required=True, help="On which ground: a request, a term that ended. Without the id."
)
@click.option("--cases", type=options.FOLDER, help="The --out of case: what was handed over is held.")
@options.settings
def command(
    account: str, warehouse: Path, watchlists: Path, basis: str, cases: Path | None, settings: Path | None
) -> None:
    """Erase an account from warehouse, nights and verdicts, for good."""
    from jobs import settings as settings_file
    from jobs.erase import erase as run

    done = run(account, warehouse, watchlists, basis, cases, settings_file.read(settings))
    for table, rows in done.rows.items():
        click.echo(f"{table}: {rows} rows")
    for night, tables in done.nights.items():
        click.echo(f"night of {night}: {tables} tables")
    click.echo(f"verdicts: {done.verdicts}")
    click.echo("erased, and recorded without the id. Drops and bundles are not ours to change: see docs/operations.md")
