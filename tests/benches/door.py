"""What the door costs beside DuckDB reading the same files and keeping nothing.

    python tests/benches/door.py [accounts] [runs] [folder]

Whole processes, taken in turns, medians: strict parse with rejects on (the floor), the same typed into a database
file, the door; then one further weekly drop on 26 weeks of history beside the same drop into an empty warehouse.
Prints Markdown. Synthetic exports (4 orders an account), made once below `folder`, by default a temporary
one. The disk must hold some ten gigabytes at a million accounts.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import duckdb

from graph.exports import EXPORTS
from jobs.door.loading import load
from jobs.door.settings import DoorSettings
from jobs.simulate import simulate
from jobs.warehouse import Warehouse

THREADS = 2
SEED = 1
WEEKS = 27
_TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "money": "DECIMAL(18,2)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MiB; start of the interpreter included."""

    wall: float
    cpu: float
    peak: float


def scans(exports: Path) -> Iterator[tuple[str, str]]:
    """(table, SQL) that reads one CSV file with the contract's types, and keeps what it cannot read as rejects."""
    for path in sorted(exports.rglob("*.csv")):
        export = next(e for e in EXPORTS if path.name.startswith(e.name))
        types = {column.name: _TYPES[column.type] for column in export.columns}
        with path.open() as file:
            names = file.readline().strip().split(",")
        columns = ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in names)
        yield (
            path.stem,
            (
                f"FROM read_csv('{path}', columns = {{{columns}}}, header = true, auto_detect = false, delim = ',',"
                f" quote = '\"', escape = '\"', store_rejects = true, rejects_table = 'rejects_{path.stem}',"
                f" rejects_scan = 'scan_{path.stem}')"
            ),
        )


def floor(exports: Path, work: Path) -> None:
    """Every cell is parsed and typed; nothing is kept."""
    with duckdb.connect(config={"threads": THREADS}) as con:
        for _, scan in scans(exports):
            con.execute(f"SELECT count(COLUMNS(*)) {scan}").fetchall()


def typed(exports: Path, work: Path) -> None:
    """The same into a database file."""
    with duckdb.connect(str(work / "typed.duckdb"), config={"threads": THREADS}) as con:
        for table, scan in scans(exports):
            con.execute(f"CREATE TABLE {table} AS {scan}").fetchall()


def door(exports: Path, work: Path) -> None:
    """Ours: rows, rejects, hashes, line numbers, law; into `work/w.duckdb`, which may be there."""
    with Warehouse.open(work / "w.duckdb", threads=THREADS) as w:
        load(w, exports, DoorSettings(), until=None)


WAYS: dict[str, Callable[[Path, Path], None]] = {"floor": floor, "typed": typed, "door": door}


def run(way: str, exports: Path, work: Path) -> Run:
    """One way in a process of its own."""
    command = [sys.executable, __file__, "--one", way, str(exports), str(work)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu, peak = json.loads(done.stdout)
    return Run(time.perf_counter() - started, cpu, peak)


def one(way: str, exports: Path, work: Path) -> None:
    """What the process does: the way, then what it took."""
    WAYS[way](exports, work)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


def cold(exports: Path, folder: Path, runs: int) -> None:
    """The three ways in turns."""
    found: dict[str, list[Run]] = {way: [] for way in WAYS}
    for _ in range(runs):
        for way in WAYS:
            with tempfile.TemporaryDirectory(dir=folder) as work:
                found[way].append(run(way, exports, Path(work)))
    print("| cold | wall s | × floor | CPU s | × floor | peak MiB |\n|---|---|---|---|---|---|")
    for way in WAYS:
        print(row(way, found[way], found["floor"]), flush=True)


def weekly(exports: Path, folder: Path, runs: int) -> None:
    """The last drop on all others, and alone."""
    *_, last = sorted(path for path in exports.iterdir() if path.is_dir())
    history, alone = folder / "history", folder / "alone"
    for path in (history, alone):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    (alone / last.name).symlink_to(last)
    found: dict[str, list[Run]] = {"into an empty warehouse": [], "on 26 weeks": []}
    hidden = folder / "hidden"
    last.rename(hidden)
    try:
        run("door", exports, history)
    finally:
        hidden.rename(last)
    for _ in range(runs):
        for way, source, start in (("into an empty warehouse", alone, None), ("on 26 weeks", exports, history)):
            with tempfile.TemporaryDirectory(dir=folder) as work:
                if start:
                    shutil.copy(start / "w.duckdb", work)
                    os.sync()  # or the run pays for the copy
                found[way].append(run("door", source, Path(work)))
    print("\n| one weekly drop | wall s | × empty | CPU s | × empty | peak MiB |\n|---|---|---|---|---|---|")
    for way, measured in found.items():
        print(row(way, measured, found["into an empty warehouse"]), flush=True)


def row(name: str, measured: list[Run], base: list[Run]) -> str:
    """Medians, and ratios of medians."""
    wall, cpu = (statistics.median(getattr(r, what) for r in measured) for what in ("wall", "cpu"))
    wall_0, cpu_0 = (statistics.median(getattr(r, what) for r in base) for what in ("wall", "cpu"))
    peak = max(r.peak for r in measured)
    return f"| {name} | {wall:.2f} | {wall / wall_0:.2f} | {cpu:.2f} | {cpu / cpu_0:.2f} | {peak:.0f} |"


def main(accounts: int, runs: int, folder: Path) -> None:
    """Make what is missing, measure, print."""
    for name, nights in (("one", 1), ("weeks", WEEKS)):
        if not (folder / name).exists():
            simulate(folder / name, accounts=accounts, seed=SEED, nights=nights)
    cold(folder / "one", folder, runs)
    weekly(folder / "weeks", folder, runs)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        accounts, runs, *given = [*sys.argv[1:], *("1000000", "3")[len(sys.argv) - 1 :]]
        with tempfile.TemporaryDirectory() as temporary:
            main(int(accounts), int(runs), Path(given[0] if given else temporary))
