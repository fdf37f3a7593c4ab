"""How fast a night of a million accounts opens, and what it takes of memory.

    python tests/benches/explore.py [accounts]

Watchlists are ring-sized, so the night is made of rings: as many, with as many links and facts, as a list of that
market has by the figures below. A process of its own opens it and asks what an analyst asks first; its times hold all
imports. Prints one Markdown row a step, of the best of three runs. Exits with 1 when opening takes a second of the
processor or more, or all of it 200 MB or more. Linux only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from graph.tables import WATCHLISTS

ROOT = Path(__file__).parents[2]
ACCOUNTS = 1_000_000
SECONDS, MEGABYTES = 1.0, 200

LISTED, SIZE, LINKS, FACTS = 0.1, 11, 5, 16
"""Of data/sample: listed accounts an account of the market, accounts a ring, links and facts a listed account. A real
market lists far fewer."""

ASKED = """
import time
started = time.perf_counter()
import sys
from pathlib import Path
def said(what):
    # Not of getrusage: its peak begins with that of the process that started this one.
    peak = next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("VmHWM"))
    print(f"{what}|{time.perf_counter() - started:.2f}|{time.process_time():.2f}|{int(peak.split()[1]) / 1024:.0f}")
from graph.explore import open_night
night = open_night(sys.argv[1])
said("open")
repr(night)
said("the night in one line")
ring = night.ring(night.urgent()["ring_id"][0])
ring.why(), ring.against()
said("one ring, why and why not")
ring.members(), ring.links(), ring.open_orders(), ring.joined()
said("its members, ties, money, changes")
ring.evidence()
said("its facts")
"""


def made(out: Path, accounts: int) -> None:
    """A published night, as large as that market's list."""
    rng = np.random.default_rng(7)
    listed = int(accounts * LISTED)
    rings = listed // SIZE
    at = datetime(2025, 6, 1)
    ids = pl.Series([f"a{i:09x}{rng.integers(1 << 20):05x}" for i in range(listed)])
    of = pl.Series([f"R-{i // SIZE:08d}" for i in range(listed)])
    sentences = [f"疑似传销：{i} 次中有 {i} 次订单为下线上交的入门费；平台同类比率为 < 0.01 %。" for i in range(8)]
    account = pl.DataFrame({"account_id": ids, "ring_id": of})
    ring = account.group_by("ring_id", maintain_order=True).agg(pl.col("account_id").sort().alias("accounts"))
    tables = {
        "rings": ring.with_row_index("rank", 1).with_columns(
            pl.lit(0.9).alias("score"), pl.lit("pyramid").alias("typology"), pl.lit("refer").alias("action"),
            pl.lit("new").alias("lifecycle"), pl.col("accounts").list.len().alias("n_accounts"),
            pl.lit(sentences).alias("reasons"), pl.lit(sentences[:4]).alias("against"),
            pl.Series("priority", rng.random(ring.height)), pl.lit(Decimal("1.00")).alias("open_cny"),
            pl.lit(Decimal(0)).alias("loss_cny"), pl.lit(Decimal(0)).alias("exposure_cny"),
            pl.lit(3).alias("n_victims"),
        ),
        "accounts": account.with_row_index("rank", 1).with_columns(
            pl.lit(0.9).alias("score"), pl.lit("seller").alias("role"), pl.lit(sentences[:3]).alias("reasons"),
        ),
        "links": pl.concat([
            account.with_columns(
                pl.lit("device").alias("entity_kind"), (pl.col("ring_id") + f"-{i}").alias("entity_id"),
                pl.lit(3.0).alias("weight"), pl.lit(at).alias("first_seen_at"), pl.lit(at).alias("last_seen_at"),
            )
            for i in range(LINKS)
        ]),
        "evidence": pl.concat([
            account.with_columns(
                pl.lit("pyramid").alias("typology"), pl.lit("orders").alias("table"),
                (pl.col("account_id") + f"-{i}").alias("key"), pl.lit(sentences[i % 8]).alias("fact"),
                pl.lit("2025-06-22/orders.csv.gz").alias("file"), pl.lit("0" * 64).alias("file_sha256"),
                pl.lit(i).alias("line"),
            )
            for i in range(FACTS)
        ]),
        "open_orders": account.with_columns(
            pl.col("account_id").alias("order_id"), pl.col("account_id").alias("buyer_id"),
            pl.col("account_id").alias("seller_id"), pl.lit(Decimal(9)).alias("amount"),
            pl.lit(at + timedelta(days=1)).alias("paid_at"),
        ),
    }  # fmt: skip
    out.mkdir(parents=True)
    for name, table in WATCHLISTS.items():
        schema = pl.DataFrame(table.schema.empty_table()).schema
        rows = tables.get(name, pl.DataFrame(schema=schema))
        missing = [pl.lit(None, dtype).alias(c) for c, dtype in schema.items() if c not in rows.columns]
        whole = rows.with_columns(missing).select(pl.col(c).cast(dtype) for c, dtype in schema.items())
        keys = [key.rstrip("-") for key in table.sort]
        whole.sort(keys).write_parquet(out / f"{name}.parquet")
    record = {
        "run_id": "bench", "run_date": "2025-06-30", "code_version": "bench", "settings_sha256": "", "inputs": [],
        "finished_at": "2025-07-01T03:00:00+00:00", "settings": {"exports": {"zone": "Asia/Shanghai"}}, "steps": [],
        "outputs": [],
    }  # fmt: skip
    (out / "run.json").write_text(json.dumps(record))
    print(f"{accounts:,} accounts: {rings:,} rings, {listed:,} accounts listed, {listed * FACTS:,} facts\n")


def main(accounts: int) -> int:
    """Make the night, open it, print the rows."""
    with tempfile.TemporaryDirectory() as work:
        made(Path(work) / "run_date=2025-06-22", accounts)
        ask = [sys.executable, "-c", ASKED, work]
        runs = [subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(3)]
    rows = min(([line.split("|") for line in run.splitlines()] for run in runs), key=lambda rows: float(rows[-1][1]))
    print("| asked | seconds since the start | of the processor | peak MB |\n|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    return int(float(rows[0][2]) >= SECONDS or float(rows[-1][3]) >= MEGABYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS))
