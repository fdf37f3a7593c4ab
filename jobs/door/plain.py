"""CSV without a quotation mark, split by Arrow: there a record is a line and a cell what stands between two commas.

Arrow takes half the time that DuckDB's CSV reader takes, which must expect quotes at every byte. A timestamp that is
written plainly comes typed, beside its column; any other spelling comes as text, for `check` alone knows what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from jobs.door.records import Lines, Piece

_BLOCK = 1 << 21
"""Bytes that are split at a time; for a block a millisecond goes into Python, and its memory is outside DuckDB's
limit."""
_PLAIN = 19
"""Characters of 2025-06-30 23:59:59."""
_BETWEEN, _SIGNS = 10, ((4, "-"), (7, "-"), (13, ":"), (16, ":"))
_TIME = pa.timestamp("us")


class Plain:
    """One piece of a file as an Arrow stream, which can be read again: c<place> for each of `places`, text or NULL, and
    t<place> for each of `times`, a timestamp, where c<place> is then NULL.

    `refused` is how many lines had another number of cells than `width` when it was read last.
    """

    def __init__(self, lines: Lines, piece: Piece, width: int, places: Sequence[int], times: Sequence[int]) -> None:
        self.refused = 0
        self._lines, self._piece, self._times = lines, piece, times
        self._names = [f"c{place}" for place in range(width)]
        self._kept = [f"c{place}" for place in places]
        texts = [(name, pa.string()) for name in self._kept]
        self._how = {
            "read_options": pc.ReadOptions(use_threads=False, column_names=self._names),
            "parse_options": pc.ParseOptions(quote_char=False, double_quote=False, invalid_row_handler=self._refuse),
            "convert_options": pc.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()),
                include_columns=self._kept,
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,  # the whole file was checked when it was hashed
            ),
        }
        self._schema = pa.schema([*texts, *((f"t{place}", _TIME) for place in times)])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.RecordBatchReader.from_batches(self._schema, self._batches()).__arrow_c_stream__()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        self.refused = 0
        for block in _blocks(self._lines, self._piece):
            try:
                split = self._split(block)
            except pa.ArrowInvalid:  # its message would show the line; that records are missing is seen by their number
                return
            for batch in split.to_batches():
                yield self._typed(batch)

    def _split(self, block: memoryview) -> pa.Table:
        self._how["read_options"].block_size = len(block) + 1
        return pc.read_csv(pa.BufferReader(block), **self._how)

    def _refuse(self, row: pc.InvalidRow) -> str:
        self.refused += 1
        return "skip"

    def _typed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for place in self._times:
            times = _plain_times(columns[f"c{place}"])
            if times is not None:
                columns[f"c{place}"] = pa.nulls(len(batch), pa.string())
            columns[f"t{place}"] = pa.nulls(len(batch), _TIME) if times is None else times
        return pa.record_batch([columns[name] for name in self._schema.names], schema=self._schema)


def _blocks(lines: Lines, piece: Piece) -> Iterator[memoryview]:
    """The piece's records as blocks of whole lines; each is gone when the next is asked for."""
    with lines.path.open("rb", buffering=0) as file:
        file.seek(piece.begin if piece.begin else _behind(lines))
        left, held, room = piece.end - file.tell(), 0, bytearray(_BLOCK)
        while left:
            if held == len(room):  # a line longer than a block
                room = bytearray(room) + bytearray(len(room))
            read = file.readinto(memoryview(room)[held : held + left]) or 0
            left, held = left - read, held + read
            cut = room.rfind(b"\n", 0, held) + 1 if left and read else held
            if cut:
                yield memoryview(room)[:cut]
                room[: held - cut] = room[cut:held]
                held -= cut
            if not read:
                return


def _behind(lines: Lines) -> int:
    """Where the first line that is a record begins."""
    with lines.path.open("rb") as file:
        return sum(len(file.readline()) for _ in range(lines.header))


def _plain_times(cells: pa.StringArray) -> pa.Array[Any] | None:
    """The cells as timestamps where all are NULL or like 2025-06-30 23:59:59, perhaps with a T in the middle."""
    written = len(cells) - cells.null_count
    if not written:
        return pa.nulls(len(cells), _TIME)
    _, places, content = cells.buffers()
    ends = np.frombuffer(places, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    if np.diff(ends).max() != _PLAIN or ends[-1] - ends[0] != written * _PLAIN:
        return None
    letters = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]].reshape(written, _PLAIN)
    between = letters[:, _BETWEEN]
    if not ((between == ord(" ")) | (between == ord("T"))).all():
        return None
    if not all((letters[:, at] == ord(sign)).all() for at, sign in _SIGNS):
        return None
    try:
        times = cells.cast(_TIME)
    except pa.ArrowInvalid:
        return None
    return None if (letters[:, :4] == ord("0")).all(axis=1).any() else times  # our calendar has no year 0
