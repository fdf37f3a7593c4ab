"""Who was erased, without saying who: salted hashes beside the warehouse, and how rows of theirs are taken out.

    <warehouse>.erased.jsonl     one JSON object a line, only ever added to; what was erased when, on which basis
    <warehouse>.erased.salt      the secret of the hashes, 0600; without it no tombstone can be obeyed

A file of the exports is searched once for each tombstone: the warehouse's table `obeyed` says which were.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from jobs import durable
from jobs.errors import RingwatchError
from jobs.warehouse import Warehouse

GONE = "erased"
"""What stands where a text was."""

_LABEL = f"'{GONE}-' || sha256($salt || {{key}} || '|{{side}}')[:16]"
"""SQL: a stranger's id, another for each row: an erased person's rows must not add up to a person again."""

IDS = {
    "orders_rows": ("buyer_id", "seller_id", "promoter_id", "handler_id"),
    "accounts_rows": ("account_id", "inviter_id"),
    "devices_rows": ("account_id",),
    "chat_links_rows": ("sender_id", "receiver_id"),
    "labels_rows": ("subject_id",),
}
"""Where an account can stand."""

_TAKE_OUT = (
    ("accounts_rows", "account_id", None),
    ("devices_rows", "account_id", None),
    ("labels_rows", "subject_id", None),
    ("accounts_rows", "inviter_id", "inviter_id = NULL"),
    ("orders_rows", "promoter_id", "promoter_id = NULL"),
    ("orders_rows", "handler_id", "handler_id = NULL"),
    ("orders_rows", "buyer_id", f"payer_id = NULL, ship_to_id = NULL, ship_to_region = NULL,"
     f" buyer_id = {_LABEL.format(key='order_id', side='buyer')}"),
    ("orders_rows", "seller_id", f"payee_id = NULL, ship_from_id = NULL, ship_from_region = NULL, item_id = NULL,"
     f" seller_id = {_LABEL.format(key='order_id', side='seller')}"),
    ("chat_links_rows", "sender_id", f"target_id = {_LABEL.format(key='message_id', side='target')},"
     f" sender_id = {_LABEL.format(key='message_id', side='sender')}"),
    ("chat_links_rows", "receiver_id", f"receiver_id = {_LABEL.format(key='message_id', side='receiver')}"),
)  # fmt: skip
"""Rows about the person go. An order or message is the other party's as well: it stays, without the person and without
what was the person's in it."""

_BETWEEN = re.compile(r'[,;|\t"{}\[\]:]')


def journal_of(warehouse: Path) -> Path:
    """Where erasures are recorded."""
    return warehouse.with_name(f"{warehouse.name}.erased.jsonl")


def salt_of(warehouse: Path) -> Path:
    """Where the secret is."""
    return warehouse.with_name(f"{warehouse.name}.erased.salt")


def read(warehouse: Path) -> list[dict[str, Any]]:
    """The records, oldest first. Raises RingwatchError naming a damaged line; a last line that a power cut tore was
    never acknowledged."""
    path = journal_of(warehouse)
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.exists() else [], start=1):
        try:
            record = json.loads(line)
            found.append({**record, "tombstone": str(record["tombstone"])})
        except (ValueError, KeyError, TypeError) as failure:
            raise RingwatchError(f"{path}, line {number}: damaged. Put back the line as it was") from failure
    return found


def append(warehouse: Path, record: Mapping[str, object]) -> None:
    """Add a record, on the disk before this returns. The caller holds the warehouse."""
    path = journal_of(warehouse)
    before = path.read_bytes() if path.exists() else b""
    whole = before[: before.rfind(b"\n") + 1]
    durable.write(path, whole + json.dumps(record, ensure_ascii=False).encode() + b"\n")


def tombstone(warehouse: Path, account: str) -> str:
    """What stands for an account; the salt is made when first asked for."""
    path = salt_of(warehouse)
    if not path.exists() and not read(warehouse):
        durable.write(path, secrets.token_hex(32).encode())
    return hashlib.sha256(_salt(warehouse).encode() + account.encode()).hexdigest()


def _salt(warehouse: Path) -> str:
    path = salt_of(warehouse)
    try:
        salt = path.read_text()
    except OSError as failure:
        raise RingwatchError(f"{path}: cannot be read ({failure.strerror}). Put it back from the backup: without it the"
                             " people who were erased would come in again") from failure  # fmt: skip
    if not re.fullmatch(r"[0-9a-f]{64}", salt):
        raise RingwatchError(f"{path}: damaged. Put it back from the backup")
    return salt


def obey(db: Warehouse, home: Path) -> dict[str, int]:
    """Take the erased out of every file's rows that was not searched yet; gives the rows touched, by table.

    `home` is the warehouse whose tombstones count: `db` may be one that is made beside it. In one transaction.
    """
    stones = sorted({record["tombstone"] for record in read(home)})
    with db.transaction():
        db.rows("DELETE FROM obeyed WHERE file_id NOT IN (SELECT file_id FROM files)")
        if not stones:
            return {}
        salt = _salt(home)
        db.put("stones", pl.DataFrame({"tombstone": stones}))
        db.make("searched", "SELECT DISTINCT file_id FROM (SELECT tombstone, file_id FROM stones CROSS JOIN"
                " (SELECT file_id FROM files) EXCEPT SELECT tombstone, file_id FROM obeyed)")  # fmt: skip
        touched = _take_out(db, salt) | _blank_rejects(db, salt, set(stones))
        db.rows("INSERT INTO obeyed SELECT tombstone, file_id FROM stones CROSS JOIN searched"
                " EXCEPT SELECT tombstone, file_id FROM obeyed ORDER BY ALL")  # fmt: skip
        db.drop("stones", "searched", "erased_ids")
    db.stale = db.stale or bool(touched)
    return touched


def unfinished(home: Path) -> int:
    """Erasures that were begun and not done: killed, and to be run again."""
    left = Counter[str]()
    for record in read(home):
        left[record["tombstone"]] = int(record.get("event") == "begun")
    return left.total()


def _take_out(db: Warehouse, salt: str) -> dict[str, int]:
    every = " UNION ".join(
        f"SELECT {column} AS id FROM {table} WHERE file_id IN (SELECT file_id FROM searched)"
        for table, columns in IDS.items()
        for column in columns
    )
    db.make("erased_ids", f"SELECT id FROM ({every}) WHERE sha256($salt || id) IN (FROM stones)", salt=salt)
    touched = dict.fromkeys(IDS, 0)
    for table, column, change in _TAKE_OUT:
        theirs = f"WHERE {column} IN (SELECT id FROM erased_ids) AND file_id IN (SELECT file_id FROM searched)"
        statement = f"UPDATE {table} SET {change} {theirs}" if change else f"DELETE FROM {table} {theirs}"
        salted = {"salt": salt} if change and "$salt" in change else {}
        touched[table] += int(db.rows(statement, **salted)[0][0])
    return {table: count for table, count in touched.items() if count}


def _blank_rejects(db: Warehouse, salt: str, stones: set[str]) -> dict[str, int]:
    found = db.rows("SELECT rowid, raw FROM rejects_rows WHERE file_id IN (SELECT file_id FROM searched)")
    theirs = [row for row, raw in found if any(_hash(salt, cell) in stones for cell in _cells(raw))]
    if not theirs:
        return {}
    db.put("their_rejects", pl.DataFrame({"row": theirs}))
    db.rows(f"UPDATE rejects_rows SET raw = '{GONE}' WHERE rowid IN (SELECT row FROM their_rejects)")
    db.drop("their_rejects")
    return {"rejects_rows": len(theirs)}


def holds(raw: str | None, account: str) -> bool:
    """Is the account a cell of that record, in whatever way the record writes it?"""
    return raw is not None and any(cell == account for cell in _cells(raw))


def _hash(salt: str, cell: str) -> str:
    return hashlib.sha256((salt + cell).encode(errors="replace")).hexdigest()


def _cells(raw: str) -> Iterator[str]:
    """Everything in a record that may be a cell: as CSV, as JSON, and between what separates fields of either."""
    yield from _BETWEEN.split(raw)
    try:
        for row in csv.reader(io.StringIO(raw, newline="")):
            yield from row
    except csv.Error:
        pass
    try:
        content = json.loads(raw)
    except ValueError:
        return
    if isinstance(content, dict):
        yield from (value for value in content.values() if isinstance(value, str))
