"""The door on the cluster: each large file of a drop is a task of its own, and so are the small ones of a table.

A task reads, checks and counts its files by the door's own code, in a warehouse of its own that lasts as long as it
does, and leaves its rows as a part of the warehouse on the shared path. What comes here are counts and what was set
aside. That of a key the last row wins is left to be done across the files of a table: who wins is asked of the engine,
and parts that lose rows are written anew, again by tasks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from graph.exports import EXPORTS, Export
from jobs import parts, trouble
from jobs.door.layout import literal
from jobs.door.loading import take_in
from jobs.door.settings import DoorSettings
from jobs.door.text import stamp
from jobs.door.together import SMALL, Numbered
from jobs.errors import ExportError, NotYetError, RingwatchError
from jobs.spark.late import Late
from jobs.tombstones import obey
from jobs.warehouse import Warehouse

if TYPE_CHECKING:
    from jobs.settings import EngineSettings
    from jobs.spark.tables import SparkTables

_ENTERED = ("files", "rejects_rows", "obeyed")
"""Tables of a task's warehouse that are entered in ours."""
_ANSWER = pa.schema([("task", pa.int64()), ("code", pa.int64()), ("said", pa.string())])
_ERRORS = {error.exit_code: error for error in (ExportError, NotYetError)}

_BEATEN = """
SELECT r.file_id, r.line FROM door_rows AS r JOIN (
    SELECT {key}, max(file_id) AS newest FROM door_rows GROUP BY {key} HAVING count(*) > 1
) AS k ON {same} WHERE r.file_id < k.newest
"""


@dataclass(frozen=True)
class Door:
    """`exports` and the folder of `file` lie under the same path on every worker; `settings` limit each task."""

    db: SparkTables
    file: Warehouse
    exports: Path
    settings: EngineSettings

    @contextmanager
    def read(self, files: Sequence[Numbered], drop: date, door: DoorSettings) -> Iterator[Callable[[], None]]:
        """What `jobs.door.loading.Read` promises."""
        bench = _Bench(self.file.path, self.db.scratch, self.exports, self.settings.limits())
        tasks = _tasks(files, drop)
        folders = self._ask([partial(_read, bench, task, door) for task in tasks])
        made, lost = {task: task.path for task in tasks}, dict[int, int]()
        for export in EXPORTS:
            alike = [task for task in tasks if task.export is export]
            beaten = self._beaten(export, [bench.home / task.path for task in alike]) if len(alike) > 1 else {}
            if beaten:
                lost |= beaten
                poorer = [task for task in alike if any(file_id in beaten for file_id, _ in task.files)]
                listed = str(self.db.files("door_beaten"))
                made |= zip(poorer, self._ask([partial(_without, bench, task, listed) for task in poorer]), strict=True)
        yield partial(self._enter, drop, len(files), folders, made, lost)
        self.db.drop("door_rows", "door_beaten")

    def _ask(self, tasks: Sequence[Callable[[], str]]) -> list[str]:
        """Each is done somewhere on the cluster, once or again. Raises the first trouble that one had."""
        rows = self.db.session.range(0, len(tasks), 1, len(tasks))
        done = rows.mapInArrow(Late(_Tasks(tuple(tasks))), "task BIGINT, code BIGINT, said STRING").toArrow()
        answers = sorted(zip(*(done[name].to_pylist() for name in _ANSWER.names), strict=True))
        for _, code, said in answers:
            if code:
                raise _ERRORS.get(code, RingwatchError)(said)
        return [said for _, _, said in answers]

    def _beaten(self, export: Export, paths: Sequence[Path]) -> dict[int, int]:
        """How many rows of each file give way to one of another file; which, in the table `door_beaten`."""
        self.db.read("door_rows", paths)
        same = " AND ".join(f"r.{key} = k.{key}" for key in export.key)
        self.db.make("door_beaten", _BEATEN.format(key=", ".join(export.key), same=same))
        return dict(self.db.frame("SELECT file_id, count(*) AS n FROM door_beaten GROUP BY file_id").rows())

    def _enter(
        self, drop: date, files: int, folders: Sequence[str], made: Mapping[_Task, str], lost: Mapping[int, int]
    ) -> None:
        for table in _ENTERED:
            left = [f"{folder}/{table}.parquet" for folder in folders]
            self.file.rows(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet($left)", left=left)
        for file_id, rows in lost.items():
            self.file.rows(
                "UPDATE files SET loaded = loaded - $rows, superseded = superseded + $rows WHERE file_id = $file_id",
                rows=rows,
                file_id=file_id,
            )
        named = [(f"{task.export.name}_rows", task.first, path) for task, path in made.items()]
        first = min(first for _, first, _ in named)
        for export in {export.name for export in EXPORTS} - {task.export.name for task in made}:
            path = parts.written(self.file, self.file.path.parent, export, drop, first)  # of no rows
            named.append((f"{export}_rows", first, path))
        parts.name(self.file, drop, named)
        self._prove(drop, files)

    def _prove(self, drop: date, files: int) -> None:
        """What is counted lies in the parts, but for rows of the erased."""
        counted, loaded, obeyed = self.file.rows(
            "SELECT count(*), sum(loaded), count(*) FILTER (WHERE file_id IN (SELECT file_id FROM obeyed))"
            " FROM files WHERE drop_date = $drop",
            drop=drop,
        )[0]
        paths = [str(self.file.path.parent / path) for (path,) in self.file.rows(
            "SELECT path FROM parts WHERE drop_date = $drop", drop=drop)]  # fmt: skip
        (held,) = self.file.rows("SELECT sum(num_rows) FROM parquet_file_metadata($paths)", paths=paths)[0]
        if counted != files or (held != loaded and not obeyed):
            raise RingwatchError(f"the drop of {drop}: {counted} of {files} files were counted, and {held} of {loaded}"
                                 " rows are in the parts. Nothing of this drop was kept; please report it")  # fmt: skip


@dataclass(frozen=True)
class _Task:
    """Some files of one table and drop."""

    export: Export
    drop: date
    files: tuple[Numbered, ...]

    @property
    def first(self) -> int:
        return self.files[0][0]

    @property
    def path(self) -> str:
        return f"{self.export.name}/{self.drop}/{self.first}.parquet"


def _tasks(files: Sequence[Numbered], drop: date) -> list[_Task]:
    small: dict[str, list[Numbered]] = {}
    alone = []
    for file_id, found in files:
        source = replace(found, path=found.path.absolute())  # a worker stands elsewhere
        if stamp(source).size > SMALL:
            alone.append(_Task(source.export, drop, ((file_id, source),)))
        else:
            small.setdefault(source.export.name, []).append((file_id, source))
    together = [_Task(group[0][1].export, drop, tuple(group)) for group in small.values()]
    return sorted([*alone, *together], key=lambda task: task.first)


@dataclass(frozen=True)
class _Tasks:
    """What a row stands for is done, and said how it ended."""

    tasks: tuple[Callable[[], str], ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                code, said = _tried(self.tasks[number])
                yield pa.RecordBatch.from_pylist([{"task": number, "code": code, "said": said}], schema=_ANSWER)


def _tried(task: Callable[[], str]) -> tuple[int, str]:
    """What stops the night goes to whoever reads its messages, not into a cluster's log."""
    try:
        return 0, task()
    except RingwatchError as stopped:
        return stopped.exit_code, str(stopped)
    except Exception as odd:
        if told := trouble.told(odd):
            return RingwatchError.exit_code, told
        raise


@dataclass(frozen=True)
class _Bench:
    """Where a task works: `state` is the file of the warehouse whose parts it makes, `limits` are of its engine."""

    state: Path
    tonight: Path
    exports: Path
    limits: dict[str, Any]

    @property
    def home(self) -> Path:
        return self.state.parent

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """One of its own, gone when it is done; of a worker that died it lies among what is emptied with the night.
        Raises RingwatchError where the worker does not see what it is to read or write."""
        for path in (self.exports, self.tonight):
            if not path.is_dir():
                raise RingwatchError(f"{path} is not there for a worker of the cluster. Mount it there under the same"
                                     " path, and run again")  # fmt: skip
        folder = self.limits["temp_directory"] or self.tonight
        with tempfile.TemporaryDirectory(dir=folder) as own:
            limits = {**self.limits, "temp_directory": None}
            with Warehouse.open(Path(own) / "rows.duckdb", **limits) as w, w.memory_at_most(parts.POURING):
                w.confine(self.exports, self.home)
                yield w
                w.stale = False  # what was erased goes with the file


def _read(bench: _Bench, task: _Task, door: DoorSettings) -> str:
    """Gives the folder where what is to be entered lies."""
    with bench.warehouse() as w:
        take_in(w, task.files, task.drop, door)
        obey(w, bench.state)
        parts.written(w, bench.home, task.export.name, task.drop, task.first)
        left = tempfile.mkdtemp(dir=bench.tonight)
        for table in _ENTERED:
            w.rows(f"COPY {table} TO $path (FORMAT parquet)", path=f"{left}/{table}.parquet")
    return left


def _without(bench: _Bench, task: _Task, beaten: str) -> str:
    """Write the task's part without the rows that are beaten; gives its path."""
    with bench.warehouse() as w:
        part, lost = (f"read_parquet({literal(path)})" for path in (bench.home / task.path, f"{beaten}/*.parquet"))
        again = f"SELECT 1 FROM {lost} AS l WHERE l.file_id = p.file_id AND l.line = p.line"
        kept = f"SELECT * FROM {part} AS p WHERE NOT EXISTS ({again})"
        return parts.copied(w, kept, bench.home, task.path.replace(".parquet", ".kept.parquet"))
