# `make` alone prints the targets. Everything runs from the root of the checkout, in .venv.

SHELL   := /bin/bash
PYTHON  ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
PY      := .venv/bin/python
STAMP   := .venv/.installed
FOLDERS := data features models training serving
EDITABLE := --no-deps --no-build-isolation --editable .
# One thread a booster: boosters are fitted side by side, and LightGBM's own threads only get in the way.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check fast-checks fix house soak wheel audit openapi bench overload bench-peers bench-plain lock clean

help:  ## print the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(STAMP)  ## make the environment in .venv (uv where it is there, else venv and pip)

$(STAMP): requirements.lock
	@if command -v uv > /dev/null; then \
	    uv venv --quiet --allow-existing --python '>=3.11' .venv && uv pip sync --quiet --compile-bytecode --python $(PY) requirements.lock && \
	    uv pip install --quiet --python $(PY) $(EDITABLE); \
	else \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Expedite needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11'; exit 1; }; \
	    $(PYTHON) -m venv .venv && $(PY) -m pip install --quiet --progress-bar on --no-deps --require-hashes -r requirements.lock && \
	    $(PY) -m pip install --quiet $(EDITABLE); \
	fi
	@touch $@

demo: setup  ## a synthetic order history, trained, promoted and served with its page; Ctrl-C ends it
	@$(PY) -m training.demo

test: setup  ## everything the tests need, then all tests
	@$(PY) tests/find_chromium.py
	@$(PY) -m pytest -n 3 --no-loadscope-reorder

test-long: setup  ## the tests that take minutes each and that `make test` leaves out
	@$(PY) -m pytest -n 2 -m long

check: fast-checks test  ## format, lint, types, import contracts, tests

fast-checks: setup  ## the parts of check that take seconds
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/lint-imports
	@.venv/bin/pyright

fix: setup  ## format, and correct what can be corrected safely
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

house: setup  ## the code base in figures: files a folder, lengths, names, chains of imports
	@$(PY) tests/house/measure.py

soak: setup  ## garbage in files, calls and ledgers: CASES=100000 of them, drawn by SEED=1; an hour or more
	@EXPEDITE_SOAK_CASES=$(or $(CASES),100000) EXPEDITE_SOAK_SEED=$(or $(SEED),1) $(PY) -m pytest -q -s -n 0 --show-capture=no tests/soak

wheel: setup  ## build the wheel, install it into an empty environment and run its programs
	@$(PY) tests/house/check_wheel.py

bench: setup  ## performance, as ratios of two things timed in one run
	@PYTHONPATH=. $(PY) -W ignore tests/bench/bench.py

overload: setup  ## a running service beyond its limits: URL=http://127.0.0.1:8000, of a service for tests
	@$(PY) tests/bench/overload.py $(URL)

bench-peers: setup  ## our forecasts against libraries', on the real data of EXPEDITE_REAL_DATA; an hour or more
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --require-hashes -r tests/bench/peers/requirements.lock
	@mkdir -p .peers
	@PYTHONPATH=. $(PY) -W ignore tests/bench/peers/compare.py --python .venv-peers/bin/python --work .peers

audit:  ## known vulnerabilities of the locked packages; says so where it could not look (an error, but for AUDIT=--only-say-so)
	@test -x .venv-audit/bin/python || $(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --require-hashes -r tests/house/audit/requirements.lock
	@.venv-audit/bin/python tests/house/audit/audit_lock.py $(AUDIT)

openapi: setup  ## write docs/openapi.json anew; refuses what breaks callers (BREAKING=--breaking writes it still)
	@PYTHONPATH=. $(PY) -W ignore tests/house/openapi_changes.py $(BREAKING)

bench-plain: setup  ## ours against plain LightGBM and a constant, on the real data of EXPEDITE_REAL_DATA; half an hour
	@PYTHONPATH=.:tests/bench/peers $(PY) -W ignore tests/bench/plain_table.py --work .plain

lock:  ## resolve the versions anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --group dev --extra languages --extra traces pyproject.toml -o requirements.lock

clean:  ## remove the environment and what the tests left
	rm -rf .venv .venv-audit .venv-peers .peers .plain .pytest_cache .ruff_cache .hypothesis .import_linter_cache
