# The two commands:
#   make lab    set up everything and open JupyterLab on the notebooks; ARGS="..." is passed on to it
#   make test   set up everything and run all tests
# Both make an environment of their own, .venv, from the versions in .requirements/dev.lock and
# js/package-lock.json, and build the front end. A second run does only what is out of date.

.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# Stamps lie in .venv, so that removing it forgets them too.
STAMPS := $(VENV)/stamps
# Python's and npm's packages and the browser are fetched beside each other.
MAKEFLAGS += --jobs=3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

FIRST_NOTEBOOK := 01-live-spiking-network.ipynb
WIDGETS := widgets/nengolab_widgets/static/nengolab.js
EXTENSION := js/labextension/install.json
JS_BUILD := js/package.json js/package-lock.json js/tsconfig.json
WIDGET_SOURCES := $(shell find js/src/widgets js/scripts -type f)
EXTENSION_SOURCES := $(shell find js/src/lab js/style js/scripts/build-lab.mjs -type f) \
  js/install.json js/tsconfig.lab.json

.PHONY: help setup setup-tests lab build test test-all test-typescript test-python \
  test-conformance test-nightly test-notebooks test-browser test-packaging lint wheel lock clean

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# --- setting up ------------------------------------------------------------------------------------

setup: $(STAMPS)/project ## make the environment and build the front end

setup-tests: setup $(STAMPS)/kernel6 $(STAMPS)/chromium ## what the browser tests need, too

# The first of these that is there, is in the range of pyproject.toml, and can make environments.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
  "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
    >/dev/null 2>&1 && echo "$$python" && break; done)

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "nengolab needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt-get install python3-venv);" \
	    "name one with: make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi
	@echo "== Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# The lock names all there is to install, and overrides.txt says what is left out. Of its Python what
# is imported is compiled, once, before many processes do so at a time; all of it takes long.
$(STAMPS)/python: .requirements/dev.lock | $(BIN)/python
	@echo "== Installing the Python packages of .requirements/dev.lock"
	@$(BIN)/python -m pip install --quiet --no-deps --no-compile -r .requirements/dev.lock
	@$(BIN)/python -c "import keras, nengo, jupyterlab.labapp" 2>$(VENV)/imports.log || \
	  { cat $(VENV)/imports.log >&2; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

js/node_modules/.package-lock.json: js/package-lock.json
	@for program in node npm; do \
	  command -v $$program >/dev/null || { echo "nengolab's front end needs Node.js 20.19 or newer" \
	    "with npm: $$program is not on PATH" >&2; exit 1; }; \
	done
	@echo "== Installing the npm packages of js/package-lock.json"
	@cd js && npm ci --no-audit --no-fund --loglevel=error </dev/null && touch node_modules/.package-lock.json

$(WIDGETS): $(WIDGET_SOURCES) $(JS_BUILD) js/node_modules/.package-lock.json
	@echo "== Building the widgets"
	@cd js && npm run --silent build:widgets

$(EXTENSION): $(EXTENSION_SOURCES) $(JS_BUILD) js/node_modules/.package-lock.json
	@echo "== Building the JupyterLab extension"
	@cd js && npm run --silent build:lab

build: $(WIDGETS) $(EXTENSION) ## build the front end

# The extension is linked, not copied as pip does, so that what is built later is seen at once.
$(STAMPS)/project: pyproject.toml js/hatch_build.py $(STAMPS)/python | $(WIDGETS) $(EXTENSION)
	@echo "== Installing nengolab, editable"
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -rf $(VENV)/share/jupyter/labextensions/nengolab
	@ln -s "$(CURDIR)/js/labextension" $(VENV)/share/jupyter/labextensions/nengolab
	@touch $@

# Up to date front end, also when the project itself is.
setup: build

$(STAMPS)/kernel6: .requirements/kernel6.txt $(STAMPS)/python
	@echo "== Installing ipykernel 6 beside the other"
	@rm -rf $(VENV)/kernel6
	@$(BIN)/python -m pip install --quiet --no-deps --no-compile --target $(VENV)/kernel6 -r .requirements/kernel6.txt
	@touch $@

$(STAMPS)/chromium: nengolab/benchmarks/chromium.py $(STAMPS)/python
	@echo "== Looking for Chromium"
	@$(BIN)/python -m nengolab.benchmarks.chromium
	@touch $@

# --- using -----------------------------------------------------------------------------------------

# JupyterLab refuses to run as root unless told so; in a container one often is.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

lab: setup ## open JupyterLab on the notebooks; ARGS="--no-browser --port 8899" is passed on
	@exec $(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)/notebooks" \
	  --LabApp.default_url=/lab/tree/$(FIRST_NOTEBOOK) $(AS_ROOT) $(ARGS)

# --- testing ---------------------------------------------------------------------------------------

test: setup-tests ## run all tests, of some that take long the third whose turn it is
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests

test-all: setup-tests ## those, too, whose turn it is not, and XLA as people have it
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests all

test-typescript: build ## TypeScript: types and unit tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests typescript

test-python: setup ## Python: engine, live session, widgets
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests python

test-conformance: setup ## nengo's own tests on this engine, the slow ones too
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests conformance

test-nightly: setup ## the same in single precision, and those that take longest
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests nightly

test-notebooks: setup ## the notebooks, through nbval
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests notebooks

test-browser: setup-tests ## a real JupyterLab in Chromium
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests browser

test-packaging: setup ## the wheel
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec tests/run-tests packaging

lint: setup ## look over the style of Python, and the types of Python and TypeScript
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	js/node_modules/.bin/pyright --pythonpath $(BIN)/python
	cd js && npm run --silent check

# --- packing ---------------------------------------------------------------------------------------

wheel: setup ## build the wheel, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	ls -l dist

lock: $(STAMPS)/python ## choose the newest versions that pyproject.toml and .requirements/ admit
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	  --extra dev --override .requirements/overrides.txt \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  pyproject.toml .requirements/dev.in --output-file .requirements/dev.lock
	cd js && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove what was built and installed
	rm -rf $(VENV) js/node_modules js/lib js/labextension widgets/nengolab_widgets/static build dist \
	  .pytest_cache .ruff_cache tests/browser/screenshots
	find nengolab widgets tests -name __pycache__ -type d -prune -exec rm -rf {} +
