"""Frames to files: CSV, Parquet and NDJSON as the contract spells them, readable by the owner alone."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow.parquet as pq

from jobs.simulate.options import FileFormat

MONEY = ("amount", "claimed_cny")
MIXED = {"orders": "csv.gz", "accounts": "csv", "devices": "parquet", "chat_links": "ndjson.gz"}
TIME = "%Y-%m-%d %H:%M:%S"


def suffix(table: str, file_format: FileFormat) -> str:
    """The suffix of a table's file."""
    return MIXED[table] if file_format == "mixed" else file_format


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A new private file.

    Gzip by its suffix, without a clock in its header so that equal rows are equal bytes.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield raw


def write(frames: Iterator[pl.DataFrame], path: Path) -> None:
    """All slices of one table into one file, in the format of its suffix."""
    with opened(path) as file:
        if path.suffix == ".parquet":
            _write_parquet(frames, file)
            return
        for number, frame in enumerate(frames):
            if ".ndjson" in path.name:
                file.write(_ndjson(frame))
            else:
                file.write(csv_bytes(frame, header=number == 0))


def csv_bytes(frame: pl.DataFrame, *, header: bool) -> bytes:
    """CSV with two decimals of money, seconds of time, true and false, and nothing for NULL."""
    text = io.BytesIO()
    frame.write_csv(text, include_header=header, datetime_format=TIME, float_precision=2)
    return text.getvalue()


def _ndjson(frame: pl.DataFrame) -> bytes:
    """One object a line; an absent value is null. Money is text, so that no reader makes a float of it."""
    text = io.BytesIO()
    money = [pl.col(c).cast(pl.Decimal(18, 2)).cast(pl.String) for c in MONEY if c in frame.columns]
    times = pl.selectors.datetime().dt.strftime(TIME)
    frame.with_columns(times, *money).write_ndjson(text)
    return text.getvalue()


def _write_parquet(frames: Iterator[pl.DataFrame], file: BinaryIO) -> None:
    writer: pq.ParquetWriter | None = None
    for frame in frames:
        money = [pl.col(c).cast(pl.Decimal(18, 2)) for c in MONEY if c in frame.columns]
        table = frame.with_columns(money).to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
