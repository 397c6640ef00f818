# `make` lists the targets. `make check` is what a change must pass.

GO ?= go

# The race detector is on for RACE_PKGS wherever there is a C compiler, which it needs. PLAIN_PKGS are taken out of them and
# tested without it: put a package there only when it starts no goroutines and takes long.
RACE       ?= $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
RACE_PKGS  ?= ./...
PLAIN_PKGS ?= ./examples/... ./tenancy/tenantlint/...
# Here every test that starts goroutines is called TestRace..., so only those run under the race detector.
RACES_ONLY ?= . ./accounting ./accounting/bank ./accounting/exchange ./inventory/... ./pos ./sales ./tenancy ./tenancy/access
# The laws walk random histories on one goroutine: the race detector finds nothing there, and takes most of the time.
LAWS       ?= Laws$$

# For one test: make test RACE_PKGS=./accounting TEST_FLAGS='-run Reverse -v'
TEST_FLAGS   ?=
TEST_TIMEOUT ?= 15m
SOAK_TIMEOUT ?= 4h
BENCH        ?= .

# Run from source at a fixed version, so that a fresh machine needs nothing but Go. Its own go.mod is used, not ours.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

# As internal/pgtest looks for it: a given server, Debian's layout, PATH.
have_postgres = test -n "$$ERP_TEST_POSTGRES" || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1

# The programs that read what accounting/exchange writes, as package:program. They are the independent oracle of its tests.
oracles := hledger:hledger ledger:ledger beancount:bean-check beancount:bean-query

race_list = $(if $(PLAIN_PKGS),$$($(GO) list $(RACE_PKGS) | grep -vxF "$$($(GO) list $(PLAIN_PKGS) $(RACES_ONLY))"),$(RACE_PKGS))

# The packages whose tests know -update, by their own flag or through a shared helper.
golden_list = $$(git grep --untracked -lE 'internal/golden|flag\.Bool\("update"' -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed 's,^,./,')

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: quickstart
quickstart: ## book the sample month on an embedded database and print what came of it
	$(GO) run ./examples/quickstart

.PHONY: setup
setup: ## find PostgreSQL's binaries and the plain-text accounting tools, or install them (Debian, as root)
	@want=""; $(have_postgres) || want="postgresql"; \
	for tool in $(oracles); do command -v $${tool#*:} >/dev/null 2>&1 || want="$$want $${tool%:*}"; done; \
	if [ -z "$$want" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then \
		echo "installing what the tests need: $$want"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get -q update && apt-get -qy --no-install-recommends install $$want; \
	fi; \
	for tool in $(oracles); do command -v $${tool#*:} >/dev/null 2>&1 || \
		{ echo "make: the tests need hledger, ledger and beancount, which read the journals that we export: install the packages of these names" >&2; exit 1; }; done; \
	if $(have_postgres); then exit 0; fi; \
	echo "make: the tests need PostgreSQL 15 or later: install the server package (Debian: postgresql, Fedora: postgresql-server, Homebrew: postgresql@17), or set ERP_TEST_POSTGRES to a superuser's URL" >&2; \
	exit 1

.PHONY: test
test: setup ## run all tests, on SQLite and on a throw-away PostgreSQL
	@if [ -z "$(RACE)" ]; then echo "make: no C compiler (or RACE is empty): testing without the race detector" >&2; fi
	$(GO) test $(RACE) -skip '$(LAWS)' -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(race_list)
	$(GO) test -run '$(LAWS)' -timeout $(TEST_TIMEOUT) $(race_list)
ifneq ($(strip $(PLAIN_PKGS)),)
	$(GO) test $(RACE) -run '^TestRace' -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(RACES_ONLY)
	$(GO) test -skip '^TestRace' -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(RACES_ONLY)
	$(GO) test -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(PLAIN_PKGS)
	cd examples/server && $(GO) test -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...
endif

.PHONY: soak
soak: setup ## run the long proofs: many seeds, a million rows, every kill point (hours)
	$(GO) test -tags soak -timeout $(SOAK_TIMEOUT) $(TEST_FLAGS) ./...

.PHONY: bench
bench: setup ## print the main job's speed beside the same rows written by hand, on both engines
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout $(SOAK_TIMEOUT) $(TEST_FLAGS) ./...

MUTATE ?=

.PHONY: mutate
mutate: setup ## take the walls between tenants down, one at a time, and see that the tests notice (MUTATE=word: only some)
	$(GO) run ./internal/mutate $(MUTATE)

.PHONY: golden
golden: setup ## run the tests with -update, which rewrites the golden files: read the difference
	$(GO) test $(TEST_FLAGS) $(golden_list) -update

.PHONY: vet
vet: ## go vet, and no file is kept in git that git is told to ignore (a master key was, once)
	@kept=$$(git ls-files -ci --exclude-standard 2>/dev/null); if [ -n "$$kept" ]; then echo "in git, though ignored: $$kept" >&2; exit 1; fi
	$(GO) vet ./...
	cd examples/server && $(GO) vet ./...

# Without the commit in it the program stays the same, and go vet keeps what it found.
.PHONY: tenantlint
tenantlint: ## what a host runs on its code (tenancy/tenantlint), on this project
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	$(GO) build -buildvcs=false -o "$$dir/tenantlint" ./tenancy/tenantlint/cmd/tenantlint && $(GO) vet -vettool="$$dir/tenantlint" -tenantlint.allow=$$($(GO) list -m)/tenancy/... ./...

.PHONY: lint
lint: tenantlint ## golangci-lint, at the version fixed here, and tenantlint
	$(GOLANGCI) run ./...
	cd examples/server && $(GOLANGCI) run --config ../../.golangci.yml ./...

.PHONY: fmt
fmt: ## format the tree
	$(GOLANGCI) fmt ./...

.PHONY: check
check: vet lint test ## everything a change must pass
