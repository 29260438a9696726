# make demo: a synthetic country, everything, to a verified release.  make test: does it hold?
PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
LOCK := requirements-$(VERSION).lock
BIN := .venv/bin
READY := .venv/ready-$(VERSION)
DEMO ?= demo
SCALE ?= 1
SOURCES := sandbox tests jobs experiments
# Progress of pip and warnings about its own version tell a newcomer nothing.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test test-all check lock clean

setup: $(READY)

$(READY): $(LOCK) requirements-uv.lock Makefile
	@echo "Setting up .venv for Python $(VERSION): about a minute, 1.8 GB, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(LOCK)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@if command -v npm >/dev/null; then npm install --silent --no-save --no-audit --no-fund --prefix .venv/share/axe axe-core@4.10.3 || true; fi
	@$(BIN)/sandbox doctor --fetch
	@touch $(READY)

demo: setup
	@$(BIN)/sandbox demo --scale $(SCALE) --folder $(DEMO)

test: setup
	@$(BIN)/pytest -m "not slow" -q

test-all: setup
	@$(BIN)/pytest -q --timeout 3600

check: setup
	@echo "format";       $(BIN)/ruff format --check --quiet $(SOURCES)
	@echo "lint";         $(BIN)/ruff check --quiet $(SOURCES)
	@echo "types";        $(BIN)/mypy
	@echo "architecture"; $(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

# The locks hold names, versions and hashes; where packages come from is the machine's business.
lock:
	@for version in 3.11 3.12 3.13; do \
	  $(BIN)/uv pip compile --quiet pyproject.toml --extra lake --extra dev --python-version $$version --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-platform x86_64-manylinux_2_28 \
	    --output-file requirements-$$version.lock; done
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --universal --output-file requirements-uv.lock requirements-uv.in

clean:
	rm -rf $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
