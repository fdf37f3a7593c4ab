"""Kill nights at random instants and compare what the next run makes of it with an undisturbed one.

    python tests/fuzz/kill.py [kills] [seed] [whole] [home=FOLDER]

A catch-up over two nights of a small synthetic market is killed with SIGKILL, once or several times in a row, and then
run to its end. After every kill each visible night is whole and equal to the undisturbed one, byte for byte; after the
last the watchlists are all there and equal, run.json apart from its times, and no row of the warehouse is lost or
double.

A run says on standard error when a step ends. A kill waits for one of these lines, each as likely as the others, and
then a random part of the time that the next step takes: instants spread over seconds alone would hardly ever meet the
moments in which something is written. Unless `whole` is said, the stages between load and write, which write nothing,
hand out tables made before; by the night of that `home`, if one is named, else by one run here. Runs are forked from a
process that has imported everything, for an import writes nothing. The seed is printed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

sys.path.insert(0, str(Path(__file__).parents[2]))
from jobs.__main__ import main as ringwatch

NIGHTS = 2
_OF_A_RUN = ("started_at", "finished_at", "steps", "erasures")
_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)

Files = dict[str, str]
"""Path below `out` -> SHA-256 of its content; of run.json without its times."""


@dataclass(frozen=True)
class Undisturbed:
    """What must come out; and the seconds that each line on standard error took to come, and the end after the last."""

    exports: Path
    files: Files
    warehouse: dict[str, str]
    gaps: list[float]


class Run:
    """A command in a process of its own, whose standard error is read; `within` surrounds it there."""

    def __init__(self, *arguments: str, within: AbstractContextManager[Any] | None = None) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.dup2(writing, 2)
            os.close(reading)
            code = 1
            try:
                with within or nullcontext():
                    code = int(ringwatch(list(arguments), standalone_mode=False) or 0)
            finally:
                os._exit(code)
        os.close(writing)
        self.said = b""
        self._stderr: BinaryIO = os.fdopen(reading, "rb", buffering=0)

    def lines(self, count: int) -> bool:
        """Wait until it has said so many lines; gives whether it did."""
        return self._more(until=count)

    def drain(self, seconds: float) -> None:
        """Let it run for so long."""
        self._more(seconds=seconds)

    def _more(self, until: int | None = None, seconds: float | None = None) -> bool:
        deadline = time.monotonic() + (seconds if seconds is not None else 600)
        while until is None or self.said.count(b"\n") < until:
            ready, _, _ = select.select([self._stderr], [], [], max(0.0, deadline - time.monotonic()))
            more = self._stderr.read(1 << 16) if ready else b""
            if not more:
                return False
            self.said += more
        return True

    def kill(self) -> bool:
        """Gives whether it was still running."""
        os.kill(self.pid, signal.SIGKILL)
        return self.end() == -signal.SIGKILL

    def end(self) -> int:
        """Its exit code, or minus the signal that killed it."""
        while self._more():
            pass
        self._stderr.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def market(folder: Path, accounts: int) -> Path:
    """Two nights of a synthetic market."""
    exports = folder / "exports"
    sizes = ("--accounts", str(accounts), "--seed", "7", "--nights", str(NIGHTS), "--dirt", "--file-format", "mixed")
    assert Run("simulate", "--out", str(exports), *sizes).end() == 0
    return exports


def command(exports: Path, home: Path) -> list[str]:
    """The run that is killed."""
    where = ["--exports", str(exports), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    return ["nightly", *where, "--catch-up"]


def undisturbed(exports: Path, home: Path) -> Undisturbed:
    """Run once without a kill, watching the clock."""
    run, moments = Run(*command(exports, home)), [time.monotonic()]
    while run.lines(len(moments)):
        moments.append(time.monotonic())
    assert run.end() == 0, run.said.decode()
    moments.append(time.monotonic())
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    return Undisturbed(exports, visible(home / "out"), content_apart(home / "w.duckdb"), gaps)


def visible(out: Path) -> Files:
    """What a reader finds: the nights and latest.json. Other files tell of runs, not of nights."""
    paths = sorted([*out.glob("run_date=*/*"), *out.glob("latest.json")])
    return {path.relative_to(out).as_posix(): hashlib.sha256(_timeless(path)).hexdigest() for path in paths}


def _timeless(path: Path) -> bytes:
    if path.name != "run.json":
        return path.read_bytes()
    record: dict[str, Any] = json.loads(path.read_bytes())
    return json.dumps({k: v for k, v in record.items() if k not in _OF_A_RUN}, sort_keys=True).encode()


def content(warehouse: Path) -> dict[str, str]:
    """Of every table: how many rows, and a hash of them all, in order. `file_id` follows the order of loading, `stamp`
    the disk: neither is content."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        names = [name for (name,) in tables]
        return {name: _rows_of(con, name, "files" in names) for name in names}


def content_apart(warehouse: Path) -> dict[str, str]:
    """As `content`, in a process of its own: threads of an engine in this one would not live through its next fork."""
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        try:
            os.write(writing, json.dumps(content(warehouse)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        found: dict[str, str] = json.loads(answer.read() or b"{}")
    os.waitpid(pid, 0)
    assert found, "the warehouse cannot be read"
    return found


def _rows_of(con: duckdb.DuckDBPyConnection, table: str, named: bool) -> str:
    columns = {name for (name,) in con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()}
    left_out = ", ".join(sorted(columns & {"file_id", "stamp"}))
    kept = f"t.* EXCLUDE ({left_out})" if left_out else "t.*"
    path = ", f.path AS of_file FROM {0} AS t LEFT JOIN files AS f USING (file_id)"
    source = path.format(table) if named and "file_id" in columns and table != "files" else f" FROM {table} AS t"
    rows = con.execute(f"SELECT {kept}{source} ORDER BY ALL").fetchall()
    return f"{len(rows)} rows, {hashlib.sha256(repr(rows).encode()).hexdigest()}"


def kill_once(calm: Undisturbed, home: Path, chance: random.Random) -> bool:
    """Start a run and kill it. Gives whether it was still running."""
    done = sum(1 for night in (home / "out").glob("run_date=*"))
    gaps = calm.gaps[len(calm.gaps) // 2 * done :] or calm.gaps[-1:]
    lines = chance.randrange(len(gaps))
    run = Run(*command(calm.exports, home))
    if run.lines(lines):
        run.drain(chance.uniform(0, 1.1 * gaps[lines]))
    if run.kill():
        return True
    assert run.said.count(b"\n") or done, run.said.decode()
    return False


def check_half_way(calm: Undisturbed, home: Path) -> int:
    """No half night, and none that differs. Gives how many nights are visible."""
    seen = visible(home / "out")
    nights = {name.split("/")[0] for name in seen if "/" in name}
    for night in nights:
        whole = {name: sha for name, sha in calm.files.items() if name.startswith(f"{night}/")}
        mine = {name: sha for name, sha in seen.items() if name.startswith(f"{night}/")}
        assert mine == whole, f"{night}: {sorted(k for k in whole.keys() | mine.keys() if whole.get(k) != mine.get(k))}"
    latest = home / "out" / "latest.json"
    if latest.exists():
        folder = json.loads(latest.read_bytes())["folder"]
        assert folder in nights, "latest.json names a night that is not there"
    return len(nights)


def finish(calm: Undisturbed, home: Path) -> None:
    """Run to the end with no hand in between; everything is as if nothing had happened."""
    run = Run(*command(calm.exports, home))
    code = run.end()
    assert code == 0, f"ended with {code}: {run.said[-500:].decode()}"
    assert visible(home / "out") == calm.files, "the watchlists differ from those of the undisturbed run"
    assert content_apart(home / "w.duckdb") == calm.warehouse, "rows of the warehouse were lost, doubled or changed"
    left = sorted(p.name for p in home.rglob("*") if p.name.startswith((".building-", ".retired-")) or ".tmp" in p.name)
    assert not left, f"left behind: {left}"


def trials(calm: Undisturbed, folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kill so many times; a new state after one to eight kills. Raises AssertionError for the first broken promise."""
    chance, counts, number = random.Random(seed), Counter[str](), 0
    while counts["kills"] < kills:
        number += 1
        home = folder / f"trial{number}"
        try:
            for _ in range(chance.randint(1, min(8, kills - counts["kills"]))):
                killed = kill_once(calm, home, chance)
                counts["kills" if killed else "came too late"] += 1
                nights = check_half_way(calm, home)
                counts[f"with {nights} nights visible"] += killed
                if nights == NIGHTS:
                    break
            finish(calm, home)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed}, trial {number}: {broken}; see {home}") from broken
        counts["runs to the end"] += 1
        shutil.rmtree(home)
        print(f"{time.strftime('%H:%M:%S')} {dict(counts)}", flush=True)
    return counts


def main(given: Sequence[str]) -> None:
    """Print the seed, do it, print the counts."""
    numbers = [int(word) for word in given if word.isdigit()]
    kills, seed = (numbers + [300, secrets.randbelow(1 << 32)][len(numbers) :])[:2]
    print(f"seed {seed}, {kills} kills", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="ringwatch-kill-", dir=_MEMORY))
    whole = "whole" in given
    calm = prepared(folder, None if whole else home_in(given))
    if not whole:
        hand_out(folder / "calm" / "out")
        calm = undisturbed(calm.exports, folder / "quick")
    print(f"undisturbed: {sum(calm.gaps):.1f} s, {len(calm.gaps) - 1} lines", flush=True)
    counts = trials(calm, folder, kills, seed)
    shutil.rmtree(folder)  # only now: what broke a promise stays to be looked at
    print(f"{dict(counts)}: no half night, no row lost or double, all watchlists as undisturbed")


def hand_out(out: Path) -> None:
    """From here on a night's stages give the tables that are published there, the newest up to its date.

    They write nothing, so a kill in them is a kill before the write; and a run takes a sixth of the time.
    """
    nightly, published = import_module("jobs.nightly"), import_module("jobs.published")
    tables, state = import_module("graph.tables").WATCHLISTS, import_module("graph.state")
    kept = out.with_name("kept")
    shutil.copytree(out, kept)

    def stages(steps: Any, run_date: Any, settings: Any) -> Any:
        with steps.step("state"):
            state.as_of(steps.db, run_date)
        night = max(day for day in published.dates(kept) if day <= run_date)
        return dict(zip(tables, published.tables(published.folder_of(kept, night), *tables), strict=True))

    verdicts: dict[str, Any] = {"learned": [], "scores_before": {}}
    vars(nightly).update(_stages=lambda *_: None, _lists=stages, what_verdicts_did=lambda db: verdicts)


def prepared(folder: Path, home: Path | None = None, accounts: int = 1000) -> Undisturbed:
    """A market below the folder, and in `calm` what an undisturbed run makes of it; of `home` (as tests/kept.py makes
    one), where it is given, a copy, and no instants."""
    for needed in ("jobs.nightly", "jobs.simulate", "jobs.settings"):
        import_module(needed)
    calm = folder / "calm"
    if not home:
        return undisturbed(market(folder, accounts), calm)
    shutil.copytree(home / "exports", folder / "exports")
    shutil.copytree(home / "out", calm / "out")
    shutil.copy(home / "w.duckdb", calm)
    return Undisturbed(folder / "exports", visible(calm / "out"), content_apart(calm / "w.duckdb"), [])


def home_in(given: Sequence[str]) -> Path | None:
    """The folder that an argument names."""
    return next((Path(word.removeprefix("home=")) for word in given if word.startswith("home=")), None)


if __name__ == "__main__":
    main(sys.argv[1:])
