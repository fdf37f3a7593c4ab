"""What several commands ask for in the same words."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from jobs.parts import STATE

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
PLACE = click.Path(path_type=Path)
SHARE = click.FloatRange(0, 1)
DAY = click.DateTime(["%Y-%m-%d"])


class _Warehouse(click.Path):
    """A warehouse's file; of one that is a folder (--engine spark) the file in it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The file as a Path."""
        path = Path(str(super().convert(value, param, ctx)))
        return path / STATE if path.is_dir() else path


WAREHOUSE = _Warehouse(path_type=Path)


class _Text(click.ParamType[str]):
    """Text that can be written down again: a shell hands on bytes of any encoding."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text; fails for bytes that are not UTF-8."""
        try:
            str(value).encode()
        except UnicodeEncodeError:
            self.fail("not UTF-8", param, ctx)
        return str(value)


TEXT = _Text()


def to_date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    """The day of what click read as a point in time."""
    return value.date() if value else None


run_date = click.option("--run-date", type=DAY, callback=to_date, help="The night; the newest if not given.")
watchlists = click.option("--watchlists", type=FOLDER, required=True, help="The --out of nightly.")
settings = click.option("--settings", type=FILE, help="A TOML file; everything has a default.")
