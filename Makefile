# Two commands do everything on a fresh machine: `make demo` and `make test`. The rest is for developers.
# One thread for BLAS and OpenMP: beside a service more threads only slow each other down (docs/decisions/0005).
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PYTHONDONTWRITEBYTECODE ?=
PYTHON ?= python3
BIN := .venv/bin
ONCE ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs pictures lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/'

$(BIN)/.runtime: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what orientir needs (requirements.lock) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/.develop: $(BIN)/.runtime requirements-dev.lock
	@echo "installing what the tests need (requirements-dev.lock) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(BIN)/.rivals: $(BIN)/.develop requirements-rivals.lock
	@echo "installing the rivals that ours is measured against (requirements-rivals.lock) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-rivals.lock
	@touch $@

demo: $(BIN)/.runtime ## set up, load the sample district, train, print one student's lists, serve (ONCE=1: stop after printing)
	@$(BIN)/orientir demo $(if $(ONCE),--once)

test: $(BIN)/.develop ## all tests; installs what they need, the browser too where it may
	@tests/install_system_packages.sh
	@$(BIN)/python -m pytest -q

check: $(BIN)/.develop ## before every commit: format, lint, types, import directions, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@tests/install_system_packages.sh
	@$(BIN)/python -m pytest -q

bench: $(BIN)/.rivals ## measure every figure; writes benchmarks/results.json and docs/measured.md
	@$(BIN)/python -m benchmarks

docs: $(BIN)/.develop ## remake the documents that are made from code and figures
	@$(BIN)/python -m benchmarks.document
	@$(BIN)/python -m tests.spec
	@$(BIN)/python -m tests.contracts.openapi

pictures: $(BIN)/.develop ## remake the pictures of the counsellor's guide in the browser
	@ORIENTIR_GUIDE_PICTURES=docs/images/guide $(BIN)/python -m pytest -q tests/browser/test_guide.py

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --group build

lock: $(BIN)/.develop ## pin every dependency again; no index host is written
	@$(LOCK) -o requirements.lock
	@$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --group dev --group rivals -c requirements-dev.lock -o requirements-rivals.lock

clean: ## remove the environment and everything the demo made
	@rm -rf .venv var build *.egg-info models/*/
