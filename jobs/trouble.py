"""What the machine can do to a run, in words that say what to do: no memory, no space, no right, a damaged file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from graph.nights import DamagedError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
NO_SPACE = ("No space left", "Disk quota", "File too large", "could not be written", "Could not write", "Cannot write")
"""What DuckDB's messages say when a disk is full, a quota used up, or no file may be as large."""
_DAMAGED = (
    "Corrupt",
    "Could not read enough",
    "checksum",
    "Failed to deserialize",
    "Serialization Error",
    "not a valid DuckDB",
    "invalidated",
)
_STANDS = "The nights published before stand"


def told(error: BaseException) -> str | None:
    """What stopped the run and what to do; None for what is no trouble of the machine."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return _memory(str(error))
    if isinstance(error, MemoryError):
        return f"no memory left. Lower engine.memory_limit in the settings, or give the machine more. {_STANDS}"
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, duckdb.Error):
        return _of_engine(str(error))
    if type(error).__module__.split(".")[0] in ("pyspark", "grpc"):  # never imported for this: it is an extra
        return f"the cluster did not do what it was asked ({type(error).__name__}); its own log says why. {_STANDS}"
    return _of_night(error)


def _of_night(error: BaseException) -> str | None:
    if isinstance(error, DamagedError):
        return str(error)
    if isinstance(error, pl.exceptions.ComputeError) and str(error).startswith("parquet:"):
        return "a list of a published night is damaged. Run that night again with --run-date, which replaces it whole"
    return None


@contextmanager
def of_stream() -> Iterator[None]:
    """While rows stream out of the engine its errors reach us as polars' own, with nothing but their text: raise them
    as the engine's again."""
    try:
        yield
    except pl.exceptions.ComputeError as stopped:
        kind = duckdb.OutOfMemoryException if "Out of Memory Error" in str(stopped) else duckdb.Error
        raise kind(str(stopped)) from stopped


def _memory(text: str) -> str:
    if "max_temp_directory_size" in text or ("temp_directory" in text and "No space" in text):
        return f"the engine spilled more than engine.max_temp allows. Raise it in the settings. {_STANDS}"
    return f"the engine needs more than engine.memory_limit allows. Raise it in the settings. {_STANDS}"


def _of_system(error: OSError) -> str | None:
    where = f" for {Path(error.filename).name}" if isinstance(error.filename, str) else ""
    if error.errno in FULL:
        return f"no space left{where}. Free some and run again. {_STANDS}"
    if error.errno in _FORBIDDEN:
        return f"no right to write{where}. Give it, or name another place, and run again. {_STANDS}"
    return None


def of_disk(text: str) -> str | None:
    """What DuckDB's message says of space and rights; it is never passed on itself, for it may quote a row."""
    if any(part in text for part in NO_SPACE):
        return f"no space left for the warehouse or its temporary files. Free some and run again. {_STANDS}"
    if "Read-only file system" in text or "Permission denied" in text:
        return f"no right to write the warehouse. Give it and run again. {_STANDS}"
    return None


def _of_engine(text: str) -> str | None:
    damaged = any(part in text for part in _DAMAGED)
    what = "the warehouse is damaged. Run `ringwatch rebuild`, which makes it again from the exports and the nights"
    return of_disk(text) or (what if damaged else None)
