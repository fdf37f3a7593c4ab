"""What is to be run on which market, and running it: every finding goes to the shelf of its market."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from graph.settings import Method
from tests.benches.judged import left_out, rivals
from tests.benches.judged.exports import Drop
from tests.benches.judged.features import features
from tests.benches.judged.markets import KNOWN, NIGHT, Market, Ranked, Shelf, fingerprint, remember, worlds
from tests.benches.judged.night import night

OURS = "ringwatch"
FEATURES = "tests.benches.judged.features"
TEACHER = 99
"""Seed of the markets whose labels teach; no market that is judged has it."""
MOST_TAUGHT = 20_000
UNTAUGHT: dict[str, Callable[[Drop], Ranked]] = {
    "connected components": rivals.components,
    "Louvain + complaint rate": rivals.complained,
    "Louvain + isolation forest": rivals.isolated,
    "dense blocks (FRAUDAR)": rivals.dense,
}
TAUGHT = "boosted trees, 300 labels"
ELSEWHERE = "boosted trees, labels of another world"
LEARNING = ("Louvain + isolation forest", TAUGHT, ELSEWHERE)


def methods() -> list[str]:
    """Every method beside ours, ours first; without those that need scikit-learn where it is not installed."""
    every = [OURS, *UNTAUGHT, TAUGHT, *([ELSEWHERE] if len(worlds()) > 1 else [])]
    return every if importlib.util.find_spec("sklearn") else [m for m in every if m not in LEARNING]


def code(method: str) -> str:
    """Fingerprint of what a method's finding depends on, the market aside."""
    if method in methods() and method != OURS:
        return fingerprint("tests.benches.judged.rivals", "jobs.simulate" if method in LEARNING else "graph.exports")
    if method == OURS or method.startswith("tie "):
        return fingerprint("jobs.nightly")
    return fingerprint("jobs.nightly", "tests.benches.judged.left_out")


@dataclass(frozen=True)
class Task:
    """A market, and the methods (or our own with something left out) to run on it."""

    market: Market
    methods: tuple[str, ...]


def teacher(world: str, kind: str, accounts: int) -> Market:
    """The market whose labels teach the trees that are judged on this kind of market."""
    return Market(world, kind, min(accounts, MOST_TAUGHT), TEACHER)


def lessons(root: Path, market: Market) -> pl.DataFrame:
    """Features and `bad` of a teaching market; made where they are not on the shelf."""
    shelf = Shelf(root, market)
    return shelf.get(f"lessons-{fingerprint(FEATURES)}", lambda: _lessons(market))


def _lessons(market: Market) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        market.make(Path(folder))
        truth = pl.read_parquet(Path(folder) / "truth.parquet")
        rows = features(Drop.open(Path(folder) / str(NIGHT)))
        return rows.with_columns(pl.col("account_id").is_in(truth["account_id"].to_list()).alias("bad"))


def teach(root: Path, market: Market) -> str:
    """Put a teaching market's lessons on the shelf."""
    started = time.perf_counter()
    lessons(root, market)
    return f"{market}: lessons {time.perf_counter() - started:.0f} s"


def work(root: Path, task: Task) -> str:
    """Run what the shelf does not have yet. Returns one line about it, `FAILED` in it where something raised: the rest
    is run all the same."""
    try:
        return _work(root, task)
    except Exception:  # one market's fault must not lose the others
        traceback.print_exc()
        return f"{task.market}: FAILED"


def _work(root: Path, task: Task) -> str:
    shelf = Shelf(root, task.market)
    missing = [m for m in task.methods if not shelf.has(m, code(m))]
    if not missing:
        return f"{task.market}: all there"
    took = []
    with tempfile.TemporaryDirectory() as folder:
        exports = Path(folder) / "market"
        started = time.perf_counter()
        task.market.make(exports)
        drop = Drop.open(exports / str(NIGHT))
        truth = pl.read_parquet(exports / "truth.parquet")
        shelf.put("truth", truth)
        tied = drop.tied_honest(truth["account_id"].to_list())
        noted = exports / "lookalikes.parquet"  # only some worlds say who was made to look guilty
        alike = pl.read_parquet(noted) if noted.is_file() else truth.clear()
        shelf.put("lookalikes", alike.select("account_id"))
        shelf.put("tied", pl.DataFrame({"honest": [tied]}))
        took.append(f"market {time.perf_counter() - started:.0f} s")
        for method in missing:
            started = time.perf_counter()
            try:
                found = _found(root, task.market, method, exports, drop, Path(folder))
            except Exception:  # one method's fault must not lose the findings of the others
                traceback.print_exc()
                took.append(f"{method} FAILED")
            else:
                shelf.keep(method, code(method), found)
                took.append(f"{method} {time.perf_counter() - started:.0f} s")
    return f"{task.market}: " + (", ".join(took) if len(took) < 12 else f"{len(took) - 1} nights")


def _found(root: Path, market: Market, method: str, exports: Path, drop: Drop, folder: Path) -> Ranked:
    if method == OURS:
        return night(exports, Method())
    if method in UNTAUGHT:
        return UNTAUGHT[method](drop)
    if method in (TAUGHT, ELSEWHERE):
        every = worlds()
        other = every[(every.index(market.world) + 1) % len(every)]
        world = market.world if method == TAUGHT else other
        return rivals.trees(drop, lessons(root, teacher(world, market.kind, market.accounts)))
    return left_out.run(method, exports, folder)


def run(root: Path, tasks: Iterable[Task], jobs: int) -> bool:
    """Everything that is not there yet, `jobs` markets at a time; progress on standard error. Whether all went well."""
    todo = [t for t in tasks if any(not Shelf(root, t.market).has(m, code(m)) for m in t.methods)]
    taught = {
        teacher(world, t.market.kind, t.market.accounts) for t in todo if TAUGHT in t.methods for world in worlds()
    }
    well, done, started = True, 0, time.perf_counter()
    fingerprint(FEATURES)
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=remember, initargs=(dict(KNOWN),)) as pool:
        for what, of in ((teach, sorted(taught)), (work, todo)):
            futures = [pool.submit(what, root, each) for each in of]  # type: ignore[arg-type]
            for future in as_completed(futures):
                line, done = future.result(), done + 1
                well = well and "FAILED" not in line
                print(f"[{done}/{len(todo) + len(taught)} {time.perf_counter() - started:.0f} s] {line}",
                      file=sys.stderr, flush=True)  # fmt: skip
    return well
