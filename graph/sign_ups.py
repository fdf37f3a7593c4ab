"""Who signed up when, where that says anything, and whose sign-ups stand close together on one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import TieSettings

RUSHES = """
WITH hours AS (
    SELECT date_trunc('hour', registered_at) AS hour, count(*) AS n
    FROM accounts GROUP BY date_trunc('hour', registered_at)
),
days AS (SELECT date_trunc('day', hour) AS day, sum(n) AS n FROM hours GROUP BY date_trunc('day', hour)),
everybody AS (SELECT count(*) AS n FROM accounts),
rushed AS (
    SELECT d.day
    FROM days AS d JOIN days AS o ON o.day BETWEEN d.day - INTERVAL 3 DAY AND d.day + INTERVAL 3 DAY
    CROSS JOIN everybody AS e
    GROUP BY d.day, e.n HAVING sum(o.n) > greatest($rush_accounts, $rush * e.n)
)
SELECT h.hour, CASE WHEN h.n > $rush_hour * e.n THEN 0 ELSE 1 END AS hours
FROM hours AS h CROSS JOIN everybody AS e LEFT JOIN rushed AS r ON r.day = date_trunc('day', h.hour)
WHERE r.day IS NOT NULL OR 2 * h.n > e.n
"""
"""Hours in whose week a large share of the whole platform signed up: accounts moved over from another system, a date
that stands for an unknown one, a campaign, a platform all of whose accounts are new. Then it says nothing of two
accounts that both did; to have done so within one hour (`hours`) still does, unless that hour is as full (0). An hour
that more than half of all have is a date for an unknown one however few they are."""

SIGN_UPS = """
SELECT a.account_id, date_trunc('minute', a.registered_at) AS at, r.hours
FROM accounts AS a LEFT JOIN rushes AS r ON r.hour = date_trunc('hour', a.registered_at)
WHERE coalesce(r.hours, 1) > 0
"""
"""When accounts signed up, where that says anything, and within how many hours of each other two are then a burst; NULL
where nothing narrows it."""

KIOSKS = """
WITH untold AS (
    SELECT device_id FROM devices GROUP BY device_id HAVING count(*) > $keep AND count(device_kind) = 0
),
users AS (
    SELECT d.account_id, d.device_id,
           greatest(d.last_seen_at, d.first_seen_at) < a.registered_at + INTERVAL 1 DAY AS to_sign_up
    FROM devices AS d JOIN accounts AS a ON a.account_id = d.account_id
    SEMI JOIN untold AS x ON x.device_id = d.device_id
),
settled AS (
    SELECT DISTINCT d.account_id
    FROM devices AS d SEMI JOIN users AS u ON u.account_id = d.account_id
    JOIN accounts AS a ON a.account_id = d.account_id
    WHERE greatest(d.last_seen_at, d.first_seen_at) >= a.registered_at + INTERVAL 1 DAY
)
SELECT DISTINCT device_id FROM devices WHERE device_kind = 'kiosk'
UNION
SELECT u.device_id FROM users AS u LEFT JOIN settled AS s ON s.account_id = u.account_id
GROUP BY u.device_id HAVING count(*) FILTER (WHERE u.to_sign_up AND s.account_id IS NOT NULL) >= $same * count(*)
"""
"""Where the exports do not say what a device is, one that most of its users signed up on and left within the day for
another, where they were seen later: a counter where people are helped. Who was seen on no device after that day may
have left none: some exports know of a device the moment of signing up alone."""

SIGNED_TOGETHER = """
WITH users AS (
    SELECT DISTINCT u.account_id, u.space, u.entity_id
    FROM uses AS u LEFT JOIN kiosks AS k
      ON u.space = 'device' AND u.entity_id = k.device_id
    WHERE u.space IN ('device', 'pay', 'phone') AND k.device_id IS NULL
),
signed AS (
    SELECT u.account_id, u.space, u.entity_id, d.n, a.at, coalesce(a.hours, $burst_hours) AS hours
    FROM users AS u JOIN sign_ups AS a ON a.account_id = u.account_id
    JOIN (SELECT space, entity_id, count(*) AS n FROM users GROUP BY space, entity_id) AS d
      ON d.space = u.space AND d.entity_id = u.entity_id
    WHERE d.n > $keep AND d.n <= $crowd
)
SELECT x.account_id, x.space, x.entity_id, count(*) AS beside
FROM signed AS x JOIN signed AS y ON y.space = x.space AND y.entity_id = x.entity_id
WHERE y.at BETWEEN x.at - x.hours * INTERVAL 1 HOUR AND x.at + x.hours * INTERVAL 1 HOUR
GROUP BY x.account_id, x.space, x.entity_id, x.n HAVING count(*) >= $same * x.n
"""
"""Users of a crowd's thing who signed up within hours of most others that use it. Who shares a kiosk or a cafe's
computer signed up over years; sign-ups in a short window say far more than sharing ever."""


def sign_ups(db: Db, s: TieSettings) -> None:
    """Make `sign_ups`, `kiosks` and `signed_together`.

    Reads `uses`, `accounts`, `devices`. `sign_ups`: one row an account: `account_id`, `at` (the minute), `hours`
    (within which another's is a burst with it, NULL for the setting). `kiosks`: `device_id`. `signed_together`: one row
    a user of a crowd's thing: `account_id`, `space`, `entity_id`, `beside` (users who signed up close to it, itself
    too).
    """
    db.make("rushes", RUSHES, **s.model_dump(include={"rush", "rush_accounts", "rush_hour"}))
    db.view("sign_ups", SIGN_UPS)
    db.make("kiosks", KIOSKS, keep=s.keep, same=s.same)
    db.make("signed_together", SIGNED_TOGETHER, keep=s.keep, crowd=s.crowd, burst_hours=s.burst_hours, same=s.same)
