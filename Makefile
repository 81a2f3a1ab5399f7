# `make run` starts the suite, `make test` tests it; both make what they need first.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
STAMP := .venv/.installed-$(shell cksum requirements-dev.txt | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.PHONY: help run test test-deps check fuzz bench format lock messages screenshots tour

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 18

run: $(STAMP) ## start every server in the foreground, until Ctrl-C
	@exec $(BIN)/python manage.py serve

tour: $(STAMP) ## prove each promise live, on a server of its own, in about a minute (MESSAGES=1000: shorter)
	@$(BIN)/python -m groupware.tour $(if $(MESSAGES),--messages $(MESSAGES))

test: $(STAMP) ## run the whole suite
	@$(BIN)/python -m tests.run -n $(WORKERS) --dist worksteal

test-deps: ## install the system packages that the tests want (Debian; starts no service)
	@.ci/test-deps

check: $(STAMP) ## what CI runs: format, lint, types, import contracts, migrations, fuzzing, tests
	@$(BIN)/ruff format --check --quiet . || { echo 'Run `make format`.' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python -m tests.fuzz --seconds 30
	@$(BIN)/python -m tests.run -n $(WORKERS) --dist worksteal

fuzz: $(STAMP) ## feed the parsers with inputs made by chance for ten minutes (SECONDS=60: for one)
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

bench: $(STAMP) ## measure beside others (some of it: OF=dav,mail ONLY=month,sync ROUNDS=1 EVENTS=1000 MESSAGES=2000 PEERS=ours)
	@$(BIN)/python -m benchmarks --of '$(OF)' --only '$(ONLY)' --rounds '$(ROUNDS)' \
		--messages '$(MESSAGES)' --events '$(EVENTS)' --peers '$(PEERS)' \
		$(if $(ONLY)$(ROUNDS)$(MESSAGES)$(EVENTS)$(PEERS),,--write)

format: $(STAMP) ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

messages: $(STAMP) ## bring the translations up to date, and compile them
	@$(BIN)/python -m tests.messages

screenshots: $(STAMP) ## take the pictures of docs/pictures anew (EVERY=DIRECTORY: of each page in each look)
	@$(BIN)/python -m tests.pictures $(if $(EVERY),--every --to $(EVERY))

lock: $(STAMP) ## resolve pyproject.toml into the hashed requirements anew
	@.ci/lock

# One stamp per content of the lock file, so that a later start costs a cksum.
$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or later is needed: name it with `make PYTHON=python3.12 …`.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo 'Python cannot make virtual environments here: install the package python3-venv.' >&2; exit 1; }
	@echo 'Making the virtual environment .venv …'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@rm -f .venv/.installed-* && touch $@
