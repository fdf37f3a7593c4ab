"""两头吃 (`two_way`).

One hand that cheats as buyer and as seller: takes codes unpaid with one account and sells them with another, or returns
what it never bought while its shop sends nothing. Composite: it has no acts of its own; a ring carries it when both its
selling side and its buying side stand out by themselves.

Innocent explanation: a person with a small shop who also buys, unlucky once on each side.
"""

from graph.acts.act import Act

ACTS: tuple[Act, ...] = ()
