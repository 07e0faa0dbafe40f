# The two commands that a new user needs: make demo, make test. Everything installs into .venv.

PYTHON ?= $(shell for v in 3.13 3.12 3.11; do command -v python$$v >/dev/null 2>&1 && python$$v -c 'import venv, ensurepip' >/dev/null 2>&1 && echo python$$v && break; done || true)
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

# Tests start hundreds of interpreters: each would compile the source anew.
unexport PYTHONDONTWRITEBYTECODE

AXE := build/axe-4.14.1/node_modules/axe-core/axe.min.js

.PHONY: demo test test-browser test-slow test-gpu test-minimum test-rapids-api bench bench-gpu docker-lint readme-table check docs clean

demo: $(VENV)/.installed  ## synthetic tables, a full run, and where the results are
	rm -f $(DEMO)/arrests/*_[0-9][0-9][0-9][0-9]-[0-9][0-9].parquet
	$(BIN)/gpunet synth --persons 10000 --seed 1 --out $(DEMO)/arrests
	$(BIN)/gpunet run $(DEMO)/arrests --out $(DEMO)/run --start-over

test: $(VENV)/.installed-dev  ## lint, types, tests
	BIN=$(BIN) scripts/check
	$(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

test-browser: $(VENV)/.installed-dev $(AXE)  ## every page in a real Chromium; pictures of them in build/screenshots
	AXE=$(AXE) $(BIN)/python -m pytest tests/browser/check_*.py

test-slow: $(VENV)/.installed-dev  ## before a release: all tests, also the long repetitions, with more drawn examples
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.installed-dev  ## lint and types only
	BIN=$(BIN) scripts/check

test-gpu: $(VENV)/.installed-gpu  ## the GPU engine against the CPU engine, on this machine's GPU; a skip is a failure
	$(BIN)/python -m pytest tests/gpu

docker-lint: $(VENV)/.installed-dev  ## lint the Dockerfiles; make test does it too, and checks their versions
	$(BIN)/hadolint docker/*.Dockerfile

test-minimum: pyproject.toml  ## the tests with the lowest versions that pyproject.toml admits (Python 3.11 or 3.12)
	$(PYTHON) -m venv .venv-minimum
	.venv-minimum/bin/python scripts/minimum_versions.py > .venv-minimum/constraints.txt
	.venv-minimum/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-minimum/bin/python -m pip install --quiet -c .venv-minimum/constraints.txt -e . --group dev
	.venv-minimum/bin/python -m pytest -m "not slow" -n auto --dist worksteal

test-rapids-api: pyproject.toml  ## calls of GPU libraries against the real ones; downloads about 3 GB, no GPU
	$(PYTHON) -m venv .venv-rapids
	.venv-rapids/bin/python -m pip install --quiet --upgrade "pip>=25.1" packaging
	.venv-rapids/bin/python scripts/resolve_gpu_extra.py
	.venv-rapids/bin/python -m pip install --quiet -e ".[gpu]" --group dev
	RAPIDS_NO_INITIALIZE=1 .venv-rapids/bin/python -m pytest tests/rapids_api/check_*.py

bench: $(VENV)/.installed-dev  ## timings beside other libraries, within ten minutes; results in runs/benchmarks
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python -m benchmarks --threads 2 --out runs/benchmarks

bench-gpu: $(VENV)/.installed-gpu  ## the GPU engine beside cuGraph and our CPU engine; results in runs/benchmarks-gpu
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench-gpu
	$(BIN)/python -m benchmarks --engine gpu --limit 120 --out runs/benchmarks-gpu

readme-table: $(VENV)/.installed-dev  ## rewrite the table in README.md from benchmarks/results/*.json
	$(BIN)/python scripts/readme_benchmarks.py

docs: $(VENV)/.installed-dev  ## rewrite the pages that are made from the code
	$(BIN)/python scripts/make_feature_docs.py
	$(BIN)/python scripts/make_result_docs.py
	$(BIN)/python scripts/make_architecture.py
	$(BIN)/python scripts/make_config_schema.py

.PHONY: site gallery

site: $(VENV)/.installed-dev  ## the documentation as a site, with warnings as errors; its first page is build/site/index.html
	$(BIN)/python scripts/make_site.py

gallery: $(VENV)/.installed-dev  ## the pictures of reports in docs/gallery, and their page; needs Chromium and its driver
	$(BIN)/python scripts/make_gallery.py

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 (with venv) is needed; none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	touch $@

$(VENV)/.installed-gpu: $(VENV)/.installed-dev pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[gpu]"
	touch $@

# axe-core, which tests how accessible a page is, for development alone (MPL-2.0).
build/axe-%/node_modules/axe-core/axe.min.js:
	@command -v npm >/dev/null || { echo "make test-browser needs npm, for axe-core: on Debian and Ubuntu apt-get install npm"; exit 1; }
	npm install --prefix build/axe-$* --no-save --ignore-scripts --no-audit --no-fund --loglevel=error axe-core@$*

clean:
	rm -rf $(VENV) .venv-minimum .venv-rapids build $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
