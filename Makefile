# make run | test | lab | app | figures | bench: each makes .venv when it is missing.
PYTHON ?= python3
VENV := .venv/.made
BIN := .venv/bin
PHOTO ?=

.PHONY: run test lint lab figures bench clean

run: $(VENV)
	$(BIN)/python -m depthnet_lib.tour $(PHOTO)

test: $(VENV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg notebooks

lab: $(VENV)
	$(BIN)/jupyter lab --notebook-dir notebooks

figures: $(VENV)
	$(BIN)/depthnets figures

bench: $(VENV)
	$(BIN)/python -m benchmarks

$(VENV): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[test]'
	touch $(VENV)

clean:
	rm -rf .venv
