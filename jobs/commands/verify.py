"""`ringwatch verify`."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("bundle", type=options.FILE, required=False)
@click.option("--signers", type=options.FILE, help="Allowed signers, as ssh-keygen has them; needed for a bundle.")
@click.option("--identity", type=options.FILE, help="Your age identity, for a .zip.age.")
@click.option("--log", type=options.FILE, help="Check this hand-over log; with a bundle, that it is in it.")
@click.option("--head", help="The newest hash of the log, as told by another channel.")
def command(
    bundle: Path | None, signers: Path | None, identity: Path | None, log: Path | None, head: str | None
) -> None:
    """Check a bundle or a hand-over log, offline: 0 intact, 7 not."""
    if bundle is None and log is None:
        raise click.UsageError("name a BUNDLE, or a hand-over log with --log")
    if bundle is not None and signers is None:
        raise click.UsageError("a bundle needs --signers: whose signatures you trust")
    from jobs.case.verify import verify as run

    for line in run(bundle, signers, identity, log, head):
        click.echo(line)
