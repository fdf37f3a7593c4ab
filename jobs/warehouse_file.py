"""The file that a warehouse is: what lies beside it, who holds it, and how it is opened."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from jobs import trouble
from jobs.errors import BusyError, RingwatchError, UsageError

_REBUILD = "Run `ringwatch rebuild`, which makes it again from the exports and the published nights"


def files_of(path: Path) -> list[Path]:
    """A database's own file and those that DuckDB keeps beside it: its log of changes comes under three names."""
    return [path, *(path.with_name(f"{path.name}.wal{more}") for more in ("", ".checkpoint", ".recovery"))]


def remove(*files: Path) -> None:
    """Delete what is there of these."""
    for file in files:
        file.unlink(missing_ok=True)


def refuse_odd(path: Path) -> None:
    """Raises UsageError where DuckDB would keep the log of changes under another name, or take a folder's name for
    something else; without its log a killed run would leave a file without its last rows."""
    odd = sorted({"?", "\\"} & set(str(path.absolute())))
    if odd:
        raise UsageError(f"--warehouse {path}: the engine cannot use {' or '.join(odd)} in a path. Choose another name")


def lock_of(path: Path) -> Path:
    """The file beside a warehouse that a run holds."""
    return path.with_name(f"{path.name}.lock")


def take_lock(path: Path) -> FileLock:
    """Hold the warehouse for writing; release it when done. Raises BusyError, or RingwatchError where nothing can be
    written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(lock_of(path), mode=0o600)
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"another run holds the warehouse {path}. Wait for it to end") from None
    except OSError as error:
        raise RingwatchError(f"the warehouse {path} cannot be written: {error.strerror}") from error
    return lock


def connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open or make the database, mode 0600. Raises BusyError where another process has it open, RingwatchError where it
    is damaged or none."""
    damaged = f"the warehouse {path} is damaged or no database. {_REBUILD}"
    if _foreign(path):
        raise RingwatchError(damaged)
    umask = os.umask(0o077)
    try:
        con = duckdb.connect(str(path.absolute()), read_only=read_only)  # `:memory:` alone would be no file
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise BusyError(f"another process has the warehouse {path} open. Wait for it to end") from None
        raise RingwatchError(trouble.of_disk(str(error)) or damaged) from error
    finally:
        os.umask(umask)
    if not read_only:
        path.chmod(0o600)
    return con


def _foreign(path: Path) -> bool:
    """Is there something else than a database? Of a CSV, JSON or Parquet file DuckDB makes a database in memory, and
    what the night wrote there would be gone with it."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False  # not there, or what DuckDB says of it is better
    return bool(head) and head[8:] != b"DUCK"


def settle(
    con: duckdb.DuckDBPyConnection, scratch: Path, memory_limit: str, threads: int | None, max_temp: str
) -> None:
    """Tell a connection that was just opened its limits, where to spill, and what it may not do."""
    settings: dict[str, object] = {
        "memory_limit": memory_limit,
        # Of the limit, kept between statements: given back to the system, each page must be asked for and emptied anew.
        "block_allocator_memory": "50%",
        "temp_directory": str(scratch),
        "max_temp_directory_size": max_temp,
        # Else DuckDB stops amid a night, after whatever statement it is at, to compress all temporary tables with one
        # thread. `Warehouse.checkpoints` has the file looked after while it grows.
        "checkpoint_threshold": "1TB",
        # A SQL name must never pick up a Python variable, and nothing may be fetched from the network.
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "disabled_compression_methods": _too_slow(con),
    }
    if threads:
        settings["threads"] = threads
    # In a notebook it is off, and to say so once more asks for a package of widgets.
    if con.execute("SELECT current_setting('enable_progress_bar')").fetchall() != [(False,)]:
        settings["enable_progress_bar"] = False
    for name, value in settings.items():
        con.execute(f"SET {name} = $value", {"value": value}).fetchall()


def _too_slow(con: duckdb.DuckDBPyConnection) -> str:
    """Ways to store numbers that take longer than to write and read the bytes they save; and dictionaries for text,
    in a file of before each column said how it is kept: they would be tried on ids."""
    older = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'orders_rows' AND sql NOT LIKE '%USING COMPRESSION%'"
    return "bitpacking,dict_fsst" if con.execute(older).fetchall() else "bitpacking"
