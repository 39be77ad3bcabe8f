# Everything sets itself up: the first target to run makes .venv and installs gandiag into it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TWO_AT_ONCE := --numprocesses 2 --dist worksteal

.PHONY: demo test test-all lint types check clean

demo: $(VENV)/installed
	$(BIN)/python studies/demo.py

test: $(VENV)/installed lint types
	$(BIN)/python -m pytest -m "not slow" $(TWO_AT_ONCE)

test-all: $(VENV)/installed lint types
	$(BIN)/python -m pytest $(TWO_AT_ONCE)

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gandiag needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (a few minutes, once)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
