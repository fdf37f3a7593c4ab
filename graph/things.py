"""What sharing one thing says of two accounts: SQL for those who make ties of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.settings import TieSettings


def of_things(used: str) -> str:
    """SQL, with the strengths by kind: ties between accounts that use one thing.

    `used` selects rows of `uses` with `n`, the accounts among which the thing is shared, and `damping` of its strength.
    Two accounts may use a payment account in several ways, which is one tie; any other thing is used in one way.
    """
    return f"""
WITH strength AS (
    SELECT kind, nats FROM (VALUES
        ('device', $device), ('payee', $payee), ('payer', $payer), ('contact', $contact), ('card_code', $card_code),
        ('phone', $phone), ('owner', $owner), ('licence', $licence), ('address', $address), ('source', $source)
    ) AS known(kind, nats)
),
used AS (SELECT u.*, s.nats FROM ({used}) AS u JOIN strength AS s ON s.kind = u.kind),
pairs AS (
    SELECT a.account_id AS a, b.account_id AS b, a.space, a.entity_id,
           CASE WHEN a.nats <= b.nats THEN a.kind ELSE b.kind END AS kind,
           least(a.nats, b.nats) * a.damping * ln(3) / ln(1 + a.n) AS nats,
           greatest(a.first_at, b.first_at) AS first_at,
           least(a.last_at, b.last_at) AS last_at,
           a.first_at <= b.last_at AND b.first_at <= a.last_at AS overlap,
           date_trunc('hour', a.first_at) BETWEEN date_trunc('hour', b.first_at) - $burst_hours * INTERVAL 1 HOUR
               AND date_trunc('hour', b.first_at) + $burst_hours * INTERVAL 1 HOUR AS burst
    FROM used AS a JOIN used AS b
      ON a.space = b.space AND a.entity_id = b.entity_id AND a.account_id < b.account_id
),
weighed AS (
    SELECT a, b, space, entity_id, kind, nats AS of_kind,
           nats * CASE WHEN NOT overlap AND space IN ('device', 'phone') THEN $apart ELSE 1.0 END
                * CASE WHEN burst THEN 1.25 ELSE 1.0 END AS nats, first_at, last_at, overlap, burst
    FROM pairs
)
SELECT a, b, space, kind, entity_id, cast(nats AS DECIMAL(12, 6)) AS nats, first_at, last_at, overlap, burst
FROM weighed WHERE space <> 'pay'
UNION ALL
SELECT a, b, space, max_by(kind, (of_kind, kind)), entity_id, cast(max(nats) AS DECIMAL(12, 6)),
       min(first_at), max(last_at), bool_or(overlap), bool_or(burst)
FROM weighed WHERE space = 'pay' GROUP BY a, b, space, entity_id
"""


def strengths(s: TieSettings) -> dict[str, object]:
    """The parameters of `of_things`."""
    kinds = ("device", "payee", "payer", "contact", "card_code", "phone", "owner", "licence", "address", "source")
    return s.model_dump(include={*kinds, "apart", "burst_hours"})
