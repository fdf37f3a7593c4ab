"""The commands of ringwatch; an exception becomes an exit code here and nowhere else.

The commands themselves stand in `jobs/commands`, one file each.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from jobs.errors import RingwatchError

COMMANDS = (
    "nightly", "simulate", "evaluate", "show", "case", "verify", "diff", "label", "find", "explain", "report", "leads",
    "status", "rebuild", "prune", "erase",
)  # fmt: skip
"""In the order of a reader's questions; each is `jobs/commands/<name>.py`."""

INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended."""
LONGEST = 2_000
"""Characters of a message; an id of a megabyte would hide what is said of it."""
YOUNG = 250_000
"""New objects before Python looks for cycles among them: with its own 700 a tenth of a short command's time goes so; a
small bundle makes 140,000."""


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
            told = import_module("jobs.trouble").told(unknown)  # it knows the engine, for which --help must not wait
            odd = f"{_unknown(unknown)}. Nothing more was published; for the details, --traceback"
            self._explain(ctx, told or odd)
            ctx.exit(RingwatchError.exit_code)

    def _explain(self, ctx: click.Context, message: str) -> None:
        if ctx.params.get("traceback"):
            traceback.print_exc()
        seen = import_module("graph.visible").visible(message)  # it may quote what somebody typed, or a file's name
        short = seen if len(seen) <= LONGEST else f"{seen[: LONGEST // 2]}…{seen[-LONGEST // 2 :]}"
        click.echo(f"ringwatch: {short}", err=True)


def _unknown(error: Exception) -> str:
    """Its text only where it cannot hold a row's value: an engine's message may quote the cell it met."""
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    home = Path(__file__).parents[1]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if {home / "jobs", home / "graph"} & set(Path(f.filename).parents)]
    place = Path(ours[-1].filename).relative_to(home)
    return f"unexpected {type(error).__name__} in {place}, line {ours[-1].lineno}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ringwatch")
@click.option("--traceback", is_flag=True, envvar="RINGWATCH_TRACEBACK", help="Show where in the code it failed.")
def main(traceback: bool) -> None:
    """Find fraud rings on a second-hand marketplace, night by night, and say why."""


for _name in COMMANDS:
    main.add_command(import_module(f"jobs.commands.{_name}").command, _name)


def _open_what_is_closed() -> None:
    """Started with `>&-` or the like a process has no such stream, and the first file it opens would take its place."""
    for place in range(3):
        try:
            os.fstat(place)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (for as long as we run)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def run() -> NoReturn:
    """One command in a process of its own, which ends at once: to have Python take every module apart again before the
    kernel frees them all would cost a short command a sixth of its time."""
    gc.set_threshold(YOUNG)
    # To look for plugins among all that is installed takes longer than to check the settings, and none is asked for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _open_what_is_closed()
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as closed:  # help and usage are printed before there is a command that could say so
        print(f"ringwatch: cannot be printed: {closed.strerror}", file=sys.stderr)
        code = RingwatchError.exit_code
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or RingwatchError.exit_code
    os._exit(code)


if __name__ == "__main__":
    run()
