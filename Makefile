# make demo   sets up everything, builds the demo, starts the app on it
# make app    starts the app and follows changes of its files, for developers
# make test   sets up everything, runs the tests
# make quick  the tests that need no model and no browser
# make check  formatting, lint, types, and which package may import which
# make lock   renews both locks from the requirements, with uv

VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
WORKERS ?= 2
RUN = $(VENV)/bin/python

.PHONY: demo app test quick check lock

demo: $(VENV)/.ready
	$(RUN) -m gmv_core demo
	$(RUN) -m gmv_core app --port $(PORT)

app: $(VENV)/.ready
	STREAMLIT_SERVER_FILE_WATCHER_TYPE=auto $(RUN) -m gmv_core app --port $(PORT)

test: $(VENV)/.ready-dev
	$(RUN) -m pytest -n $(WORKERS)

quick: $(VENV)/.ready-dev
	$(RUN) -m pytest -n $(WORKERS) -m "not models and not browser" --ignore tests/benchmarks

check: $(VENV)/.ready-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-cache

COMPILE = uv pip compile --quiet --universal --generate-hashes --python-version 3.11

# The packages of both have the same versions: what is installed is what the tests ran with.
lock:
	$(COMPILE) requirements-dev.txt --output-file requirements-dev.lock
	$(COMPILE) requirements.txt --constraints requirements-dev.lock --output-file requirements.lock

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

# The packages of the lock, each checked against its hash. Two of them bring OpenCV; the one installed
# last wins, and only the headless one starts on a machine without a display.
$(VENV)/.ready: requirements.lock | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --require-hashes -r requirements.lock
	sed -n '/^opencv-python-headless==/,/^ *# via/p' requirements.lock >$(VENV)/headless.lock
	$(RUN) -m pip install --quiet --no-deps --force-reinstall --require-hashes -r $(VENV)/headless.lock
	touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(RUN) -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@
