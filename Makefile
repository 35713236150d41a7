# Thin over `python -m` commands; README.md names them for where there is no make.
#   make report [PERIOD=2026-09] [PARAMS=params/2026-09.yaml] [ARGS=--strict]
PYTHON ?= $(shell command -v python3 || command -v python)
PARAMS ?=
PERIOD ?= $(if $(PARAMS),,2026-09)
ARGS ?=
RUN := .venv/bin/python

.PHONY: report test lab bench clean setup

report: setup
	@$(RUN) -m helpers report $(PERIOD) $(if $(PARAMS),--params $(PARAMS)) $(ARGS)

test: setup
	@$(RUN) -m tests.run

lab: setup
	@$(RUN) -m helpers lab

bench: setup
	@$(RUN) -m benchmarks

setup:
	@$(PYTHON) -m helpers.setup

clean:
	rm -rf .venv .cache .pytest_cache .hypothesis *.egg-info
