# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Thresholds
#
# How the list moves when a setting moves, and what that does to precision at the number of accounts a team can look at.
#
# As it is, this notebook shows `data/sample`, a **synthetic** market with its truth. What is best there is not best on
# your platform: use your own nights and verdicts before you change a setting.

# %%
import polars as pl

from graph.displays import show
from graph.quality_chart import line_moves, swing
from graph.what_if import differs, moves
from jobs.desk import ask, judgement, open_desk, short

# %% tags=["parameters"]
OUT = None  # the --out of ringwatch nightly
CAPACITIES = (50, 100, 200)  # accounts that a small, a usual and a large team look at in one day
CHANGES = [  # settings of graph/settings.py, each with the value to try; several in one line move together
    {"score.half": 4.0},
    {"score.half": 12.0},
    {"score.one_actor": 60.0},
    {"rings.gamma": 0.001},
    {"rings.gamma": 0.016},
    {"rings.entry": 1.5},
    {"rings.entry": 4.0},
    {"rings.look": 4.5},
    {"rings.look": 8.0},
    {"rings.trust": 0.0},
    {"ties.device": 1.6},
]

# %%
night = open_desk(OUT)
judged = ask(judgement, night)
show(night, f"judged by: {judged.source}" if judged else "nobody has decided on an account yet: no precision")

# %% [markdown]
# ## The score line
#
# Read from the published list, so exact, but only upward from the line that the night had. Move it where the precision
# of what is left is worth the rings that are lost.

# %%
accounts = night.table("accounts").join(
    night.table("rings").select("ring_id", pl.col("score").alias("line")), "ring_id"
)
accounts = accounts.sort("rank")


def right(names, n=None):
    """Precision among the first n."""
    return judged.precision(names.head(n) if n else names) if judged else None


at = []
for line in [i / 20 for i in range(21)]:
    rings, left = night.at_line(line).filter("listed"), accounts.filter(pl.col("line") >= line)
    at.append((line, rings.height, left.height, right(left["account_id"])))
columns = {"score line": pl.Float64, "rings": pl.Int64, "accounts": pl.Int64, "precision": pl.Float64}
show(line_moves(at, night.language), pl.DataFrame(at, columns, orient="row").gather_every(2))

# %% [markdown]
# ## Other settings
#
# Here the night is weighed again from the warehouse, once as it was and once with each change, and the lists are
# compared. Names and verdicts are not weighed. `go`, `come`: rings that leave or enter; `other_members`: rings that
# stay with other members.

# %%
tried = CHANGES[:2] if short() else CHANGES
found = ask(night.what_if, *tried) or []
rows = []
for weighed in found:
    names = weighed.accounts["account_id"]
    precision = {f"precision at {n}": right(names, n) for n in CAPACITIES}
    rows.append({"setting": weighed.setting(), **differs(found[0], weighed), **precision})
show(pl.DataFrame(rows, infer_schema_length=None) if rows else None)

# %%
before = set(found[0].accounts["account_id"]) if found else set()
after = {weighed.setting(): set(weighed.accounts["account_id"]) for weighed in found[1:]}
show(swing({name: (len(before - now), len(now - before)) for name, now in after.items()}, night.language))

# %% [markdown]
# ## Which rings move
#
# Of the change that moves most accounts.

# %%
if found[1:]:
    most = max(found[1:], key=lambda w: (len(before ^ set(w.accounts["account_id"])), w.setting()))
    moved = moves(found[0], most, night.table("rings")).filter(pl.col("move") != "stays")
    show(most.setting(), moved if moved.height else "no ring moves")

# %% [markdown]
# **To change a setting for good**, write it into the settings file of the nightly job (`[method.rings] entry = 4.0`),
# and look at `05_quality` over the following weeks.
