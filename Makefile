# Everything a person or the build server runs. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check

# As a deployment would be set up; nothing is opened, and no server is asked.
DEPLOYED := env DEBUG=false PORTAL_URL=https://portal.example ALLOWED_HOSTS=portal.example \
	DATABASE_URL=postgresql://portal@db.example/portal REDIS_URL=redis://redis.example \
	SECRET_KEY=only-for-this-check-$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	FIELD_ENCRYPTION_KEYS=dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LTAwMDA=

.PHONY: help install demo demo-reset test check fmt bench mutants lock wheels

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/requirements-dev.txt ## install what tests and checks need, into .venv

demo: .venv/requirements.txt ## set up, do the main job on the sandbox, serve (PORTAL_PORT, SANDBOX_PORT)
	@$(BIN)/python -m planergy.demo_supervisor

demo-reset: .venv/requirements.txt ## forget the demo's data, then `make demo`
	@$(BIN)/python -m planergy.embedded reset
	@rm -rf .data
	@$(MAKE) --no-print-directory demo

test: .venv/requirements-dev.txt ## run the tests in JOBS=2 processes (ARGS="tests/invoices -x" runs some)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

check: .venv/requirements-dev.txt ## lint, types, arrows, migrations, deployment, security, pins
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive .
	@$(BIN)/python -m tools.lock --check
	@$(BIN)/python -m tools.vulnerabilities

fmt: .venv/requirements-dev.txt ## format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/requirements-dev.txt ## measure (BENCH_SCALE=small for a quick run)
	@$(BIN)/python -m benchmarks

mutants: .venv/requirements-dev.txt ## break named places one at a time; a test must notice (ARGS="session" tries some)
	@$(BIN)/python -m tests.mutants $(ARGS)

lock: .venv/requirements-dev.txt ## write requirements*.txt from requirements*.in (ARGS="django" lets one go newer)
	@$(BIN)/python -m tools.lock $(ARGS)

wheels: .venv/requirements-dev.txt ## ask the registry for a wheel of every pin, for each promised Python and machine
	@$(BIN)/python -m tools.wheels

# The copies say what is installed: pip runs again only when the pinned requirements changed.
# Every file must have one of the hashes that stand beside its pin.
.venv/requirements.txt: requirements.txt | .venv/bin/python
	@cmp -s $< $@ || { echo "· Installing the pinned requirements (once; a few minutes on a slow line)"; $(PIP) install --require-hashes -r $<; }
	@cp $< $@

.venv/requirements-dev.txt: requirements-dev.txt .venv/requirements.txt
	@cmp -s $< $@ || { echo "· Installing what tests and checks need"; $(PIP) install --require-hashes -r $<; }
	@cp $< $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is older."; exit 1; }
	@echo "· Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
