"""How well rings are found: our night beside other methods on the same markets, and with things left out.

    python tests/benches/quality.py [--accounts N]... [--seeds N] [--jobs 2] [--page docs/quality.md]

Findings are kept below `build/quality`, named by the market and by the code that made them: what is there is not run
again, so a bench that was stopped goes on, and a changed method is run again alone. With its defaults (20,000 and
60,000 accounts, five seeds, every world loud, camouflaged and quiet, the other methods on 20,000, and one smaller
market of each where things are left out) it takes some half an hour of two quiet cores. The methods that learn need
scikit-learn (`pip install '.[bench]'`) and are left out without it. Prints the page. Synthetic markets; see
`ringwatch simulate --help`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[2]))
# Before any of them is imported, and for the processes that are started: as many threads as there are cores in each of
# several processes would only take turns.
os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "0"}

from tests.benches.judged import left_out
from tests.benches.judged.markets import KINDS, KNOWN, Market, worlds
from tests.benches.judged.page import findings, missed_rings, page
from tests.benches.judged.run import OURS, Task, code, methods, run

PARTS = ("ties", "sources", "columns")


@click.command()
@click.option(
    "--accounts", type=int, multiple=True, default=(20_000, 60_000), show_default=True, help="May be repeated."
)
@click.option(
    "--beside-accounts", type=int, default=20_000, show_default=True, help="Largest markets the other methods run on."
)
@click.option("--seeds", type=int, default=5, show_default=True, help="Markets of each kind and size.")
@click.option("--first-seed", type=int, default=701, show_default=True, help="Nothing was fitted on 701 and after.")
@click.option("--world", "chosen", multiple=True, type=click.Choice(worlds()), help="All unless said; may be repeated.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), default=tuple(KINDS), help="Likewise.")
@click.option("--left-out-accounts", type=int, default=8_000, show_default=True, help="Size where things are left out.")
@click.option(
    "--left-out-seeds", type=int, default=1, show_default=True, help="Markets of each kind there; 0 for none."
)
@click.option("--jobs", type=int, default=os.cpu_count() or 1, help="Markets at a time; as many as cores unless said.")
@click.option("--shelf", "root", type=click.Path(path_type=Path), default=Path("build/quality"), show_default=True)
@click.option("--page", "target", type=click.Path(path_type=Path), help="Write the page there as well.")
def main(
    accounts: tuple[int, ...],
    beside_accounts: int,
    seeds: int,
    first_seed: int,
    chosen: tuple[str, ...],
    kinds: tuple[str, ...],
    left_out_accounts: int,
    left_out_seeds: int,
    jobs: int,
    root: Path,
    target: Path | None,
) -> None:
    """Run what is not there yet, then print the page."""
    every = chosen or worlds()
    markets = [
        Market(world, kind, size, first_seed + n)
        for size in sorted(accounts)
        for world in every
        for kind in kinds
        for n in range(seeds)
    ]
    small = [
        Market(world, kind, left_out_accounts, first_seed + n)
        for world in every
        for kind in kinds
        if kind != "camouflaged"
        for n in range(left_out_seeds)
    ]
    variants = [OURS, *(variant for which in PARTS for variant in left_out.variants(which))]
    before = code(OURS)
    tasks = [Task(m, tuple(methods()) if m.accounts <= beside_accounts else (OURS,)) for m in markets]
    tasks += [Task(market, tuple(variants)) for market in small]
    well = run(root, tasks, jobs)
    KNOWN.clear()
    if code(OURS) != before:
        raise SystemExit("the method's code changed while the bench ran: run it again")
    beside = findings(root, markets, methods())
    written = page(beside, findings(root, small, variants))
    missed_rings([f for f in beside if f.method == OURS]).write_csv(root / "missed.csv")
    print(written)
    if target:
        target.write_text(written, encoding="utf-8")
    if not well:
        raise SystemExit("something failed (see above): its cells are empty")


if __name__ == "__main__":
    main()
