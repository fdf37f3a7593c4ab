"""Small synthetic drops to break: one order, account, device and message each, and helpers to load and look."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from jobs.door.loading import LoadReport, load
from jobs.door.settings import DoorSettings
from jobs.warehouse import Warehouse

ORDERS = "order_id,buyer_id,seller_id,category,amount,placed_at,paid_at,complaint,votes_buyer,buyer_warned"
ACCOUNTS = "account_id,kind,registered_at,phone_id"
DEVICES = "account_id,device_id,first_seen_at,last_seen_at,sessions"
CHAT = "message_id,sender_id,receiver_id,sent_at,target_kind,target_id"


def order(key: str = "q1", **cells: str) -> str:
    """One order's CSV line; `cells` replace its values."""
    values = {
        "order_id": key,
        "buyer_id": "ab1",
        "seller_id": "ab2",
        "category": "phone",
        "amount": "12.34",
        "placed_at": "2025-06-20 10:00:00",
        "paid_at": "2025-06-20 11:00:00",
        "complaint": "",
        "votes_buyer": "",
        "buyer_warned": "false",
    }
    return ",".join({**values, **cells}.values())


def write_drop(folder: Path, **files: str | bytes | None) -> Path:
    """A whole drop; `files` replace (or, None, leave out) files by name, with `_csv` or `_ndjson_gz` for the suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    whole: dict[str, str | bytes | None] = {
        "orders_csv": f"{ORDERS}\n{order()}\n",
        "accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\nab2,shop,2024-01-01,t1\n",
        "devices_csv": f"{DEVICES}\nab1,d1,2025-01-01,2025-06-20 12:00:00,3\n",
        "chat_links_csv": f"{CHAT}\nm1,ab1,ab2,2025-06-21 08:00:00,url,shop.example\n",
    }
    for name, content in {**whole, **files}.items():
        stem, _, suffix = name.replace("_ndjson_gz", "_ndjson.gz").replace("_csv_gz", "_csv.gz").rpartition("_")
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{stem}.{suffix}").write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    return folder


@contextmanager
def loaded(
    tmp: Path, exports: Path, until: date | None = None, **door: object
) -> Iterator[tuple[Warehouse, LoadReport]]:
    """The warehouse `tmp/w.duckdb` after loading `exports`, and what the load reported."""
    with Warehouse.open(tmp / "w.duckdb", threads=3) as w:
        yield w, load(w, exports, DoorSettings.model_validate(door), until=until)


def rejects(w: Warehouse) -> list[tuple[object, ...]]:
    """(file, line, column, reason) of every reject, in order."""
    return w.rows(
        "SELECT path, line, column_name, reason FROM rejects_rows r JOIN files USING (file_id) ORDER BY path, line, 3"
    )
