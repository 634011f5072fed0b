# What one does with Darkroom, by name. Every target first installs what it needs; all it takes is
# Python 3.11 or newer and make, as root or as an ordinary user.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test chaos check bench format lock clean browser redis clock exiftool

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

# make test BROWSER=no leaves the browser tests out, SLOW=no what takes many minutes: the faults one
# by one and in a storm, the bugs planted in the ledger, stopping and starting a whole Darkroom, each
# page in three looks more, pages over a slow line, comparing, recipes, the viewer, staff's credits,
# dragging, pinching and the moderators' keys; make test ARGS="-k words" is handed on to pytest.
BROWSER := yes
SLOW := yes
ARGS :=
# Tests wait for processes and pages about as long as they compute.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
LEFT_OUT := $(strip $(if $(filter no,$(BROWSER)),browser) $(if $(filter no,$(SLOW)),slow))
MARKS := $(if $(LEFT_OUT),-m "not ($(subst $() , or ,$(LEFT_OUT)))")

help:
	@echo "make run      the whole product on this machine, at http://127.0.0.1:8000"
	@echo "make test     all tests (BROWSER=no: without those that need Chromium; SLOW=no: without"
	@echo "              what takes many minutes; ARGS: for pytest)"
	@echo "make chaos    random faults over 2,000 requests, some minutes (ARGS=\"--seed N\": one again)"
	@echo "make check    lint, types, templates, containers, migrations, locks, import rules"
	@echo "make bench    benchmarks, as a table and in tests/bench/results/"
	@echo "make format   lays the code out"
	@echo "make lock     refreshes the hashed requirements (UPGRADE=1: to the newest versions)"
	@echo "make clean    removes what the other targets made, but not data/"

run: .venv/base.stamp
	@exec $(BIN)/python manage.py up

# No test calls a provider with the key in somebody's .env.
test chaos check bench: export ENV_FILE := /dev/null

test: $(if $(filter no,$(BROWSER)),,browser) .venv/dev.stamp redis clock exiftool
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(MARKS) $(ARGS); status=$$?; \
	$(foreach part,$(LEFT_OUT),echo "The tests marked $(part) were left out, as asked for.";) exit $$status

chaos: .venv/dev.stamp
	@$(BIN)/python -m tests.chaos.storm $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/shellcheck docker/entrypoint.sh .ci/run
	$(BIN)/pytest --quiet tests/test_architecture.py tests/config/test_locks.py tests/config/test_migrations.py

bench: .venv/dev.stamp browser
	@$(BIN)/python tests/bench/run.py $(ARGS)

format: .venv/dev.stamp
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: .venv/dev.stamp
	$(COMPILE) requirements/base.in --output-file requirements/base.txt
	$(COMPILE) requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, again only when a lock changed.

.venv/base.stamp: requirements/base.txt | .venv/bin/pip
	@echo "Installing what Darkroom needs (a minute or two, the first time)"
	@$(INSTALL) --requirement $<
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/bin/pip
	@echo "Installing what the tests and checks need"
	@$(INSTALL) --requirement $<
	@touch $@ .venv/base.stamp

.venv/bin/pip:
	@for python in $(PYTHON) python3.11 python3 python3.12 python3.13; do \
		$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue; \
		exec $$python -m venv .venv; \
	done; \
	echo "Darkroom needs Python 3.11 or newer with its venv module (on Debian: apt-get install python3-venv)." >&2; \
	exit 1

# Programs that no package index carries: taken from Debian where we may, asked for where we may not.

define provide
	@command -v $(1) > /dev/null || test -x $(BIN)/$(1) || { \
		if test "$$(id -u)" = 0 && command -v apt-get > /dev/null; then \
			echo "Installing $(2)"; \
			apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) > /dev/null; \
		else \
			echo "The tests need $(1). Install it: sudo apt-get install -y $(2)$(3)" >&2; exit 1; \
		fi; }
endef

browser:
	$(call provide,chromium,chromium fonts-liberation, (or leave its tests out: make test BROWSER=no))

redis: .venv/dev.stamp
	$(call provide,redis-server,redis-server)

clock:
	$(call provide,faketime,faketime)

exiftool:
	$(call provide,exiftool,libimage-exiftool-perl)
