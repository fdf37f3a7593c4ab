"""What the warehouse remembers of published nights' rings, so that a ring keeps its name from night to night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from jobs.warehouse import Warehouse

_ROWS = """
CREATE TABLE IF NOT EXISTS register_rows (run_date DATE, ring_id VARCHAR, account_id VARCHAR, score DOUBLE)
"""


def recall(db: Warehouse, run_date: date) -> None:
    """Make `register_history` (run_date, ring_id, account_id, score): every published night but this one.

    This one is left out, for a night that is run again must not find itself.
    """
    db.con.execute(_ROWS).fetchall()
    db.make(
        "register_history",
        "SELECT * FROM register_rows WHERE run_date <> $run_date ORDER BY ALL",
        run_date=run_date,
    )


@contextmanager
def remembered(db: Warehouse, run_date: date) -> Iterator[None]:
    """Replace this night's rows by `ring_accounts` (ring_id, account_id, score), if the block publishes it.

    Publishing happens inside the transaction: a night that nobody saw leaves no names behind, and a night that was
    published is remembered unless the machine stops in the blink before the commit; running it again mends that.
    """
    with db.transaction():
        db.con.execute("DELETE FROM register_rows WHERE run_date = ?", [run_date]).fetchall()
        db.con.execute(
            "INSERT INTO register_rows SELECT ?, ring_id, account_id, score FROM ring_accounts ORDER BY ALL", [run_date]
        ).fetchall()
        yield
