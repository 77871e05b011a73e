# make run | test | lab | app | figures | bench: each makes .venv when it is missing.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
OPENCV := $(shell sed -n 's/^opencv-python==//p' requirements.lock)

.PHONY: run test lab app figures bench clean ready

run: ready
	$(BIN)/depthnets demo --out out/demo
	$(BIN)/jupyter nbconvert --log-level ERROR --ExecutePreprocessor.extra_arguments=--log-level=ERROR --to html --execute --output-dir out/demo notebooks/00_tour.ipynb
	@echo "Look at out/demo/sweep.png, turn.gif, depth.png and head.glb; the tour is out/demo/00_tour.html."
	@echo "Your own photo: $(BIN)/depthnets demo me.jpg --out out/me"
	@echo "The notebooks:  make lab"

test: ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg notebooks

lab: ready
	$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir notebooks

# The explorers alone, without code, for this machine only; the address that it prints has the key to it.
app: ready
	$(BIN)/voila --Voila.ip=127.0.0.1 --token notebooks/app/explorers.ipynb

figures: ready
	$(BIN)/depthnets figures

bench: ready
	$(BIN)/python -m benchmarks

# OpenCV's usual build wants the system's libGL even to be imported; where there is none, the same version without
# windows takes its place.
ready: .venv/.made
	@$(BIN)/python -c "import cv2" 2>/dev/null || $(PIP) --no-deps --force-reinstall opencv-python-headless==$(OPENCV)

.venv/.made: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(PIP) --constraint requirements.lock --editable '.[test]'
	touch .venv/.made

clean:
	rm -rf .venv
