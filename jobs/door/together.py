"""Which files are read together: with statements of its own for each, a drop of ten thousand would take minutes.

Small files of one table that have the same columns are read as one; each keeps its own number, counts and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.door.damage import unreadable
from jobs.door.discover import Source
from jobs.door.layout import ExportFile, Received
from jobs.door.ndjsonfile import NdjsonFile
from jobs.door.parquetfile import ParquetFile, holds_reserved
from jobs.door.records import header
from jobs.door.settings import DoorSettings
from jobs.door.text import Text, prepare, sha256, stamp
from jobs.door.textfiles import CsvFile
from jobs.warehouse import Warehouse

FEW = 16
"""So many small files of a table and format are still read one by one: DuckDB reads faster than we do."""
SMALL = 1 << 18
"""Bytes. To walk so many takes a quarter of the time that the statements for a file of its own take."""
MANY = 1000
"""Files that are read together at most, so that a statement's text stays short."""
Numbered = tuple[int, Source]
"""A file and its id; ids grow in the order of loading."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Opener:
    """Opens the files of one drop; `scratch` is a folder for what is unpacked and decoded."""

    w: Warehouse
    door: DoorSettings
    scratch: Path
    progress: Callable[[str], None]

    def files(self, sources: Sequence[Numbered]) -> Iterator[ExportFile]:
        """Every file once, alone or with others, ready to be read."""
        alike: dict[tuple[str, str], list[Numbered]] = {}
        for numbered in sources:
            alike.setdefault((numbered[1].export.name, numbered[1].kind), []).append(numbered)
        alone: list[Numbered] = []
        for (_, kind), group in alike.items():
            small = [numbered for numbered in group if stamp(numbered[1]).size <= SMALL]
            small = small if len(small) > FEW else []
            apart = {file_id for file_id, _ in group} - {file_id for file_id, _ in small}
            alone += (numbered for numbered in group if numbered[0] in apart)
            yield from (self._parquets if kind == "parquet" else self._texts)(small)
        yield from self._one_by_one(sorted(alone, key=lambda numbered: stamp(numbered[1]).size))

    def _one_by_one(self, files: Sequence[Numbered]) -> Iterator[ExportFile]:
        """Each for itself, the largest last: while the engine reads, all that are still to come are hashed, and nothing
        is read while the first is."""
        with ThreadPoolExecutor(1) as beside:
            hashed = [beside.submit(self._hashed, numbered) for numbered in files]
            try:
                for ready in hashed:
                    yield ready.result()()
            finally:
                beside.shutdown(cancel_futures=True)

    def _hashed(self, numbered: Numbered) -> Callable[[], ExportFile]:
        """What need not ask the engine is done; what is returned asks it."""
        if numbered[1].kind == "parquet":
            received = self._received(numbered)
            return lambda: self._parquet([received])
        prepared = self._prepared(numbered)
        return lambda: self._text([prepared])

    def _texts(self, group: Sequence[Numbered]) -> Iterator[ExportFile]:
        ready: dict[Hashable, list[tuple[Received, Text]]] = {}
        for numbered in group:
            received, text = self._prepared(numbered)
            if text.path.stat().st_size > SMALL:  # it was packed
                yield self._text([(received, text)])
            else:
                names = tuple(header(text.path)) if received.source.kind == "csv" else None
                ready.setdefault(names, []).append((received, text))
        for files in ready.values():
            yield from map(self._text, _batches(files))

    def _parquets(self, group: Sequence[Numbered]) -> Iterator[ExportFile]:
        ready: dict[Hashable, list[Received]] = {}
        for numbered in group:
            received = self._received(numbered)
            ready.setdefault(_schema(received.source.path) or received.file_id, []).append(received)
        for files in ready.values():
            yield from map(self._parquet, _batches(files))

    def _prepared(self, numbered: Numbered) -> tuple[Received, Text]:
        file_id, source = numbered
        before, own = str(stamp(source)), self.scratch / str(file_id)
        own.mkdir(mode=0o700)
        self.progress(source.rel)
        text = prepare(source, own)
        return Received(source, file_id, before, text.sha256, text.bytes), text

    def _received(self, numbered: Numbered) -> Received:
        file_id, source = numbered
        before = stamp(source)
        self.progress(source.rel)
        return Received(source, file_id, str(before), sha256(source), before.size)

    def _text(self, files: Sequence[tuple[Received, Text]]) -> ExportFile:
        received = [received for received, _ in files]
        source, own = received[0].source, self.scratch / str(received[0].file_id)
        kind = CsvFile if source.kind == "csv" else NdjsonFile
        with unreadable(source):
            return kind(received, [text for _, text in files], self._rename(source), self.w, own)

    def _parquet(self, files: Sequence[Received]) -> ExportFile:
        source, own = files[0].source, self.scratch / str(files[0].file_id)
        own.mkdir(mode=0o700)
        with unreadable(source):
            return ParquetFile(files, self._rename(source), self.w, own)

    def _rename(self, source: Source) -> Mapping[str, str]:
        return self.door.rename.get(source.export.name, {})


def _schema(path: Path) -> Hashable:
    """Two files with the same schema can be read as one. None for what is to be read alone."""
    try:
        with pq.ParquetFile(path) as file:
            if holds_reserved(file.schema.names):
                return None
            return tuple(str(file.schema).splitlines()[1:])  # the first line is the object's address
    except (pa.ArrowException, OSError):
        return None


def _batches(files: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(files), MANY):
        yield files[start : start + MANY]
