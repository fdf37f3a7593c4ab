# Needs python3.11 (or newer) and make; everything else is installed into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.made-from-pyproject-and-constraints

.DEFAULT_GOAL := help
.PHONY: help setup setup-system nightly test check bench fuzz notebooks gallery sample docs

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## build .venv, so that .venv/bin/ringwatch runs; quick when nothing changed

# The stamp is touched last: an install that broke half-way is done again. Constraints reach the build of the
# project itself only through the environment, hence PIP_CONSTRAINT. Bytecode of 8,000 modules would be half of the
# install's time; the first import writes it for the few that are used.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no python3.11 found: install it, or run make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv || { rm -rf .venv; echo "$(PYTHON) cannot make a venv: on Debian, apt-get install python3.11-venv" >&2; exit 1; }
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

# What pip cannot bring: the report's font (without it `ringwatch case` refuses to run), and the programs that the tests
# of the bundle ask for their judgement (without them those tests skip by name).
SYSTEM := fonts-noto-cjk age poppler-utils openssh-client
setup-system: ## install the Debian packages that the case bundle and its tests need; asks nothing where they are there
	@missing=; for package in $(SYSTEM); do dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	test -z "$$missing" || { command -v apt-get >/dev/null || { echo "no apt-get here: install$$missing by other means" >&2; exit 1; }; \
	sudo=; test "$$(id -u)" = 0 || sudo=sudo; $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; }

nightly: setup ## run the nights of data/sample that out/ does not have yet
	$(BIN)/ringwatch nightly --exports data/sample --warehouse warehouse.duckdb --out out --catch-up

test: setup ## run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow'

check: setup ## lint, format, types, and what is known of the dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m jobs.audit

sample: setup ## make data/sample again: two nights of a small synthetic market, with dirt and with truth
	@rm -rf build/sample
	$(BIN)/ringwatch simulate --out build/sample --accounts 3000 --seed 20250622 --nights 2 --camouflage 0.3 --dirt --file-format mixed
	@rm -rf data/sample && mv build/sample data/sample

docs: setup ## write docs/tables.md and docs/typologies.md again from the code
	$(BIN)/python -m jobs.docs docs

# What only one target needs is installed by that target; pip asks for nothing where it is there.
extra = PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'

# Each of these runs every script of its folder and stops at the first that fails. An empty folder is an error: a
# target that does nothing must not look like one that passed.
define run-all
	@set -e; found=; for script in $(1)/*.py; do test -e "$$script" || continue; found=1; echo "== $$script"; \
	$(BIN)/python "$$script"; done; test -n "$$found" || { echo "$(1) holds no scripts yet: nothing was run" >&2; exit 1; }
endef

bench: setup ## time the stages and judge the rings: every script in tests/benches
	$(call extra,bench)
	$(call run-all,tests/benches)

fuzz: setup ## broken exports at the door, killed nights, failing writes: every script in tests/fuzz, and the slow tests
	$(BIN)/python -m pytest -n 2 -m slow
	$(call run-all,tests/fuzz)

# Their kernels start in build/notebooks, so a folder of the reader's own must be named in full.
notebooks: setup ## run every notebook, on data/sample or on RINGWATCH_OUT=..., into build/notebooks as .ipynb and .html
	$(call extra,notebooks)
	@rm -rf build/notebooks && mkdir -p build/notebooks
	$(BIN)/jupytext --quiet --to ../build/notebooks//ipynb notebooks/*.py
	$(if $(RINGWATCH_OUT),RINGWATCH_OUT="$(abspath $(RINGWATCH_OUT))") $(BIN)/jupyter-nbconvert --log-level WARN --to notebook --execute --inplace build/notebooks/*.ipynb
	$(BIN)/jupyter-nbconvert --log-level ERROR --to html --no-input build/notebooks/*.ipynb

gallery: setup ## draw the pictures of docs/gallery.md again from data/sample
	@rm -rf build/notebooks
	$(BIN)/python -m jobs.gallery docs
