"""Let every write and rename of a command fail, and kill it there, one after the other; then run it again.

    python tests/fuzz/writes.py [every nth] [scenario ...] [home=FOLDER]

The commands that change something on disk are each run once undisturbed, counting the calls that do it: files opened
for writing, flushed, renamed, exchanged, removed, folders made, transactions committed. Then each of these calls in
turn fails for want of space, and in another trial the process is killed there. What is visible then is, night by night,
what was there before or what must come out; the command run again, with no hand in between, gives what must come out.

A night's stages write nothing: here they hand out tables made before (by the nights of that `home`, if one is named),
so that a trial takes a fraction of a second.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.fuzz.kill import Files, Run, content_apart, hand_out, home_in, prepared, visible

PATCHED = ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
SCENARIOS = ("next", "again", "label", "rebuild", "erase", "prune")
SETTINGS = """
[method.ties]
window_days = 30
[method.verdicts]
days = 30
[retention]
drops_days = 30
nights_days = 30
"""
LATER = "2025-09-30"


@dataclass
class Faults:
    """Counts the calls that change something below `home`; the one numbered `at` fails, or kills."""

    home: Path
    at: int
    kill: bool
    seen: int = 0

    def meet(self, *paths: object) -> None:
        """Called before each."""
        if not any(isinstance(path, int) or str(path).startswith(str(self.home)) for path in paths):
            return
        self.seen += 1
        if self.seen == self.at:
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __enter__(self) -> None:
        """Only ever in a process that ends with it, so nothing is put back."""
        for name in PATCHED:
            setattr(os, name, self._watched(getattr(os, name)))
        os.open = self._opening(os.open)
        runs, warehouse = import_module("jobs.runs"), import_module("jobs.warehouse")
        vars(runs)["exchange"] = self._watched(runs.exchange)
        warehouse.Warehouse.rows = self._committing(warehouse.Warehouse.rows)

    def __exit__(self, *_: object) -> None:
        print(f"calls: {self.seen}", file=sys.stderr, flush=True)

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            self.meet(*given[:2], *named.values())
            return call(*given, **named)

        return watched

    def _opening(self, call: Callable[..., int]) -> Callable[..., int]:
        def opening(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if flags & _WRITING:
                self.meet(path)
            return call(path, flags, *more, **named)

        return opening

    def _committing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def rows(db: Any, sql: str, **params: Any) -> Any:
            if sql == "COMMIT":
                self.meet(db.path)
            return call(db, sql, **params)

        return rows


@dataclass(frozen=True)
class Scenario:
    """A state of the disk, a command, and what must come out of it."""

    name: str
    before: Path
    arguments: tuple[str, ...]

    def run(self, home: Path, at: int = 0, kill: bool = False) -> tuple[int, str]:
        """In a process of its own; its exit code and what it said."""
        given = [argument.replace("HOME", str(home)) for argument in self.arguments]
        run = Run(*given, within=Faults(home, at, kill))
        code = run.end()
        return code, run.said.decode(errors="replace")


def state(home: Path) -> dict[str, object]:
    """All that lasts: the nights, the warehouse, the verdicts, which drops are there, what was pruned."""
    journal, pruned = home / "w.duckdb.verdicts.jsonl", home / "out" / "pruned.json"
    return {
        "nights": visible(home / "out"),
        "warehouse": content_apart(home / "w.duckdb"),
        "verdicts": sorted(set(journal.read_text().splitlines())) if journal.exists() else [],
        "drops": sorted(path.name for path in (home / "exports").glob("*")),
        "pruned": json.loads(pruned.read_bytes()) if pruned.exists() else None,
        "left": sorted(p.name for p in home.rglob("*") if p.name.startswith((".building-", ".retired-", ".pruned-"))),
    }


def check_half_way(home: Path, before: Files, after: Files) -> None:
    """Each night that is visible is whole: as it was, or as it will be."""
    seen = visible(home / "out")
    for night in {name.split("/")[0] for name in seen if "/" in name}:
        mine, was, will = (
            {name: sha for name, sha in files.items() if name.startswith(f"{night}/")}
            for files in (seen, before, after)
        )
        assert mine in (was, will), f"{night} is neither as it was nor as it will be"


def trial(scenario: Scenario, folder: Path, at: int, kill: bool, wanted: dict[str, Any]) -> str:
    """One fault. Gives how the run ended."""
    home = folder / "trial"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(scenario.before, home)
    before = visible(home / "out")
    code, said = scenario.run(home, at, kill)
    assert (code == -signal.SIGKILL) == kill, f"ended with {code}: {said[-300:]}"
    assert "unexpected" not in said, f"says nothing that helps: {said[-300:]}"
    check_half_way(home, before, wanted["nights"])
    code, said = scenario.run(home)
    assert code == 0, f"the next run ended with {code}: {said[-300:]}"
    now = state(home)
    assert now == wanted, f"the next run left {sorted(k for k in now if now[k] != wanted[k])} different"
    return "killed" if kill else "failed"


def attack(scenario: Scenario, folder: Path, stride: int) -> Counter[str]:
    """Every nth call of a command (the one in the middle, if there are fewer), each in two ways. Raises AssertionError
    for the first that does harm."""
    calm, counts = folder / "calm", Counter[str]()
    shutil.copytree(scenario.before, calm)
    code, said = scenario.run(calm)
    assert code == 0, said
    calls, wanted = int(said.rpartition("calls: ")[2]), state(calm)
    shutil.rmtree(calm)
    for at in range(1 + min(stride, calls) // 2, calls + 1, stride):
        for kill in (False, True):
            try:
                counts[trial(scenario, folder, at, kill, wanted)] += 1
            except AssertionError as broken:
                raise AssertionError(f"{scenario.name}, call {at} of {calls}, kill={kill}: {broken}") from broken
    return counts


def scenarios(folder: Path, chosen: Sequence[str], ready: Path | None) -> Iterator[Scenario]:
    """States to start from, made with the commands themselves."""
    calm = prepared(folder, ready)
    home = folder / "calm"
    hand_out(home / "out")
    shutil.copytree(calm.exports, home / "exports")
    (home / "cases").mkdir()
    account = json.loads(_first_account(home / "out"))
    (home / "w.duckdb.erased.salt").write_text("5a" * 32)  # labels must be the same in each trial
    where = ("--exports", "HOME/exports", "--warehouse", "HOME/w.duckdb", "--out", "HOME/out")
    kept = ("--watchlists", "HOME/out", "--warehouse", "HOME/w.duckdb", "--cases", "HOME/cases")
    states = {"next": _without_the_second, "prune": _aged}
    arguments: dict[str, tuple[str, ...]] = {
        "next": ("nightly", *where, "--catch-up"),
        "again": ("nightly", *where),
        "label": ("label", account, "confirmed", *where[2:4], "--decided-at", "2025-06-25"),
        "rebuild": ("rebuild", *where),
        "erase": ("erase", account, *kept, "--basis", "on request"),
        "prune": ("prune", *kept, "--exports", "HOME/exports", "--settings", "HOME/s.toml"),
    }
    for name in chosen:
        before = states[name](home, folder / f"state-{name}") if name in states else home
        yield Scenario(name, before, arguments[name])


def _without_the_second(home: Path, one: Path) -> Path:
    """Only the first night is there."""
    shutil.copytree(home, one)
    shutil.rmtree(one / "out" / "run_date=2025-06-30")
    (one / "w.duckdb").unlink()
    assert Run("rebuild", *_at(one, "--exports", "--warehouse", "--out")).end() == 0
    return one


def _at(home: Path, *options: str) -> list[str]:
    places = {"--exports": "exports", "--warehouse": "w.duckdb", "--out": "out", "--watchlists": "out"}
    return [part for option in options for part in (option, str(home / places[option]))]


def _aged(home: Path, aged: Path) -> Path:
    """With a third, much younger drop and its night: the first two are then old."""
    shutil.copytree(home, aged)
    (aged / "s.toml").write_text(SETTINGS)
    shutil.copytree(aged / "exports" / "2025-06-30", aged / "exports" / LATER)
    more = ("--override", "stale", "--reason", "a test")
    run = Run("nightly", *_at(aged, "--exports", "--warehouse", "--out"), "--run-date", LATER, *more)
    assert run.end() == 0, run.said.decode()
    return aged


def _first_account(out: Path) -> bytes:
    reading, writing = os.pipe()
    if not os.fork():
        with suppress(BaseException):
            tables = import_module("jobs.published").tables(out / "run_date=2025-06-30", "accounts")
            os.write(writing, json.dumps(tables[0]["account_id"][0]).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    with os.fdopen(reading, "rb") as answer:
        return answer.read()


def main(given: Sequence[str]) -> None:
    """Do it, print the counts."""
    stride = next((int(word) for word in given if word.isdigit()), 1)
    chosen = [name for name in SCENARIOS if name in given] or SCENARIOS
    folder = Path(tempfile.mkdtemp(prefix="ringwatch-writes-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    for needed in ("rebuild", "erase", "prune", "label", "trouble"):
        import_module(f"jobs.{needed}")
    for scenario in scenarios(folder, chosen, home_in(given)):
        work = folder / f"work-{scenario.name}"
        work.mkdir()
        print(f"{scenario.name}: {dict(attack(scenario, work, stride))}", flush=True)
        shutil.rmtree(work)
    shutil.rmtree(folder)
    print("after each fault every visible night was whole, and the next run right")


if __name__ == "__main__":
    main(sys.argv[1:])
