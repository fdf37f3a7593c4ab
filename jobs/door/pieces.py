"""A large text file is read in pieces at the same time, each by one thread that keeps the order of its lines.

One statement for the whole file would read with all threads too, but to keep the order it copies every row once more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event

import duckdb

from jobs.door.layout import STREAM, Rows
from jobs.door.records import Lines, Piece
from jobs.door.text import CHUNK
from jobs.warehouse import Warehouse

REFUSED = "door_refused"
"""Where DuckDB's CSV reader puts the lines that it cannot read."""
_AT_ONCE = 4
"""Pieces of a file: each needs some 100 MB, and all of them must find room in what the engine may hold."""
_LEAST = 16
"""MiB of a piece; to cut what is smaller saves nothing."""


def how_many(w: Warehouse, mebibytes: int) -> int:
    """In how many pieces to read a file of this size."""
    threads = int(w.rows("SELECT current_setting('threads')")[0][0])
    return max(1, min(threads, _AT_ONCE, mebibytes // _LEAST))


@contextmanager
def fed(lines: Lines, scratch: Path) -> Iterator[list[Path]]:
    """A path for each piece, which reads like a file with the header of the whole one; while the context lasts."""
    if len(lines.pieces) == 1:
        yield [linked(lines.path, scratch)]
        return
    pipes = [scratch / f"piece{at}" for at in range(len(lines.pieces))]
    with ThreadPoolExecutor(len(pipes)) as pool, ExitStack() as end:
        over = Event()
        for pipe in pipes:
            os.mkfifo(pipe, 0o600)
            end.callback(pipe.unlink)
        feeding = [
            pool.submit(_feed, lines, piece, pipe, over) for piece, pipe in zip(lines.pieces, pipes, strict=True)
        ]
        try:
            yield pipes
        finally:
            over.set()
        for feeder in feeding:
            feeder.result()


def linked(path: Path, scratch: Path) -> Path:
    """The file under a name that DuckDB does not take for a pattern, as it does *, ? and [."""
    link = scratch / "export"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return link


def at_once(w: Warehouse, statements: Sequence[Rows], **params: object) -> tuple[int, int]:
    """Run INSERTs at the same time: how many rows they inserted, and how many lines could not be read.

    They are committed one after the other, so that the rows lie in the order of the statements. Raises what DuckDB
    raises.
    """
    cursors = [w.con.cursor() for _ in statements]
    try:
        with ThreadPoolExecutor(len(cursors)) as pool:
            try:
                done = list(pool.map(lambda cursor, insert: _inserted(cursor, insert, params), cursors, statements))
            except BaseException:
                for cursor in cursors:
                    cursor.interrupt()
                raise
        for cursor in cursors:
            cursor.execute("COMMIT")
    finally:
        for cursor in cursors:
            cursor.close()
    return sum(rows for rows, _ in done), sum(refused for _, refused in done)


def refused(con: duckdb.DuckDBPyConnection) -> int:
    """How many physical lines the CSV reader has refused on this connection; one may have been refused twice."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", {"name": REFUSED}).fetchall():
        return 0
    return int(con.execute(f"SELECT count(DISTINCT line) FROM {REFUSED}").fetchall()[0][0])


def _inserted(cursor: duckdb.DuckDBPyConnection, insert: Rows, params: dict[str, object]) -> tuple[int, int]:
    # The rows bring their numbers. To keep their order in the table as well, DuckDB would put them together twice.
    cursor.execute("SET SESSION preserve_insertion_order = false")
    cursor.execute("BEGIN")
    if insert.stream:
        cursor.register(STREAM, insert.stream)
    rows = int(cursor.execute(insert.sql, params).fetchall()[0][0])
    return rows, insert.stream.refused if insert.stream else refused(cursor)


def _feed(lines: Lines, piece: Piece, pipe: Path, over: Event) -> None:
    descriptor = _writing(pipe, over)
    if descriptor is None:
        return
    # What the reader has given up need not be read to its end.
    with suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as out, lines.path.open("rb") as file:
        if piece.begin:
            out.writelines(file.readline() for _ in range(lines.header))
        file.seek(piece.begin)
        left = piece.end - piece.begin
        while left and (chunk := file.read(min(left, CHUNK))):
            out.write(chunk)
            left -= len(chunk)


def _writing(pipe: Path, over: Event) -> int | None:
    """The pipe, open for writing once somebody reads it; None when it is over before. To wait in `open` could be for
    ever, for a statement may fail before it reads."""
    while not over.is_set():
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            over.wait(0.002)
        else:
            os.set_blocking(descriptor, True)
            return descriptor
    return None
