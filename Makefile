# Everything a person or CI runs here. Needs Python 3.11 or newer and make; the rest comes by hash-locked name.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PEERS := $(addprefix tests/peers/,medplum oidc axe)
VALIDATOR := tests/conformance/validator
JUDGE := build/conformance/conformance.jar
PACKAGE := build/package/stafettbro.fhir.tgz
PYTEST_ARGS ?=
SEEDS ?= 1-100
STEPS ?= 500
MUTANTS ?=

.PHONY: help run test lint format unit conformance laws mutants package bench bench-scale bench-delivery bench-import bench-pages lock clean races chaos simulate soak tamper design sbom audit-dependencies fuzz screenshots

help: ## what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-18s %s\n' "$$name" "$$text"; done

run: $(VENV)/.runtime ## start the demo: gateway, three demo systems, sample children
	@$(BIN)/stafettbro demo

test: lint unit ## everything a change has to pass

lint: $(VENV)/.development ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development ## write the code the way ruff does
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: $(VENV)/.development peers validator ## the tests alone; PYTEST_ARGS='-k lanes' for some of them
	@.ci/postgresql
	$(BIN)/python -m pytest $(PYTEST_ARGS)

conformance: $(VENV)/.development peers validator ## what we emit, judged by HL7's own validator and two others
	$(BIN)/python -m pytest -m conformance $(PYTEST_ARGS)

package: $(VENV)/.runtime ## our profiles as a FHIR package; CANONICAL=URL for another base
	$(BIN)/stafettbro profiles $(PACKAGE) $(if $(CANONICAL),--canonical $(CANONICAL))

chaos: $(VENV)/.development peers ## 1,000 faults on real processes, two at a time (long); CHAOS_SEED, CHAOS_SHARE=0.05
	$(BIN)/python -m tests.chaos.campaign

tamper: $(VENV)/.development ## 10,000 changes to an audit, one at a time, each found (minutes); TAMPER_SEED
	TAMPER_CHANGES=10000 $(BIN)/python -m pytest --timeout 3600 tests/audit/test_tampering.py $(PYTEST_ARGS)

screenshots: $(VENV)/.development ## the pictures of README anew, in Chromium; SCREENSHOTS='mine-barn familie' for some
	$(BIN)/python -m tests.screenshots $(SCREENSHOTS)

fuzz: $(VENV)/.development peers ## 100,000 requests that mean no good (long); FUZZ_REQUESTS, FUZZ_SEED, FUZZ_DATABASE=postgresql
	$(BIN)/python -m tests.fuzz.campaign

races: $(VENV)/.development peers ## 2,000 withdrawals against running deliveries (long)
	STAFETTBRO_WITHDRAWALS=2000 $(BIN)/python -m pytest --timeout 3600 tests/end_to_end/test_withdrawal.py $(PYTEST_ARGS)

laws: $(VENV)/.development ## the laws of the lenses, 5,000 cases for every section; LAWS_ARGS='--seed 7'
	$(BIN)/python -m gateway.cli mapping check stafettlogg --no-report --cases 5000 $(LAWS_ARGS)
	$(BIN)/python -m gateway.cli mapping check individuell-plan --no-report --cases 5000 $(LAWS_ARGS)
	$(BIN)/python -m gateway.cli mapping check leverandoer-x --synonyms --no-report --cases 5000 $(LAWS_ARGS)

mutants: $(VENV)/.development ## breaks the lens core in 2,000 places, one at a time, and tells which nobody sees (long)
	@$(BIN)/python .ci/mutants $(MUTANTS)

simulate: $(VENV)/.development ## seeds through the simulator: SEEDS=1234 (traced, shrunk) or SEEDS=1-200, STEPS=500
	@$(BIN)/python -m tests.simulation $(SEEDS) --steps $(STEPS)

soak: $(VENV)/.development ## 5,000 seeds of 500 steps (some 0.8 CPU seconds each, on all cores); goes on where it stopped
	@$(BIN)/python -m tests.simulation 1-5000 --keep build/simulation/seeds.ndjson --report build/simulation/report.json

bench: $(VENV)/.development ## figures beside a floor; writes build/bench/report.json
	$(BIN)/python -m bench.run

bench-scale: $(VENV)/.development ## 100,000 children beside 1,000: what size costs (long); SCALE=0.01 for a try, SCALE_KEEP=FOLDER
	$(BIN)/python -m bench.scale --scale $(or $(SCALE),1) $(if $(SCALE_KEEP),--keep $(SCALE_KEEP)) $(SCALE_ARGS)

bench-delivery: $(VENV)/.development ## deliveries a second by 1, 2 and 4 workers, beside a plain httpx loop
	$(BIN)/python -m bench.delivery $(BENCH_ARGS)

bench-import: $(VENV)/.development ## records a second of a whole history, beside plain psycopg
	$(BIN)/python -m bench.history $(BENCH_ARGS)

bench-pages: $(VENV)/.development ## until a child's page of 2,000 entries is seen in Chromium, beside a static page of that size
	$(BIN)/python -m bench.children_page $(BENCH_ARGS)

lock: $(VENV)/.development ## the lock files anew from pyproject.toml; LOCK_ARGS=--upgrade for newer versions
	@.ci/lock $(LOCK_ARGS)

design: ## the style sheets of Designsystemet anew by their lock; DESIGN_ARGS=--upgrade for the version in package.json
	@.ci/design $(DESIGN_ARGS)

sbom: $(VENV)/.development ## what we ship, as CycloneDX: build/sbom/stafettbro.cdx.json
	@$(BIN)/python .ci/sbom build/sbom/stafettbro.cdx.json

audit-dependencies: $(VENV)/.development ## known weaknesses of what is locked; AUDIT_ARGS=--must-reach, --osv-url URL
	@$(BIN)/python .ci/audit-dependencies $(AUDIT_ARGS)

clean: ## everything that was made here, the virtual environment too
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf $(addsuffix /node_modules,$(PEERS))
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: peers validator
validator: $(JUDGE)

$(JUDGE): $(VALIDATOR)/pom.xml $(wildcard $(VALIDATOR)/src/main/java/conformance/*.java)
	@if command -v mvn >/dev/null && command -v javac >/dev/null; then \
		cd $(VALIDATOR) && mvn --quiet --batch-mode package; \
	elif [ -n "$$CI" ]; then \
		echo "Maven or the JDK is missing, and in CI HL7's validator must judge" >&2; exit 1; \
	else \
		echo "Maven or the JDK is missing: HL7's validator will be skipped (Debian: apt-get install maven)"; \
	fi

peers: $(addsuffix /node_modules/.package-lock.json,$(PEERS))

%/node_modules/.package-lock.json: %/package-lock.json
	@if command -v npm >/dev/null; then \
		cd $* && npm ci --no-audit --no-fund --loglevel=error; \
	elif [ -n "$$CI" ]; then \
		echo "npm is missing, and in CI the peers must run" >&2; exit 1; \
	else \
		echo "npm is missing: tests against peers of Node will be skipped (Debian: apt-get install npm)"; \
	fi

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on PATH" >&2; exit 1; }
	@.ci/venv $(PYTHON) $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the gateway runs on ..."
	@$(PIP) install --only-binary :all: --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what it is tested with ..."
	@$(PIP) install --only-binary :all: --require-hashes -r requirements-dev.txt
	@touch $@
