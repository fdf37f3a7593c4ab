"""A planted, synthetic market: a ring that confirms first, a quieter one, a family, a lone bad seller, honest trade.

The ring (s1 to s5): each of s1 to s4 sold ten card codes for CNY 100, seven of them confirmed before the code left,
three of these complained of. One buyer came twice, one was refunded, one had been warned, two were cheated in the last
thirty days, and one order of CNY 250 is still open. s5 only lent the phones.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.graph.tables_in import Row, account, card, device, on_one_device, order, shop


def sales(seller: str, acts: int, complaints: int = 0, n: int = 10, day: float = 90, **columns: object) -> list[Row]:
    """`n` card codes sold to as many buyers, the first `acts` of them confirmed a day before the code left."""
    rows = []
    for i in range(n):
        placed = day + i / 4
        what: dict[str, object] = {"payee_id": f"pocket of {seller}", **columns}
        if i < acts:
            what |= {"confirmed_at": placed + 0.1, "delivered_at": placed + 1}
        if i < complaints:
            what |= {"complaint": "code_used", "complained_at": placed + 2}
        rows.append(card(f"{seller}.{i}", f"buyer of {seller}.{i}", seller, placed, **what))
    return rows


def changed(rows: Sequence[Row], order_id: str, **columns: object) -> list[Row]:
    """The rows with some columns of one order replaced."""
    return [Row(r.table, {**r.values, **columns}) if r.values.get("order_id") == order_id else r for r in rows]


RING = ["s1", "s2", "s3", "s4", "s5"]
QUIET = ["q1", "q2", "q3", "q4", "q5"]


def ring() -> list[Row]:
    """The rows of the ring, as told above."""
    rows = [row for seller in RING[:4] for row in sales(seller, 7, 3, payee_id="ring's pocket")]
    rows = changed(rows, "s1.1", buyer_id="buyer of s1.0")
    rows = changed(rows, "s2.0", refunded_at=95)
    rows = changed(rows, "s3.0", buyer_warned=True)
    for number in ("s4.5", "s4.6"):
        rows = changed(rows, number, placed_at=160, paid_at=160, confirmed_at=160.1, delivered_at=161)
    late = {"delivered_at": None, "confirmed_at": None}
    rows.append(card("s1.open", "waiting", "s1", 178, amount=250, payee_id="ring's pocket", **late))
    return [*rows, *hands(RING, "ring's phone")]


def quiet() -> list[Row]:
    """The same hands, six acts of ten each and fewer complaints."""
    rows = [row for seller in QUIET[:4] for row in sales(seller, 6, 1, payee_id="quiet pocket")]
    return [*rows, *hands(QUIET, "quiet phone")]


def hands(members: Sequence[str], phone: str) -> list[Row]:
    """Two phones, both lent by the fifth."""
    one, two, three, four, holder = members
    return [
        *on_one_device(one, two, holder, thing=f"{phone} 1"),
        *on_one_device(three, four, holder, thing=f"{phone} 2"),
    ]


def honest(sellers: int = 400) -> list[Row]:
    """Card sellers, of whom every tenth let one buyer confirm early."""
    return [row for i in range(sellers) for row in sales(f"h{i:03}", int(i % 10 == 0), n=8)]


def family() -> list[Row]:
    """Three who share a tablet and an address, and trade like everybody."""
    names = ["mother", "father", "child"]
    rows = on_one_device(*names, thing="tablet")
    rows += [order(f"{n}.{i}", n, f"h{i:03}", 60 + i, ship_to_id="home") for n in names for i in range(4)]
    return rows + sales("mother", 0, n=4)


def others() -> list[Row]:
    """A kiosk that both rings used, an operator with two shops in order."""
    kiosk = [device(a, "kiosk", 10 * i, 170, "kiosk") for i, a in enumerate(("s1", "q1", "h001", "h002"))]
    shops = [shop("o1", licence_id="licence", licence_shown=True, region="330106"),
             shop("o2", licence_id="licence", licence_shown=False, region="110105", cancelled_at=150)]  # fmt: skip
    known = [account("s1", registered_at=-100, region="440305"), account("buyer of s1.0", region="510107")]
    return [*kiosk, *shops, *known]


def loners(number: int) -> list[Row]:
    """Sellers who cheat alone."""
    return [row for i in range(number) for row in sales(f"lone{i}", 11, 6, n=12)]


def market() -> list[Row]:
    """Everything above."""
    return [*ring(), *quiet(), *honest(), *family(), *others(), *loners(1)]
