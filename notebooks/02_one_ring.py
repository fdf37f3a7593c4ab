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
# # One ring
#
# Why it is on the list, what speaks against it, who is in it and by which ties, which money can still be saved; then
# your verdict.
#
# As it is, this notebook shows a ring of `data/sample`, a **synthetic** market: nobody in it is real.

# %%
from graph.displays import show
from jobs.desk import ask, open_desk

# %% tags=["parameters"]
OUT = None  # the --out of ringwatch nightly
RING = None  # a ring_id; None: the first by priority
VERDICT = None  # "confirmed", "cleared", "watch", "disputed": the last cell records it
ANALYST = None  # who decides
NOTE = None  # why

# %%
night = open_desk(OUT)
rings = night.urgent()["ring_id"].to_list()
ring = night.ring(RING or rings[0]) if rings else None
if ring:
    show(night, ring.head(), ring.why())
else:
    show(night, "no rings tonight: there is none to look at")

# %% [markdown]
# ## What speaks against it
#
# Read this before the pictures. Every typology has an innocent explanation; rule it out first.

# %%
if ring:
    show(ring.against())

# %% [markdown]
# ## The ring
#
# Payment accounts on the left, accounts in the middle by role, devices, contacts and the rest on the right. The wider a
# line, the more the tie says. Faint: what was *not* taken for a tie (hubs that too many share) and accounts outside to
# which a tie was cut. With more than sixty nodes the picture says what it leaves out.
#
# Weighing the night again reads the warehouse and takes as long as the night's own stages; without a warehouse the
# pictures do with what is published.

# %%
weighed = ask(night.weigh) if ring else None
if ring:
    show(ring.draw(weighed=weighed))

# %% [markdown]
# ## When
#
# Registrations, ties in use, acts by typology, closings, and orders still open.

# %%
if ring:
    show(ring.timeline(), ring.acts().tail(10))

# %% [markdown]
# ## What the score is made of
#
# Each bar is a kind of act, against what is usual on the platform, in natural log-odds; together they give the score.
# Ties are no part of it: they say who belongs, not what was done.

# %%
if ring:
    show(ring.score_bar(weighed=weighed), ring.steps(weighed).select("step", "name", "k", "n", "nats"))

# %% [markdown]
# ## Who, and by which ties

# %%
if ring:
    columns = ("rank", "account_id", "score", "role", "typology", "n_victims", "exposure_cny", "loss_cny", "region")
    show(ring.members().select(columns), ring.tied_by())
    show("since the night before:", ring.joined() if ring.joined().height else "nothing changed on it")

# %% [markdown]
# ## Money
#
# Orders that a hold would still save.

# %%
if ring:
    orders = ring.open_orders()
    show(f"{orders.height} orders, CNY {orders['amount'].sum() or 0:,}", orders if orders.height else None)

# %% [markdown]
# ## What if a tie were gone
#
# Take the strongest shared things away, one by one: does the ring hold? A ring that hangs on one thing, and that thing
# a shop's till or a family's tablet, is two groups.

# %%
if ring:
    for thing in ring.tied_by()["entity_id"].unique(maintain_order=True).head(6):
        show(ring.without(thing).head())

# %% [markdown]
# ## The rows behind it
#
# Facts of its strongest typology, down to the file and line they were read from; the table `evidence` has all.

# %%
if ring:
    facts = ring.evidence().filter(typology=ring.row["typology"])
    show(facts.select("account_id", "table", "key", "fact", "file", "line").head(15))

# %% [markdown]
# ## Verdict
#
# Set `VERDICT`, `ANALYST` and `NOTE` in the first cell. It is kept beside the warehouse, as by `ringwatch label`, and
# every later night takes it into account: what is confirmed is raised, what is cleared stays silent until it acts.

# %%
if ring and VERDICT:
    ask(lambda: ring.label(VERDICT, analyst=ANALYST, note=NOTE))
elif ring:
    show("no verdict given; the newest known: " + (ring.row["verdict"] or "none"))
