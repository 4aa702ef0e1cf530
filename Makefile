# The commands of this project. Each is a short script in scripts/, or one line here.
.PHONY: run test check fmt gen e2e screens bench assets help

help: ## Names the commands
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Builds, fills ./data with the demo shop when it is empty, serves on http://127.0.0.1:8080
	@scripts/run

test: ## Everything that CI runs (scripts/test --list names the steps; make test STEPS="clippy sqlite")
	@scripts/test $(STEPS)

check: ## The quick part of it, for every save
	@scripts/test format clippy layers catalogue sqlite

fmt: ## Formats the sources
	cargo fmt --all

gen: ## Makes docs/openapi.json, peyvand.toml.example and schema/*.sql from the program
	@scripts/gen

assets: ## Builds the stylesheet, scripts, icons and font
	@bash -c ". scripts/lib.sh && need_build_tools && build_assets"

e2e: ## The browser journeys alone
	@scripts/test assets binary browser restart

screens: ## Pictures of all pages into ./target/screens
	@scripts/screens

bench: ## Measures what docs/benchmarks.md promises
	@bench/run
