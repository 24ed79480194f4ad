# Every target makes its own virtual environment in .venv; set PYTHON or VENV to choose others.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SAMPLE := samples/images/night-tree-phone.jpg

.PHONY: demo test behavior attack check docs figures site wheel dev clean

demo: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt .
	@mkdir -p demo
	$(BIN)/vaeedit denoise $(SAMPLE) -o demo/denoised.jpg --compare demo/before-after.png \
	  --uncertainty demo/uncertainty.png --exists overwrite
	@echo "result:           demo/denoised.jpg"
	@echo "before and after: demo/before-after.png"
	@echo "uncertainty:      demo/uncertainty.png"

# a process for each core, with one thread each
test: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

# what a hundred commands give, compared with what was recorded on this machine; BEHAVIOR=--write records it
behavior: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	$(BIN)/python tests/behavior/run.py $(BEHAVIOR)

# every program of benchmarks/attack in full; ATTACK="--trials 100" makes all of them short
attack: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	@for program in $$(grep -l __main__ benchmarks/attack/*.py); do \
	  $(BIN)/python $$program $(ATTACK) || failed=1; done; exit $${failed:-0}

check: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=plugins $(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	$(BIN)/python docs/generate.py

# what depends on the shipped weights, again: make figures DATA=data [FIGURES="--only CBSD68 --record"]; hours without --only
figures: $(VENV)/base.done
	@test -n "$(DATA)" || { echo "Give the folder of the test images: make figures DATA=FOLDER"; exit 2; }
	$(PIP) install -q -c constraints.txt ".[dev]"
	$(BIN)/python docs/figures.py $(DATA) $(FIGURES)

# README and docs as pages that can be searched; a link that leads nowhere ends it
site: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[site]"
	$(BIN)/sphinx-build -q -W --keep-going -c docs . build/site
	@echo "open build/site/index.html"

wheel: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt ".[dev]"
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

dev: $(VENV)/base.done
	$(PIP) install -q -c constraints.txt -e ".[dev]"

# torch first and alone: a pinned build, so that nothing else can pull another one in
$(VENV)/base.done: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("vaeedit needs Python 3.11 or newer: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt torch
	@touch $@

clean:
	rm -rf .venv build dist demo runs
