# `make` runs everything that CI runs, in the same order.  `make demo` does the main job in front of your eyes.

PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin

.DEFAULT_GOAL := test
.PHONY: setup demo test format lint types docs pytest compat bench timing office campaign faults fuzz lock hooks clean node

setup:
	@$(PYTHON) tools/set_up.py

demo: setup
	$(BIN)/keyturn demo

test: setup lint types docs pytest

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

docs: setup
	$(BIN)/python -m tools.make_docs --check

# What asks so much that counting the lines it visits would double its time, and visits none that the rest does not.
STORMS := tests/canaries tests/core/test_group_graphs.py tests/faults tests/malformed tests/openapi/test_fuzzing.py tests/rights
pytest: setup
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term-missing:skip-covered -q $(addprefix --ignore=,$(STORMS))
	$(BIN)/pytest -n $(WORKERS) -q $(STORMS)

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m tools.make_docs

# Checks beside real newman and IBM's own client, and the comparison of speed.  They fetch what they need.
compat: setup node
	$(BIN)/python -m compat

bench: setup node
	$(BIN)/python -m bench

# Whether the time of a refused sign-in tells what the account is: all pairs of states, 200 answers each, three times.
timing: setup
	$(BIN)/python -m bench.timing

# What a run leaves, opened in a real sheet: no cell is a formula.  Gets LibreOffice where apt can and it is missing.
office: setup
	@command -v soffice >/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-calc; } \
		|| { echo "this target needs LibreOffice Calc, and apt-get could not get it" >&2; exit 1; }
	$(BIN)/pytest -q tests/office

node:
	@command -v npm >/dev/null || { echo "this target needs Node.js 18 or newer with npm (on Debian: apt install nodejs npm)" >&2; exit 1; }

# What `make test` does in short, at length: kills, graphs of groups, malformed requests, slow clients, tamperings, secrets that
# are drawn, canaries, candidates for passwords, guesses.
KILLS ?= 50
RUN_KILLS ?= 1000
MUTATIONS ?= 10000
MAIL_KILLS ?= 1000
GRAPHS ?= 5000
MALFORMED ?= 10000
TAMPERINGS ?= 1000
SECRETS ?= 1000000
CANARIES ?= 1000
CANDIDATES ?= 10000
GUESSES ?= 500
TOKENS ?= 1000
TROUBLE ?= 10000
campaign: setup
	$(BIN)/python -m tests.mail.killed.campaign $(MAIL_KILLS)
	$(BIN)/python -m tests.bulk.killed.campaign $(RUN_KILLS)
	$(BIN)/python -m tests.store.mutations $(MUTATIONS)
	KEYTURN_TROUBLE=$(TROUBLE) $(BIN)/pytest -q tests/bulk/test_trouble.py
	KEYTURN_TEST_KILLS=$(KILLS) $(BIN)/pytest -n $(WORKERS) -q -k killed tests/bulk tests/journeys
	KEYTURN_GRAPHS=$(GRAPHS) $(BIN)/pytest -n $(WORKERS) -q tests/core/test_group_graphs.py
	KEYTURN_MALFORMED=$(MALFORMED) $(BIN)/pytest -n $(WORKERS) -q tests/malformed
	KEYTURN_SLOW_CLIENTS=500 KEYTURN_FLOOD=200 $(BIN)/pytest -q tests/app/test_connections.py tests/http/test_shedding.py
	KEYTURN_TAMPERINGS=$(TAMPERINGS) $(BIN)/pytest -q --log-cli-level=INFO tests/audit/test_tampering.py tests/bulk/test_evidence.py
	KEYTURN_SECRETS=$(SECRETS) $(BIN)/pytest -q --log-cli-level=INFO tests/crypto/test_minting.py
	KEYTURN_CANARIES=$(CANARIES) $(BIN)/pytest -q --log-cli-level=INFO tests/canaries/test_canaries.py
	KEYTURN_TEST_CANDIDATES=$(CANDIDATES) $(BIN)/pytest -q -k verdict tests/contract/test_directory_policy.py
	KEYTURN_GUESSES=$(GUESSES) KEYTURN_TOKENS=$(TOKENS) $(BIN)/pytest -q -k "burst or old_tokens" tests/core

# Every call of every door with so many random requests, and what follows from one call to the next; `make test` does one.
EXAMPLES ?= 100
fuzz: setup
	KEYTURN_TEST_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -n $(WORKERS) -q tests/openapi/test_fuzzing.py

# Plants each known fault in a copy of the house and prints which kinds of test find it; `make test` asks one kind each.
faults: setup
	$(BIN)/python -m tests.faults.planted

# The lock files again, from pyproject.toml; needs uv.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv" >&2; exit 1; }
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --extra test -o requirements/test.txt
	$(LOCK) pyproject.toml --extra dev -o requirements/dev.txt
	$(LOCK) requirements/build.in -o requirements/build.txt

hooks: setup
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/pre-commit install

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* htmlcov dist keyturn-demo
	find src tests tools bench compat -name __pycache__ -type d -prune -exec rm -rf {} +
