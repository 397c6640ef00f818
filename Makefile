# `make` lists the targets. `make check` is what a change must pass.

GO ?= go

# The race detector is on wherever there is a C compiler, which it needs. Every test that starts goroutines is called TestRace...
# (internal/tidy), and only those run under it: in the others it finds nothing, and takes most of the time.
RACE ?= $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
# SQLite's own C, translated to Go, is left out of it: its locks are its own, and instrumented it takes two thirds of the time. Only
# these packages: others share instances of generic functions with ours, which would lose what the detector must see.
UNRACED := $(foreach p,modernc.org/sqlite/lib modernc.org/libc modernc.org/memory,-gcflags=$(p)=-race=false)
PKGS ?= ./...
# Packages at once: more than there are processors, for each waits for a server of its own part of the time.
AT_ONCE ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)

# For one test: make test PKGS=./accounting TEST_FLAGS='-run Reverse -v'
TEST_FLAGS   ?=
TEST_TIMEOUT ?= 25m
SOAK_TIMEOUT ?= 4h
BENCH        ?= .

# Run from source at a fixed version, so that a fresh machine needs nothing but Go. Its own go.mod is used, not ours.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

# As internal/pgtest looks for it: a given server, Debian's layout, PATH.
have_postgres = test -n "$$ERP_TEST_POSTGRES" || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1

# The programs that read what accounting/exchange and accounting/einvoice write, as package:program. They are the independent oracle of their tests.
oracles := hledger:hledger ledger:ledger beancount:bean-check beancount:bean-query xsltproc:xsltproc

# The folders of PKGS that have a TestRace.
race_list = $$($(GO) list -f '{{$$d := .Dir}}{{range .TestGoFiles}}{{$$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$d}}/{{.}} {{end}}' $(PKGS) | xargs grep -l '^func TestRace' | xargs -n1 dirname | sort -u)

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
setup: ## find PostgreSQL's binaries, the plain-text accounting tools and xsltproc, or install them (Debian, as root)
	@want=""; $(have_postgres) || want="postgresql"; \
	for tool in $(oracles); do command -v $${tool#*:} >/dev/null 2>&1 || want="$$want $${tool%:*}"; done; \
	if [ -z "$$want" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then \
		echo "installing what the tests need: $$want"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get -q update && apt-get -qy --no-install-recommends install $$want; \
	fi; \
	for tool in $(oracles); do command -v $${tool#*:} >/dev/null 2>&1 || \
		{ echo "make: the tests need hledger, ledger and beancount, which read the journals that we export, and xsltproc, which reads our invoices: install the packages of these names" >&2; exit 1; }; done; \
	if $(have_postgres); then exit 0; fi; \
	echo "make: the tests need PostgreSQL 15 or later: install the server package (Debian: postgresql, Fedora: postgresql-server, Homebrew: postgresql@17), or set ERP_TEST_POSTGRES to a superuser's URL" >&2; \
	exit 1

.PHONY: test
test: setup ## run all tests, on SQLite and on a throw-away PostgreSQL
	@if [ -z "$(RACE)" ]; then echo "make: no C compiler (or RACE is empty): testing without the race detector" >&2; fi
	@races="$(race_list)"; if [ -n "$$races" ]; then set -x; $(GO) test -p $(AT_ONCE) $(RACE) $(UNRACED) -vet=off -run '^TestRace' -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $$races; fi
	$(GO) test -p $(AT_ONCE) -skip '^TestRace' -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(PKGS)
ifeq ($(PKGS),./...)
	cd examples/server && $(GO) test -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...
endif

.PHONY: soak
soak: setup ## run the long proofs: many seeds, a million rows, every kill point (hours)
	$(GO) test -tags soak -p $(AT_ONCE) -timeout $(SOAK_TIMEOUT) $(TEST_FLAGS) ./...

.PHONY: bench
bench: setup ## print our speed beside the same rows written by hand, on both engines (BENCH=word: only some)
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
