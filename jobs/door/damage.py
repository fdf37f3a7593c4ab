"""What an error of DuckDB or of the disk says about a drop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from jobs.door.discover import Source
from jobs.errors import ExportError, RingwatchError
from jobs.trouble import FULL, NO_SPACE

_NOT_THE_FILE = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.FatalException, duckdb.InternalError)


@contextmanager
def unreadable(source: Source) -> Iterator[None]:
    """What DuckDB says of a damaged file quotes the file; the message for people does not."""
    try:
        yield
    except duckdb.Error as error:
        # For damaged Parquet DuckDB has no class of its own: what is left is not about the file.
        if _disk_full(error) or isinstance(error, _NOT_THE_FILE):
            raise
        raise ExportError(f"damaged, or no {source.kind}", file=source.rel, do="Send it again") from None


@contextmanager
def disk_full_said_clearly() -> Iterator[None]:
    """A full disk is said to be one, whoever noticed."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not _disk_full(error):
            raise
        raise RingwatchError(
            "no space left for the warehouse or its temporary files. Nothing of this drop was kept;"
            " free some and run again"
        ) from error


def _disk_full(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in FULL
    return full or any(part in str(error) for part in (*NO_SPACE, "max_temp_directory_size"))
