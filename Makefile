# The house work of Pointsman. `make` alone lists what there is to make.
#
#   PYTHON=python3.13   the Python that the environment is made of; 3.11 or newer
#   ARGS="..."          is handed on to what a target runs: make run ARGS="--port 9000"

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
UV := build/uv/bin/uv

# A stamp is as new as the last installation that succeeded: newer than what it was made from, there is nothing to do.
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

# What the tray's tests on a virtual screen need of a Debian system.
DESKTOP := xvfb desktop-file-utils dbus xfce4-panel trayer xdotool imagemagick python3-gi gir1.2-gtk-3.0 \
	fonts-dejavu-core

.PHONY: help setup run test check bench soak desktop-deps lock clean

help: ## list the targets
	@echo "make TARGET [PYTHON=python3.13] [ARGS=\"...\"]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' Makefile

setup: $(RUN_STAMP) ## make the environment .venv, as the lock file says

run: $(RUN_STAMP) ## start the daemon in the foreground
	@exec $(BIN)/pointsman serve $(ARGS)

# What pytest works out of a file is kept for the other processes and the next run, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV_STAMP) ## run all tests, four at a time (ARGS="tests/wire -k sse" for some, one by one)
	$(BIN)/python -m pytest $(or $(ARGS),-n 4 --max-worker-restart 0 --no-loadscope-reorder)

check: $(DEV_STAMP) ## lint, format, types and import contracts, without running anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.structure.sizes

bench: $(DEV_STAMP) ## measure what a request costs on its way through
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(DEV_STAMP) ## run the long tests that `make test` leaves out
	@$(BIN)/python -m pytest -m soak -o faulthandler_timeout=0 $(ARGS); code=$$?; \
	if [ $$code -eq 5 ]; then echo "There are no soak tests yet: nothing was run."; else exit $$code; fi

desktop-deps: ## install what the tray's screen tests need (Debian, as root)
	@if ! command -v apt-get >/dev/null; then \
		echo "There is no apt-get here: the screen tests will be skipped, naming what is missing."; \
	elif [ "$$(id -u)" -ne 0 ]; then \
		echo "Only root can install them: sudo make desktop-deps"; \
	else \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(DESKTOP); \
	fi

lock: $(UV) ## write both lock files anew (ARGS=--upgrade for the newest versions)
	$(UV_COMPILE) --group build -o requirements.lock
	$(UV_COMPILE) --group build --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove all that these targets made, the environment too
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find daemon tray tests -name __pycache__ -type d -prune -exec rm -rf {} +

# One lock file for every system and Python, with hashes, and with no registry named in it.
UV_COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(ARGS) pyproject.toml

NAME_ONE := Pointsman needs Python 3.11 or newer; name one: make setup PYTHON=/path/to/python3
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

$(RUN_STAMP): requirements.lock pyproject.toml daemon/pointsman/version.py
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. $(NAME_ONE)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or \
		sys.exit("$(PYTHON) is Python %d.%d. $(NAME_ONE)" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) can't make an environment:" \
		"its venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements-dev.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(UV): # thrown away by `make clean`
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip --disable-pip-version-check --quiet install uv
