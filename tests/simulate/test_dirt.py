"""Dirt adds what the docstring of jobs.simulate.dirt says and loses no good row."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from graph.exports import ORDERS
from jobs.simulate import simulate
from jobs.simulate.dirt import FAULTS
from tests.simulate.market import drops_of

DAY = "2025-06-30"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirt")
    simulate(folder / "clean", accounts=1_000, seed=6)
    simulate(folder / "csv", accounts=1_000, seed=6, dirt=True)
    simulate(folder / "mixed", accounts=1_000, seed=6, dirt=True, file_format="mixed")
    return folder


def records(raw: bytes, encoding: str = "utf-8-sig") -> list[dict[str | None, object]]:
    return list(csv.DictReader(raw.decode(encoding).splitlines()))


def test_orders_are_split_marked_and_broken(out: Path) -> None:
    first, second = ((out / "csv" / DAY / f"orders_{n}.csv").read_bytes() for n in (1, 2))
    assert first.startswith(b"\xef\xbb\xbf") and b"\r\n" in first
    assert second.split(b"\r\n")[0].split(b",") == [c.name.encode() for c in reversed(ORDERS.columns)]
    rows = [*records(first), *records(second)]
    odd = [row for row in rows if None in row or None in row.values()]
    assert len(odd) == 2
    bad = [row for row in rows if row not in odd and str(row["order_id"]).startswith("q" + "f" * 8)]
    assert len(bad) == len(FAULTS["orders"])
    for row, (_, cells) in zip(bad, FAULTS["orders"], strict=True):
        assert cells.items() <= row.items()


def test_no_good_order_is_lost_and_the_last_line_of_a_double_wins(out: Path) -> None:
    good = drops_of(out / "clean").latest(ORDERS)
    rows = [row for n in (1, 2) for row in records((out / "csv" / DAY / f"orders_{n}.csv").read_bytes())]
    kept = [row for row in rows if not str(row["order_id"]).startswith("q" + "f" * 8)]
    assert len(kept) == len(good) + 1
    amounts = {str(row["order_id"]): float(str(row["amount"])) for row in kept}
    assert amounts == dict(good.select("order_id", "amount").iter_rows())


def test_accounts_are_gb18030_with_a_column_nobody_announced(out: Path) -> None:
    raw = (out / "csv" / DAY / "accounts.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    rows = records(raw, "gb18030")
    assert any('"' in str(row["备注"]) and "," in str(row["备注"]) for row in rows)
    assert sum(row["kind"] not in ("person", "shop") for row in rows) == 1
    assert sum(row["registered_at"] == "" for row in rows) == 1


def test_devices_and_messages_have_their_faults(out: Path) -> None:
    devices = records((out / "csv" / DAY / "devices.csv").read_bytes())
    assert sum(str(row["last_seen_at"]) < str(row["first_seen_at"]) for row in devices) == 1
    assert sum(str(row["sessions"]).startswith("-") for row in devices) == 1
    chats = records((out / "csv" / DAY / "chat_links.csv").read_bytes())
    assert sum(row["target_kind"] == "fax" for row in chats) == 1
    assert sum(str(row["claimed_cny"]).startswith("-") for row in chats) == 1


def test_mixed_drops_have_one_line_of_cut_json(out: Path) -> None:
    folder = out / "mixed" / DAY
    lines = gzip.decompress((folder / "chat_links.ndjson.gz").read_bytes()).decode().splitlines()
    broken = 0
    for line in lines:
        try:
            json.loads(line)
        except json.JSONDecodeError:
            broken += 1
    assert broken == 1
    assert (folder / "devices.parquet").read_bytes() == _parquet_of_clean(out)


def _parquet_of_clean(out: Path) -> bytes:
    simulate(out / "clean-mixed", accounts=1_000, seed=6, file_format="mixed")
    return (out / "clean-mixed" / DAY / "devices.parquet").read_bytes()
