# make demo    the whole story on the simulator, in half a minute
# make test    everything that must hold before a change lands
PYTHON ?= python3
BIN := .venv/bin
# how many tests run beside each other, where they are many and small
WORKERS ?= auto
SOURCES := plugins extensions tests
CORES := $(shell nproc 2>/dev/null || echo 2)
# where each waits for processes of its own
WAITING ?= $(shell expr $(CORES) \* 2)
# how many targets at a time, of those that use one core for most of their time
JOBS ?= $(shell expr $(CORES) + 1)
# What takes one core for a moment, what takes all cores by itself, and what is quicker several at a time, the longest
# first. All unit tests are run by coverage.
QUICK := lint types
ALONE := coverage contract integration
BESIDE := matrix sanity publishing e2e

.PHONY: help setup demo test lint types unit coverage mutants contract integration e2e matrix browser rulebook sanity publishing docs clients bench pictures release clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9_-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## make .venv (quick when it is there)
	@$(PYTHON) tests/tools/setup.py

demo: setup ## show the collection at work on the simulator
	@PATH="$(CURDIR)/$(BIN):$$PATH" ANSIBLE_CALLBACK_RESULT_FORMAT=yaml $(BIN)/python -m azure_simulator exec --fleet demo --provisioning 1s -- \
		ansible-playbook -i playbooks/inventory/demo.jit_vms.yml playbooks/demo.yml

test: setup ## what must hold before a change lands; what CI runs
	@$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync=target $(QUICK) browser rulebook
	@$(MAKE) --no-print-directory $(ALONE)
	@$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync=target $(BESIDE)

lint: setup ## style, by ruff
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: setup ## types, by mypy strict
	$(BIN)/mypy .cache/tree/ansible_collections/jitfleet/azure/plugins
	$(BIN)/mypy extensions/azure_simulator extensions/eda tests

unit: setup ## the parts by themselves
	$(BIN)/pytest -q -n $(WORKERS) tests/unit

coverage: setup ## all unit tests, and what they reach of plugins' lines and branches: 100 % of the core, 95 % of all
	$(BIN)/python tests/tools/covered.py --workers $(WORKERS) --waiting $(WAITING)

mutants: setup ## whether tests notice small changes of the core's code, where a mistake lets somebody in (half an hour)
	$(BIN)/python tests/tools/mutants.py

contract: setup ## against Microsoft's API description, the recordings and the official clients
	$(BIN)/pytest -q -n $(WORKERS) tests/contract

integration: setup ## each module and plugin on the simulator
	$(BIN)/pytest -q -n $(WAITING) tests/integration

e2e: setup browser rulebook ## whole playbooks on the simulator, and the report in a browser
	$(BIN)/pytest -q -n $(WAITING) tests/e2e

matrix: matrix-2.21 matrix-2.20 matrix-2.19 ## what must hold on every ansible-core, on those that .venv doesn't have

matrix-%: setup
	@$(MAKE) --no-print-directory browser rulebook  # not before, for then make begins with what is shorter
	$(BIN)/python tests/tools/matrix.py --core $* --workers $(WORKERS) --waiting $(WAITING)

browser: setup ## what the report's tests need: Chromium, by apt-get where this is root's machine, and axe-core by npm
	@$(BIN)/python tests/tools/browser.py

rulebook: setup ## ansible-rulebook for the tests of event-driven automation, where the machine has Java
	@$(BIN)/python tests/tools/rulebook.py

sanity: sanity-2.21 sanity-2.20 sanity-2.19 ## ansible-test sanity on each supported ansible-core that this machine's Pythons can run

sanity-%: setup
	$(BIN)/python tests/tools/sanity.py --core $*

publishing: setup ## what Galaxy and Automation Hub would check, on what they would get, and the documentation's site
	$(BIN)/python tests/tools/publishing.py

docs: setup ## the documentation as a site, in .cache/site/html
	$(BIN)/python tests/tools/publishing.py --docs

clients: setup ## az, azure.azcollection and Microsoft's SDKs against the simulator (the first run installs them)
	$(BIN)/python tests/tools/clients.py

bench: setup ## side-by-side figures
	$(BIN)/python tests/bench
	$(BIN)/python tests/bench/inventory.py
	$(BIN)/python tests/bench/simulator.py

pictures: setup browser ## the README's pictures, made anew by a run of the demo
	$(BIN)/python tests/tools/pictures.py

release: setup ## make a release in this checkout, without publishing it: make release VERSION=1.2.0
	@$(BIN)/python tests/tools/release.py "$(VERSION)"

clean: ## remove what the other targets made
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
