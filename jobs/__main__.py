"""The commands of ringwatch; an exception becomes an exit code here and nowhere else.

Only click is imported at the top, so that `ringwatch --help` answers at once; a command imports what it runs.
"""

from __future__ import annotations

import sys
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from jobs.errors import RingwatchError

INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended."""


class Commands(click.Group):
    """A group whose commands end with the exit codes of the contract."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say on standard error what stopped it."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except RingwatchError as stopped:
            self._explain(ctx, str(stopped))
            ctx.exit(stopped.exit_code)
        except Exception as unknown:
            self._explain(ctx, f"{_unknown(unknown)}. Nothing more was published; for the details, --traceback")
            ctx.exit(RingwatchError.exit_code)

    def _explain(self, ctx: click.Context, message: str) -> None:
        if ctx.params.get("traceback"):
            traceback.print_exc()
        click.echo(f"ringwatch: {message}", err=True)


def _unknown(error: Exception) -> str:
    """Its text only where it cannot hold a row's value: an engine's message may quote the cell it met."""
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    home = Path(__file__).parents[1]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if {home / "jobs", home / "graph"} & set(Path(f.filename).parents)]
    place = Path(ours[-1].filename).relative_to(home)
    return f"unexpected {type(error).__name__} in {place}, line {ours[-1].lineno}"


def _to_date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_SHARE = click.FloatRange(0, 1)
_run_date = click.option(
    "--run-date",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_to_date,
    help="The night; the newest if not given.",
)
_watchlists = click.option("--watchlists", type=_FOLDER, required=True, help="The --out of nightly.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ringwatch")
@click.option("--traceback", is_flag=True, envvar="RINGWATCH_TRACEBACK", help="Show where in the code it failed.")
def main(traceback: bool) -> None:
    """Find fraud rings on a second-hand marketplace, night by night, and say why."""


@main.command()
@click.option("--exports", type=_FOLDER, required=True, help="One drop, or a folder of drops YYYY-MM-DD.")
@click.option("--warehouse", type=_FILE, required=True, help="The DuckDB file of every row so far; made if absent.")
@click.option("--out", type=_FOLDER, required=True, help="Where the nights are published.")
@_run_date
@click.option("--catch-up", is_flag=True, help="Every dropped date not yet published, oldest first.")
@click.option("--settings", type=_FILE, help="A TOML file; everything has a default.")
@click.option("--engine", type=click.Choice(["duckdb"]), default="duckdb", show_default=True, help="Of the warehouse.")
def nightly(
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
    from jobs import settings as settings_file  # noqa: PLC0415
    from jobs.nightly import nightly as run  # noqa: PLC0415

    run(exports, warehouse, out, run_date, catch_up, settings_file.read(settings))


@main.command()
@click.option("--out", type=_FOLDER, required=True, help="The exports and truth.parquet go here.")
@click.option("--accounts", type=int, required=True, help="How many; 1000 or more.")
@click.option("--seed", type=int, required=True, help="The same seed, the same market.")
@click.option("--nights", type=click.IntRange(min=1), default=1, show_default=True, help="Dated drops.")
@click.option("--camouflage", type=_SHARE, default=0.0, show_default=True, help="0 loud to 1 quiet rings.")
@click.option("--mute", type=_SHARE, default=0.0, show_default=True, help="Share of complaints never filed.")
@click.option("--dirt", is_flag=True, help="Broken rows, as real exports have them.")
@click.option(
    "--file-format",
    type=click.Choice(["csv", "parquet", "mixed"]),
    default="csv",
    show_default=True,
    help="mixed: each table in another.",
)
@click.option(
    "--world", type=click.Choice(["market", "agents"]), default="market", show_default=True, help="Two, made apart."
)
def simulate(out: Path, **options: Any) -> None:
    """Write a labelled synthetic market and its truth."""
    from jobs.simulate import simulate as run  # noqa: PLC0415

    run(out, **options)


@main.command()
@_watchlists
@click.option("--truth", type=_FILE, required=True, help="The truth.parquet of simulate.")
@_run_date
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def evaluate(watchlists: Path, truth: Path, run_date: date | None, as_json: bool) -> None:
    """Compare a night with a synthetic market's truth."""
    from jobs.evaluate import evaluate as run  # noqa: PLC0415

    run(watchlists, truth, run_date, as_json)


@main.command()
@click.argument("ring_id")
@_watchlists
@_run_date
def show(ring_id: str, watchlists: Path, run_date: date | None) -> None:
    """Show one ring: why, why not, who, and by which ties."""
    from jobs.show import show as run  # noqa: PLC0415

    run(ring_id, watchlists, run_date)


@main.command()
@click.argument("ring_id")
@_watchlists
@click.option("--warehouse", type=_FILE, required=True, help="The DuckDB file of nightly.")
@click.option("--out", type=_FOLDER, required=True, help="The bundle goes here.")
@click.option("--mode", type=click.Choice(["lead", "request"]), required=True, help="Masked, or true by a warrant.")
@click.option("--basis", required=True, help="On which legal ground it is handed over.")
@click.option("--approver", required=True, help="The named person who releases it.")
@click.option("--key", type=_FILE, required=True, help="Ed25519 private key (ssh-keygen), mode 600.")
@click.option("--document-number", help="Of the warrant; for a request.")
@click.option("--unit", help="Which unit asks; for a request.")
@click.option("--officer", help="Which officer asks; for a request.")
@click.option("--scope", help="What is asked for; for a request.")
@click.option("--identities", type=_FILE, help="A filled to_resolve.csv; for a request.")
@click.option("--recipient", help="A name of the allow-list [case.recipients]; encrypts with age.")
@click.option("--exports", type=_FOLDER, help="The --exports of nightly: raw records and their hashes.")
@_run_date
@click.option("--settings", type=_FILE, help="A TOML file; everything has a default.")
def case(
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
    from jobs import settings as settings_file  # noqa: PLC0415
    from jobs.case.bundle import case as run  # noqa: PLC0415
    from jobs.case.terms import Terms  # noqa: PLC0415

    made = run(
        ring_id, watchlists, warehouse, out, Terms(**terms), key, settings_file.read(settings), run_date, exports,
        identities,
    )  # fmt: skip
    click.echo(f"{made.path}\nSHA-256 of the zip, to be told by another channel: {made.zip_sha256}")
    click.echo(f"hand-over log, newest hash: {made.log_head}")
    if made.to_resolve:
        click.echo(f"to be resolved by the custodian: {made.to_resolve}")


@main.command()
@click.argument("bundle", type=_FILE, required=False)
@click.option("--signers", type=_FILE, help="Allowed signers, as ssh-keygen has them; needed for a bundle.")
@click.option("--identity", type=_FILE, help="Your age identity, for a .zip.age.")
@click.option("--log", type=_FILE, help="Check this hand-over log; with a bundle, that it is in it.")
@click.option("--head", help="The newest hash of the log, as told by another channel.")
def verify(
    bundle: Path | None, signers: Path | None, identity: Path | None, log: Path | None, head: str | None
) -> None:
    """Check a bundle or a hand-over log, offline: 0 intact, 7 not."""
    if bundle is None and log is None:
        raise click.UsageError("name a BUNDLE, or a hand-over log with --log")
    if bundle is not None and signers is None:
        raise click.UsageError("a bundle needs --signers: whose signatures you trust")
    from jobs.case.verify import verify as run  # noqa: PLC0415

    for line in run(bundle, signers, identity, log, head):
        click.echo(line)


@main.command()
@_watchlists
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_to_date,
    help="Every night after this one; the newest alone if not given.",
)
@_run_date
def diff(watchlists: Path, since: date | None, run_date: date | None) -> None:
    """Say what changed since the night before, ring by ring."""
    from jobs.diff import diff as run  # noqa: PLC0415

    run(watchlists, since, run_date)


@main.command()
@click.argument("subject")
@click.argument("verdict", type=click.Choice(["confirmed", "cleared", "watch", "disputed"]))
@click.option("--warehouse", type=_FILE, required=True, help="The warehouse; the verdict is kept beside it.")
@click.option("--note", help="Why.")
@click.option("--typology", help="What it is, if confirmed.")
@click.option("--analyst", help="Who decided.")
@click.option("--action-taken", help="What the platform did, and whether only because of our own flag.")
@click.option(
    "--decided-at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="When, in the platform's zone; now if not given.",
)
@click.option("--settings", type=_FILE, help="A TOML file; everything has a default.")
def label(
    subject: str,
    verdict: str,
    warehouse: Path,
    decided_at: datetime | None,
    settings: Path | None,
    **more: str | None,
) -> None:
    """Record a verdict on a ring or an account."""
    from jobs import settings as settings_file  # noqa: PLC0415
    from jobs.label import label as run  # noqa: PLC0415

    run(subject, verdict, warehouse, decided_at, settings_file.read(settings), **more)


@main.command()
@click.argument("wanted", metavar="ID")
@_watchlists
@click.option("--warehouse", type=_FILE, help="Search the exports as well, and so the victims.")
@_run_date
def find(wanted: str, watchlists: Path, warehouse: Path | None, run_date: date | None) -> None:
    """Say where an order, account, payee, device or contact appears."""
    from jobs.find import find as run  # noqa: PLC0415

    run(wanted, watchlists, warehouse, run_date)


@main.command()
@click.argument("account")
@_watchlists
@click.option("--warehouse", type=_FILE, required=True, help="The warehouse that the night was run on.")
@click.option("--for-subject", is_flag=True, help="The person's own facts alone, without any other id.")
@_run_date
@click.option("--settings", type=_FILE, help="The settings of that night.")
def explain(
    account: str,
    watchlists: Path,
    warehouse: Path,
    for_subject: bool,
    run_date: date | None,
    settings: Path | None,
) -> None:
    """Say what a night held about one account, and why it is or is not listed."""
    from jobs import settings as settings_file  # noqa: PLC0415
    from jobs.explain import explain as run  # noqa: PLC0415

    run(account, watchlists, warehouse, run_date, settings_file.read(settings), for_subject=for_subject)


@main.command()
@_watchlists
@click.option("--warehouse", type=_FILE, help="Where the verdicts are; without it, those that the lists show.")
@click.option("--truth", type=_FILE, help="The truth.parquet of simulate, in place of verdicts.")
@_run_date
def report(watchlists: Path, warehouse: Path | None, truth: Path | None, run_date: date | None) -> None:
    """Report precision by typology, reversals, drift and an audit sample."""
    from jobs.report import report as run  # noqa: PLC0415

    run(watchlists, warehouse, truth, run_date)


@main.command()
@click.option("--watchlists", type=_FOLDER, help="The --out of nightly.")
@click.option("--out", type=_FOLDER, help="A folder per authority and place goes here.")
@_run_date
@click.option("--settings", type=_FILE, help="A TOML file; everything has a default.")
@click.option("--returned", type=_FILE, help="A feedback form that came back: read it as verdicts.")
@click.option("--drop", type=_FOLDER, help="The drop that the verdicts of --returned go into.")
def leads(
    watchlists: Path | None,
    out: Path | None,
    run_date: date | None,
    settings: Path | None,
    returned: Path | None,
    drop: Path | None,
) -> None:
    """Split the night's rings to refer by authority and place; or take a feedback form back."""
    from jobs import leads as run  # noqa: PLC0415
    from jobs import settings as settings_file  # noqa: PLC0415

    if returned and drop:
        click.echo(run.returned(returned, drop))
    elif watchlists and out:
        click.echo(run.leads(watchlists, out, run_date, settings_file.read(settings).case.place_digits))
    else:
        raise click.UsageError("name --watchlists and --out, or --returned and --drop")


if __name__ == "__main__":
    sys.exit(main())
