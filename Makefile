# Every target works on a fresh clone with nothing but Go, make and bash.
# One set of build tags everywhere: another set is a cold compile of Caddy.
SHELL := bash
export GOFLAGS := -tags=nobadger,nomysql,nopgx

GOLANGCI_VERSION := v2.15.0
XCADDY_VERSION   := v0.4.5
TOOLS            := $(CURDIR)/.cache/bin
GOLANGCI         := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)
XCADDY           := $(TOOLS)/xcaddy-$(XCADDY_VERSION)

# How long each fuzz target runs, in seconds: as a part of make test, and by
# make fuzz, which has time, 60 where nobody says otherwise.
FUZZ_SECONDS ?= 10
# How long make soak takes.
SOAK ?= 5m
# inside: the race detector for every package that tests in its own process.
# pure: only for those that do not pull in Caddy, which spares its second compile.
# all: also for the gateway that the black-box tests start.
RACE ?= inside
# Which packages bench and cover look at.
PKG ?= ./...

.PHONY: help build run test fuzz soak bench load million cover docs pictures lint xcaddy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## compile bin/caddy: Caddy, its standard modules and this one
	go build -o bin/caddy ./caddymodule/cmd/caddy

run: build ## start the tour of Caddyfile.example on http://localhost:8080
	@scripts/run.sh

test: ## run every test, then every fuzz target for FUZZ_SECONDS
	@scripts/need.sh redis-server prometheus promtool chromium gcc curl ps openssl
	@RACE=$(RACE) scripts/test.sh
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

fuzz: ## run every fuzz target for FUZZ_SECONDS, 60 by default
	@FUZZ_SECONDS=$(if $(filter file,$(origin FUZZ_SECONDS)),60,$(FUZZ_SECONDS)) scripts/fuzz.sh

soak: ## call two gateways for SOAK while clients are killed and Redis restarts
	@scripts/need.sh redis-server ps
	go test ./tests/faults/soak -count=1 -v -timeout 0 -args -lasts $(SOAK) -restarts 20s

bench: ## run the benchmarks of PKG on one core and on two
	go test -run '^$$' -bench . -benchmem -cpu 1,2 $(PKG)

load: ## measure a validated request beside a plain one, and issuing and refusing, in one run
	go test ./tests/load -count=1 -v -timeout 0 -args -rounds 11 -lasts 1s -gate 1.05

million: ## time the pages of the management over a million clients, in both stores; takes minutes
	@scripts/need.sh redis-server
	go test ./tests/million -count=1 -v -timeout 0 -args -clients 1000000 -applications 1000 -statements 2000 -times 100 -gate 200ms

cover: ## measure the coverage of the verifiers and parsers, which must be 95 %, or that of PKG
	@PKG="$(if $(filter command line environment,$(origin PKG)),$(PKG))" scripts/cover.sh

docs: ## write what is made from the code: the table of rooms, and the OpenAPI document of the management API
	go test ./tests/architecture -count=1 -run TestTheTableOfRoomsIsCurrent -update
	go test ./internal/managementapi -count=1 -run TestTheDocumentIsWhatTheOperationsAre -update

pictures: ## take the pictures of the console in docs/images anew
	@scripts/need.sh chromium
	go test ./tests/browser -count=1 -run TestEveryPageCanBeReadByEverybody -update

lint: $(GOLANGCI) ## go vet, gofmt, golangci-lint, shell syntax
	@GOLANGCI=$(GOLANGCI) scripts/lint.sh

xcaddy: $(XCADDY) ## install the pinned xcaddy into .cache/bin

clean: ## remove what the targets above made in this folder
	rm -rf bin .cache

# The tools are built without our tags: their own caches must not depend on them.
$(GOLANGCI):
	GOFLAGS= GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(TOOLS)/golangci-lint $@

$(XCADDY):
	GOFLAGS= GOBIN=$(TOOLS) go install github.com/caddyserver/xcaddy/cmd/xcaddy@$(XCADDY_VERSION)
	mv $(TOOLS)/xcaddy $@
