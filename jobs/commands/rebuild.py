"""`ringwatch rebuild`."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.option("--exports", type=options.FOLDER, required=True, help="The --exports of nightly.")
@click.option("--warehouse", type=options.WAREHOUSE, required=True, help="The file to make again; the old one goes.")
@click.option("--out", type=options.FOLDER, required=True, help="The --out of nightly: where names of rings come from.")
@click.option("--accept-missing", is_flag=True, help="Although files are gone that the newest night was made from.")
@options.settings
def command(exports: Path, warehouse: Path, out: Path, accept_missing: bool, settings: Path | None) -> None:
    """Make the warehouse again from the drops and the published nights."""
    from jobs import settings as settings_file
    from jobs.rebuild import rebuild as run

    made = run(exports, warehouse, out, settings_file.read(settings), accept_missing=accept_missing)
    click.echo(
        f"{warehouse}: made again from {made.files} files of {made.drops} drops ({made.rows:,} rows)"
        f" and {made.nights} published nights"
    )
