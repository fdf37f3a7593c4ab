"""`ringwatch case`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from jobs.commands import options


@click.command()
@click.argument("ring_id", type=options.TEXT)
@options.watchlists
@click.option("--warehouse", type=options.WAREHOUSE, required=True, help="The DuckDB file of nightly.")
@click.option("--out", type=options.FOLDER, required=True, help="The bundle goes here.")
@click.option("--mode", type=click.Choice(["lead", "request"]), required=True, help="Masked, or true by a warrant.")
@click.option("--basis", type=options.TEXT, required=True, help="On which legal ground it is handed over.")
@click.option("--approver", type=options.TEXT, required=True, help="The named person who releases it.")
@click.option("--key", type=options.FILE, required=True, help="Ed25519 private key (ssh-keygen), mode 600.")
@click.option("--document-number", type=options.TEXT, help="Of the warrant; for a request.")
@click.option("--unit", type=options.TEXT, help="Which unit asks; for a request.")
@click.option("--officer", type=options.TEXT, help="Which officer asks; for a request.")
@click.option("--scope", type=options.TEXT, help="What is asked for; for a request.")
@click.option("--identities", type=options.FILE, help="A filled to_resolve.csv; for a request.")
@click.option("--recipient", type=options.TEXT, help="A name of the allow-list [case.recipients]; encrypts with age.")
@click.option("--exports", type=options.FOLDER, help="The --exports of nightly: raw records and their hashes.")
@options.run_date
@options.settings
def command(
    ring_id: str,
    watchlists: Path,
    warehouse: Path,
    out: Path,
    key: Path,
    identities: Path | None,
    exports: Path | None,
    run_date: date | None,
    settings: Path | None,
    **terms: Any,
) -> None:
    """Pack one ring for the police liaison: a sealed zip, or .zip.age with a recipient."""
    from jobs import settings as settings_file
    from jobs.case.bundle import case as run
    from jobs.case.terms import Terms

    made = run(
        ring_id, watchlists, warehouse, out, Terms(**terms), key, settings_file.read(settings), run_date, exports,
        identities,
    )  # fmt: skip
    click.echo(f"{made.path}\nSHA-256 of the zip, to be told by another channel: {made.zip_sha256}")
    click.echo(f"hand-over log, newest hash: {made.log_head}")
    if made.to_resolve:
        click.echo(f"to be resolved by the custodian: {made.to_resolve}")
