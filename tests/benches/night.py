"""What a whole night costs, beside DuckDB reading the same files and beside the script an analyst would write.

    python tests/benches/night.py [--accounts N ...] [--runs R] [--folder DIR] [--limit SIZE] [--formats csv parquet]
                                  [--skip book weekly graph]

Whole processes, taken in turns, medians, ratios within one run of this script: a strict parse with rejects on that
keeps nothing (the floor), the same typed into a database file, the night cold, by the book with the collector on and
and off; then one weekly drop on 26 weeks beside the same 27 drops into an empty warehouse; then the graph part alone.
Prints Markdown. Synthetic exports (4 orders an account), made once below `folder`, by default a temporary one. The disk
must hold some ten gigabytes at a million accounts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
import duckdb
import numpy as np

from graph.exports import EXPORTS
from tests.benches.door import floor, typed

ROOT = Path(__file__).parents[2]
THREADS = 2
SEED = 1
WEEKS = 27


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MiB; start of the interpreter included."""

    wall: float
    cpu: float
    peak: float


def timed(command: Sequence[str | Path]) -> Run:
    """Run a command to its end. Raises RuntimeError with the end of what it said where it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(word) for word in command], stdout=said, stderr=said, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read()[-2000:].decode(errors="replace"))
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def parquet_floor(exports: Path, work: Path) -> None:
    """Every cell of Parquet files is read; nothing is kept."""
    with duckdb.connect(config={"threads": THREADS}) as con:
        for path in sorted(exports.rglob("*.parquet")):
            if path.stem in {export.name for export in EXPORTS}:
                con.execute(f"SELECT count(COLUMNS(*)) FROM read_parquet('{path}')").fetchall()


def bipartite(exports: Path) -> tuple[np.ndarray[Any, Any], int]:
    """Edges account-thing of shared devices and payees, as numbers, and how many nodes there are."""
    with duckdb.connect(config={"threads": THREADS}) as con:
        read = {t: f"read_csv('{next(exports.rglob(f'{t}*.csv'))}', all_varchar = true)" for t in ("orders", "devices")}
        edges = con.execute(
            f"""
            WITH uses AS (
                SELECT account_id, 'd' || device_id AS thing FROM {read["devices"]}
                UNION SELECT seller_id, 'p' || payee_id FROM {read["orders"]} WHERE payee_id IS NOT NULL
            ),
            kept AS (SELECT * FROM uses SEMI JOIN (
                SELECT thing FROM uses GROUP BY thing HAVING count(*) BETWEEN 2 AND 50) AS few USING (thing)
            ),
            nodes AS (SELECT node, row_number() OVER (ORDER BY node) - 1 AS number
                      FROM (SELECT account_id AS node FROM kept UNION SELECT thing FROM kept) AS named)
            SELECT a.number, t.number FROM kept JOIN nodes AS a ON a.node = account_id JOIN nodes AS t ON t.node = thing
            ORDER BY ALL
            """
        ).fetchnumpy()
    pairs = np.column_stack(list(edges.values()))
    return pairs, int(pairs.max()) + 1


def graph_part(exports: Path, _: Path) -> None:
    """Seconds of each library on the same shared edges, printed as rows."""
    edges, n = bipartite(exports)
    sparse: Any = import_module("scipy.sparse")
    matrix = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()
    both = matrix + matrix.T
    old = sparse.csr_matrix(both)  # scikit-network takes no arrays

    def scipy() -> int:
        return int(import_module("scipy.sparse.csgraph").connected_components(both, directed=False)[0])

    def sknetwork() -> int:
        return len(set(import_module("sknetwork.clustering").Louvain(random_state=1).fit_predict(old)))

    def leiden() -> int:
        named = [(str(a), str(b), 1.0) for a, b in edges]
        options: dict[str, Any] = {"use_modularity": False, "resolution": 0.005, "randomness": 0.001, "iterations": 1}
        found = import_module("graspologic_native").leiden(named, None, seed=1, trials=1, **options)
        return len(set(found[1].values()))

    def networkx() -> int:
        nx = import_module("networkx")
        return len(nx.community.louvain_communities(nx.Graph(map(tuple, edges)), seed=1))

    print(f"\n{len(edges):,} edges, {n:,} nodes\n\n| graph part | s | groups |\n|---|---|---|")
    for name, way in {
        "scipy, components": scipy,
        "scikit-network, Louvain": sknetwork,
        "graspologic-native, Leiden (CPM)": leiden,
        "networkx, Louvain": networkx,
    }.items():
        started = time.perf_counter()
        try:
            groups = way()
        except ModuleNotFoundError:
            print(f"| {name} | not installed | |")
            continue
        print(f"| {name} | {time.perf_counter() - started:.2f} | {groups:,} |", flush=True)


HERE: dict[str, Callable[[Path, Path], None]] = {
    "floor": floor, "typed": typed, "parquet floor": parquet_floor, "graph": graph_part,
}  # fmt: skip


def here(way: str, exports: Path, work: Path) -> Run:
    """A way of this file in a process of its own."""
    return timed([sys.executable, __file__, "--one", way, exports, work])


def night(exports: Path, settings: Path, work: Path) -> Run:
    """`ringwatch nightly` into `work`, which may hold a warehouse and nights."""
    where = ["--exports", exports, "--warehouse", work / "w.duckdb", "--out", work / "out", "--settings", settings]
    return timed([sys.executable, "-m", "jobs", "nightly", *map(str, where)])


def book(exports: Path, option: str, work: Path) -> Run:
    """The analyst's script."""
    return timed([sys.executable, ROOT / "tests/benches/by_the_book.py", exports, work / "rings.parquet", option])


def in_turns(ways: Mapping[str, Callable[[Path], Run]], folder: Path, runs: int) -> dict[str, list[Run]]:
    """Every way once, then again: what else the machine does falls on all alike. Each starts in an empty folder."""
    found: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, run in ways.items():
            with tempfile.TemporaryDirectory(dir=folder) as work:
                found[way].append(run(Path(work)))
    return found


def table(title: str, found: dict[str, list[Run]]) -> None:
    """Medians, and ratios of medians to the first way's."""
    print(f"\n| {title} | wall s | × | CPU s | × | peak MiB |\n|---|---|---|---|---|---|")
    first = next(iter(found.values()))
    for way, runs in found.items():
        wall, cpu = (statistics.median(getattr(r, what) for r in runs) for what in ("wall", "cpu"))
        wall_0, cpu_0 = (statistics.median(getattr(r, what) for r in first) for what in ("wall", "cpu"))
        peak = max(r.peak for r in runs)
        print(f"| {way} | {wall:.2f} | {wall / wall_0:.2f} | {cpu:.2f} | {cpu / cpu_0:.2f} | {peak:.0f} |", flush=True)


def weekly(exports: Path, folder: Path, runs: int, settings: Path) -> None:
    """The last of 27 weekly drops on the 26 before it; and all 27 into an empty warehouse."""
    *_, last = sorted(path for path in exports.iterdir() if path.is_dir())
    history, hidden = folder / "history", folder / "hidden"
    shutil.rmtree(history, ignore_errors=True)
    history.mkdir()
    last.rename(hidden)
    try:
        night(exports, settings, history)
    finally:
        hidden.rename(last)

    def incremental(work: Path) -> Run:
        shutil.copytree(history, work, dirs_exist_ok=True)
        os.sync()  # or the run pays for the copy
        return night(exports, settings, work)

    ways: dict[str, Callable[[Path], Run]] = {
        "27 drops, cold": partial(night, exports, settings),
        "the 27th on 26": incremental,
    }
    table("weekly", in_turns(ways, folder, runs))


def market(folder: Path, name: str, accounts: int, nights: int = 1, file_format: str = "csv") -> Path:
    """Exports of so many accounts, made once."""
    path = folder / f"{name}-{accounts}-{file_format}"
    if not path.exists():
        # In a process of its own: a child's peak memory counts what its parent held when it was started.
        options = {
            "--out": path,
            "--accounts": accounts,
            "--seed": SEED,
            "--nights": nights,
            "--file-format": file_format,
        }
        timed([sys.executable, "-m", "jobs", "simulate", *(str(word) for option in options.items() for word in option)])
    return path


def measure(accounts: int, given: argparse.Namespace, folder: Path) -> None:
    """All tables of one size."""
    settings = folder / "settings.toml"
    settings.write_text(f'[engine]\nmemory_limit = "{given.limit}"\nthreads = {THREADS}\n')
    print(f"\n## {accounts:,} accounts")
    for kind in given.formats:
        exports = market(folder, "one", accounts, file_format=kind)
        base = "floor" if kind == "csv" else "parquet floor"
        ways: dict[str, Callable[[Path], Run]] = {base: partial(here, base, exports)}
        if kind == "csv":
            ways["typed into a file"] = partial(here, "typed", exports)
        ways["night, cold"] = partial(night, exports, settings)
        if kind == "csv" and "book" not in given.skip:
            ways["by the book"] = partial(book, exports, "gc")
            ways["by the book, no gc"] = partial(book, exports, "nogc")
        table(f"{kind}, {given.runs} runs", in_turns(ways, folder, given.runs))
    if "graph" not in given.skip:
        sys.stdout.flush()
        subprocess.run(
            [sys.executable, __file__, "--one", "graph", market(folder, "one", accounts), folder], check=True
        )
    if "weekly" not in given.skip:
        weekly(market(folder, "weeks", accounts, nights=WEEKS), folder, given.runs, settings)


def main() -> None:
    """Read the arguments, measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--limit", default="1GB", help="memory_limit of the night")
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"])
    parser.add_argument("--skip", nargs="*", default=[], choices=["book", "weekly", "graph"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for accounts in given.accounts:
            measure(accounts, given, folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        HERE[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
