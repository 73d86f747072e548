# Everything here works on a fresh machine with python3 (3.10 to 3.13, with venv), make and the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INCIDENT ?= local/incidents/2022-12-18-hong-kong-cooling.json
SPEED ?= 600
STORE ?= sqlite
STATUS_PORT ?= 8080

.PHONY: run replay test prove bench docs check format bundle local-bundle install clean

run: local-bundle
	@$(BIN)/python -m local run --incident "$(INCIDENT)" --speed $(SPEED) --port $(STATUS_PORT) --store $(STORE)

replay: local-bundle
	@$(BIN)/python -m local replay --incident "$(INCIDENT)" --speed $(SPEED) --store $(STORE)

test: local-bundle
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

prove: local-bundle
	@$(BIN)/python -m pytest -m prove
	@SIMULATION_EXAMPLES=2000 SIMULATION_STEPS=100 $(BIN)/python -m pytest tests/simulation/test_state_machine.py
	@PYTHONPATH=.:shared $(BIN)/python -m tests.simulation.prove
	@PYTHONPATH=.:shared $(BIN)/python -m tests.death.prove
	@PYTHONPATH=.:shared $(BIN)/python -m tests.fuzz.prove
	@PYTHONPATH=.:shared $(BIN)/python -m tests.load.prove

bench: local-bundle bundle
	@PYTHONPATH=.:shared $(BIN)/python -m tests.bench

docs: install
	@PYTHONPATH=.:shared $(BIN)/python -m local.api_page

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test

format: install
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bundle: install
	@$(BIN)/python functions/bundle.py

local-bundle: install
	@$(BIN)/python functions/bundle.py --local

install: $(VENV)/.installed

$(VENV)/.installed: requirements.txt pyproject.toml Makefile
	@echo "installing into $(VENV) (once; a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .  # the command shd-relay
	@touch $@

clean:
	rm -rf $(VENV) .build var .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
