# Two commands: `make run` and `make test`. Each does all of its own set-up in .venv.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check bench faults audit format lock clean

run: .venv/runtime
	@$(BIN)/python manage.py demo $(if $(filter 1 yes true,$(FRESH)),--fresh)

test: .venv/development
	@$(BIN)/python -m tests.suite

# The same without the tests: formatting, types, templates, imports, deployment.
check: .venv/development
	@$(BIN)/python -m tests.suite checks

bench: .venv/development
	@$(BIN)/python -m tests.bench

# Every page and form against everything a vendor can do wrong. ONLY=words and SHARE=0.1 take a part of it.
faults: .venv/development
	@$(BIN)/python -m tests.faults

# Known faults of the pinned packages. Asks the package index's advisory service, so it is no part of the suite.
audit: .venv/development
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.txt

format: .venv/development
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

# Needs uv. Writes no address of any package index into the files.
lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	  --custom-compile-command "make lock" --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv var

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	  || { echo "Python 3.11 or 3.12 is needed. Name it with: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt | .venv/bin/python
	@echo "Installing the pinned packages into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/development: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing the pinned packages for development into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/runtime
