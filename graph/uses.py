"""Who used which thing: the accounts' side of the user-device-payee graph, shared things only.

A thing lives in a space ("device", "pay", "contact", ...) because one payment account may pay, be paid and be shown as
a code in a chat: three kinds of use, one thing. Things of one account are left out here, before any graph sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.exports import VIRTUAL

if TYPE_CHECKING:
    from graph.db import Db

PAY_USES = """
SELECT seller_id AS account_id, 'payee' AS kind, payee_id AS entity_id, min(placed_at) AS first_at,
       max(placed_at) AS last_at
FROM orders WHERE payee_id IS NOT NULL GROUP BY seller_id, payee_id
UNION ALL
SELECT buyer_id, 'payer', payer_id, min(placed_at), max(placed_at)
FROM orders WHERE payer_id IS NOT NULL GROUP BY buyer_id, payer_id
UNION ALL
SELECT sender_id, 'contact', target_id, min(sent_at), max(sent_at)
FROM chat_links WHERE target_kind = 'payment_code' GROUP BY sender_id, target_id
"""

ADDRESS_USES = """
SELECT account_id, entity_id, min(first_at) AS first_at, max(last_at) AS last_at
FROM (
    SELECT seller_id AS account_id, ship_from_id AS entity_id, min(placed_at) AS first_at, max(placed_at) AS last_at
    FROM orders WHERE ship_from_id IS NOT NULL GROUP BY seller_id, ship_from_id
  UNION ALL
    SELECT buyer_id, ship_to_id, min(placed_at), max(placed_at)
    FROM orders WHERE ship_to_id IS NOT NULL GROUP BY buyer_id, ship_to_id
) AS parcels
GROUP BY account_id, entity_id
"""

CONTACT_USES = """
SELECT sender_id AS account_id, target_id AS entity_id, min(sent_at) AS first_at, max(sent_at) AS last_at
FROM chat_links WHERE target_kind IN ('url', 'qr', 'contact') GROUP BY sender_id, target_id
"""

ACCOUNT_USES = """
SELECT account_id, phone_id, owner_id, licence_id, registered_at AS first_at,
       coalesce(least(cancelled_at, banned_at), $now) AS last_at
FROM accounts WHERE coalesce(least(cancelled_at, banned_at), $now) >= $since
"""

LATELY = """
SELECT account_id, '{space}' AS space, {kind} AS kind, {thing} AS entity_id,
       {first_at} AS first_at, {last_at} AS last_at
FROM {uses} SEMI JOIN (
    SELECT {thing} FROM {uses} WHERE {last_at} >= $since GROUP BY {thing} HAVING {several}
) AS shared USING ({thing}) WHERE {last_at} >= $since
"""
"""Most things have one account: each space is asked for itself which of its things two accounts used lately."""

ONCE, REPEATED = "count(*) > 1", "min(account_id) <> max(account_id)"
"""Several accounts, where an account's use of a thing is one row, and where it may be more."""


def lately(
    space: str,
    uses: str,
    thing: str = "entity_id",
    *,
    kind: str = "",
    several: str = ONCE,
    first_at: str = "first_at",
    last_at: str = "last_at",
) -> str:
    """SELECT of the rows of `uses` whose `thing` several accounts used since `$since`, as rows of `uses` are; `kind` is
    SQL, the space's own name unless said."""
    kind = kind or f"'{space}'"
    return LATELY.format(
        space=space, kind=kind, thing=thing, uses=uses, several=several, first_at=first_at, last_at=last_at
    )


EVERY_USE = " UNION ALL ".join(
    (
        lately("device", "devices", "device_id", first_at="first_seen_at", last_at="last_seen_at"),
        lately("pay", "pay_uses", kind="kind", several=REPEATED),
        lately("contact", "contact_uses"),
        *(lately(space, "account_uses", f"{space}_id") for space in ("phone", "owner", "licence")),
        lately("address", "address_uses"),
        lately("card_code", "code_uses"),
        lately("source", "source_uses", several=REPEATED),
    )
)

CODE_USES = """
WITH sent AS (
    SELECT c.target_id, c.sender_id, c.receiver_id, c.sent_at,
           coalesce(o.paid_at IS NULL OR o.paid_at > c.sent_at, FALSE) AND o.buyer_id = c.receiver_id AS unpaid
    FROM chat_links AS c LEFT JOIN orders AS o ON o.order_id = c.order_id AND array_contains($virtual, o.category)
    WHERE c.target_kind = 'card_code'
),
taken AS (
    SELECT target_id, min(sent_at) AS taken_at, min_by(sender_id, (sent_at, sender_id)) AS robbed_id
    FROM sent WHERE unpaid GROUP BY target_id
),
hands AS (
    SELECT s.target_id, s.receiver_id AS account_id, s.sent_at AS used_at FROM sent AS s WHERE s.unpaid
  UNION ALL
    SELECT s.target_id, s.sender_id, s.sent_at
    FROM sent AS s LEFT JOIN taken AS t ON t.target_id = s.target_id
    WHERE t.target_id IS NULL OR (s.sent_at > t.taken_at AND s.sender_id <> t.robbed_id)
)
SELECT account_id, target_id AS entity_id, min(used_at) AS first_at, max(used_at) AS last_at
FROM hands GROUP BY account_id, target_id
"""
"""A code belongs to those who send it; where a buyer took it unpaid, to that buyer and to who sends it afterwards.
Without the second rule the robbed seller would be tied to the thief who resells, and an honest buyer to the seller."""

QUOTED = """
SELECT c.sender_id, c.sent_at, c.receiver_id, o.seller_id, o.handler_id
FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id
WHERE c.sender_id NOT IN (o.buyer_id, o.seller_id, coalesce(o.promoter_id, '')) AND c.receiver_id = o.buyer_id
  AND (c.target_kind <> 'item' OR c.tag = 'knows_order')
"""

RATE = """
SELECT (SELECT count(DISTINCT receiver_id) FROM quoted) / greatest((SELECT count(*) FROM orders), 1) AS rate
"""

LEAKY = """
WITH asked AS (SELECT seller_id, count(DISTINCT receiver_id) AS victims FROM quoted GROUP BY seller_id),
sellers AS (
    SELECT a.seller_id, any_value(a.victims) AS victims, count(*) * any_value(r.rate) AS expected
    FROM asked AS a CROSS JOIN quoting AS r JOIN orders AS o ON o.seller_id = a.seller_id
    GROUP BY a.seller_id
)
SELECT seller_id FROM sellers WHERE victims >= $victims AND victims >= expected + $sigmas * sqrt(expected) + 1
"""

SOURCE_USES = """
WITH asked AS (
    SELECT handler_id, count(DISTINCT receiver_id) AS victims FROM quoted ANTI JOIN leaky USING (seller_id)
    GROUP BY handler_id
),
handlers AS (
    SELECT a.handler_id, any_value(a.victims) AS victims, count(*) * any_value(r.rate) AS expected
    FROM asked AS a CROSS JOIN quoting AS r JOIN orders AS o ON o.handler_id = a.handler_id
    GROUP BY a.handler_id
),
insiders AS (
    SELECT handler_id, expected FROM handlers
    WHERE victims >= $victims AND victims >= expected + $sigmas * sqrt(expected) + 1
),
each AS (
    SELECT sender_id, handler_id, count(DISTINCT receiver_id) AS victims, min(sent_at) AS first_at,
           max(sent_at) AS last_at
    FROM quoted SEMI JOIN insiders USING (handler_id) ANTI JOIN leaky USING (seller_id) GROUP BY sender_id, handler_id
),
once AS (SELECT handler_id, count(*) AS n FROM each WHERE victims = 1 GROUP BY handler_id)
SELECT sender_id AS account_id, seller_id AS entity_id, min(sent_at) AS first_at, max(sent_at) AS last_at
FROM quoted SEMI JOIN leaky USING (seller_id) GROUP BY sender_id, seller_id
UNION ALL
SELECT seller_id, seller_id, min(sent_at), max(sent_at)
FROM quoted SEMI JOIN leaky USING (seller_id) GROUP BY seller_id
UNION ALL
SELECT e.sender_id, e.handler_id, e.first_at, e.last_at
FROM each AS e JOIN insiders AS i ON i.handler_id = e.handler_id LEFT JOIN once AS o ON o.handler_id = e.handler_id
WHERE e.victims > 1 OR o.n >= 2 * i.expected
"""
"""A seller is a source when strangers quote the orders of at least `$victims` of its buyers, and of `$sigmas` standard
deviations (Poisson) more than its share of the trade would give: a large honest shop is quoted by chance. A handler is
one only by what no leaking seller explains: whoever handles that seller's orders would look guilty with it. Who
quoted one order of a handler's is tied to it only if chance makes at most half of such."""


def uses(db: Db, *, now: object, since: object) -> None:
    """Make `uses`: one row says that one account used one shared thing, in one way.

    Reads `orders`, `accounts`, `devices`, `chat_links`. Columns: `account_id`, `space`, `kind` (a value of
    `links.entity_kind`), `entity_id`, `first_at`, `last_at`. Uses that ended before `since` have expired.
    """
    db.make("code_uses", CODE_USES, virtual=list(VIRTUAL))
    db.make("quoted", QUOTED)
    db.make("quoting", RATE)
    db.make("leaky", LEAKY, victims=3, sigmas=4.0)
    db.make("source_uses", SOURCE_USES, victims=3, sigmas=4.0)
    db.make("pay_uses", PAY_USES)
    db.make("address_uses", ADDRESS_USES)
    db.make("contact_uses", CONTACT_USES)
    db.make("account_uses", ACCOUNT_USES, now=now, since=since)
    db.make("uses", EVERY_USE, since=since)
    db.drop("quoted", "quoting", "leaky", "code_uses", "source_uses", "pay_uses", "address_uses", "contact_uses")
    db.drop("account_uses")
