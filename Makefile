# Every target works in a fresh clone on a machine with git, make and Python 3.11 or later.
# Package sources are pip's own affair: set PIP_FIND_LINKS or PIP_NO_INDEX to work offline.

VENV := .venv
# An environment beside it, with the tools whose files are read.
TOOLS := $(VENV)-connectors
BIN := $(VENV)/bin
PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3 python
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
WORKERS ?= auto
ARGS ?=
# The suite runs in parallel; threads inside NumPy would only compete with it.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.PHONY: help demo studio test test-all test-connectors lint docs bench clean

help:
	@echo "make demo      install, then fit the bundled table and write isoperf-demo.html"
	@echo "make studio    also install what the browser needs, then open it; ARGS=runs.csv begins with a file"
	@echo "make test      install with the test tools, then run every test but the slow ones"
	@echo "make test-all  the same with the slow ones"
	@echo "make test-connectors  install the tools whose files are read, and compare what they write"
	@echo "make lint      ruff, mypy and the import floors"
	@echo "make docs      regenerate the generated pages and build the site into site/"
	@echo "make bench     time Isoperf against its peers"
	@echo "make clean     remove .venv and everything made"

demo: $(VENV)/.demo
	@$(BIN)/isoperf demo --report isoperf-demo.html
	@echo "Open in a browser: $(CURDIR)/isoperf-demo.html"
	@echo "Ask your own table: . $(BIN)/activate, then isoperf data runs.csv (or make studio)"

studio: $(VENV)/.studio
	@$(BIN)/isoperf studio $(ARGS)

test: $(VENV)/.test
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/.test
	@$(PYTEST) $(ARGS)

test-connectors: $(TOOLS)/.made
	@OPENBLAS_NUM_THREADS=1 $(TOOLS)/bin/python -m pytest tests/unit/test_connectors*.py tests/properties/test_connectors.py $(ARGS)

lint: $(VENV)/.test
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports

docs: $(VENV)/.test
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open in a browser: $(CURDIR)/site/index.html"

bench: $(VENV)/.test
	@$(BIN)/python -m benchmarks.peers

clean:
	@rm -rf $(VENV) $(TOOLS) build dist site isoperf-demo.html .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@for candidate in $(PYTHONS); do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Making $(VENV) with $$("$$candidate" --version) ..."; \
	        "$$candidate" -m venv --clear $(VENV) && touch $@ && exit 0; \
	        echo "$$candidate cannot make a virtual environment; on Debian or Ubuntu install python3-venv." >&2; \
	        exit 1; \
	    fi; \
	done; \
	echo "No Python 3.11 or later among: $(PYTHONS). Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing isoperf into $(VENV); the first time takes about a minute ..."
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.studio: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing isoperf and what its studio needs into $(VENV); the first time takes about a minute ..."
	@$(PIP_INSTALL) -e ".[studio,excel]"
	@touch $@ $(VENV)/.demo

$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing isoperf and the test tools into $(VENV); the first time takes a minute or two ..."
	@$(PIP_INSTALL) -e ".[test]"
	@touch $@ $(VENV)/.demo $(VENV)/.studio

# Dependency groups need pip 25.1. The tools want other versions than constraints.txt has.
$(TOOLS)/.made: $(VENV)/.made pyproject.toml
	@echo "Installing the tools whose files are read into $(TOOLS): several minutes, and gigabytes ..."
	@$(BIN)/python -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[excel,pandas,tune,yaml]" --group connectors
	@touch $@
