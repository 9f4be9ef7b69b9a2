# make demo   sets up everything, builds the demo, starts the app on it
# make app    starts the app and follows changes of its files, for developers
# make test   sets up everything, runs the tests
# make quick  the tests that need no model and no browser
# make check  formatting, lint, types, and which package may import which

VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
WORKERS ?= 2
RUN = $(VENV)/bin/python

.PHONY: demo app test quick check

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

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

# Two packages bring OpenCV; the one installed last wins, and only the headless one starts on a
# machine without a display.
$(VENV)/.ready: requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet -r requirements.txt
	$(RUN) -m pip install --quiet --no-deps --force-reinstall opencv-python-headless==5.0.0.93
	touch $@

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.ready
	$(RUN) -m pip install --quiet -r requirements-dev.txt
	touch $@
