# Every command sets up what it needs: the virtual environment, the packages, the bundles, the servers.
# On the machine there must be Python 3.11 or newer, make, and a way to the package registries.

PYTHON ?=
python := $(shell for each in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
local = @$(require-python); exec "$(python)" -m esa.local
require-python = test -n "$(python)" || { echo "✗ esa needs Python 3.11 or newer, and there is" \
	"$$(python3 --version 2>/dev/null || echo none) here: install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
uv = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.DEFAULT_GOAL := help
.PHONY: help run test lint setup manage shell assets messages lock

help: ## This list
	@echo "make COMMAND, where COMMAND is"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '%-12s%s\n' "$$name" "$$what"; done

run: ## Start esa on this machine with a demo team (PORT=8000; DATABASE_URL and REDIS_URL, if set, are used)
	$(local) run

test: ## Everything that must hold: linters, types, tests, browser tests (ARGS="-k name": only such tests)
	$(local) test $(ARGS)

lint: ## Linters and types; are migrations complete, would production start
	$(local) lint

setup: ## Only set up: virtual environment, packages, bundles, translations
	$(local) setup

manage: ## A management command (ARGS="import_markdown docs folder") on the data of `make run`
	$(local) manage $(ARGS)

shell: ## A Python shell on the data of `make run`
	$(local) manage shell

assets: ## Bundle the front end anew
	@rm -rf esa/static/bundles
	$(local) setup

messages: ## Collect new strings into esa/locale (needs GNU gettext)
	$(local) messages

lock: setup ## Pin anew what requirements*.in and package.json ask for
	$(uv) requirements.in --output-file requirements.txt
	$(uv) requirements-dev.in --output-file requirements-dev.txt
	$(uv) requirements-node.in --output-file requirements-node.txt
	npm install --package-lock-only --ignore-scripts
