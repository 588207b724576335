# The commands of this project; README.md explains them. STACK names the stack file, Pulumi.$(STACK).yaml.
STACK ?= dev
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
TESTS ?= tests
# Test files at once, each of these processes with a control plane of its own: most tests wait more than they compute.
PROCESSES ?= 3
PYTEST = $(RUN) -m pytest -n $(PROCESSES) --dist loadfile
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or later is needed: make … PYTHON=/path/to/python3.11" >&2; exit 1; }
# Each of these needs many minutes, or builds of its own.
LONG_TESTS = $(foreach name,adopt_first_generation adopt_helm doctor doctor_systems faults guides impact,tests/e2e/test_$(name).py)
# One process, and after all others: it leaves the machine's network. Why it skips everything is said once.
NODE_TESTS = $(RUN) -m pytest tests/node -rfE
# The oldest version that local/cluster can build.
OLDEST_KUBERNETES = $(shell $(RUN) -c 'from local.cluster.layout import versions; print(versions()[0])')

.DEFAULT_GOAL := help
ifeq ($(strip $(STACK)),)
$(error STACK is empty. Name a stack file: STACK=dev for Pulumi.dev.yaml)
endif
.PHONY: help up preview impact drift destroy outputs pulumi policy docs lock sbom build test test-unit test-oldest test-disturbed test-properties test-long test-node lint golden bench cluster-up cluster-down clean

help:
	@echo "make up | preview | outputs | destroy      STACK=$(STACK); SHOW_SECRETS=1 for outputs, PURGE=1 for destroy,"
	@echo "                                           YES=1 to skip the question on a real cluster"
	@echo "make impact                                who will notice the next up: docs/impact.md"
	@echo "make drift                                 what differs from the last up; fails if anything does"
	@echo "make pulumi ARGS=\"config set …\"           any other pulumi command, on the stack"
	@echo "make docs                                  the handbook as a site, in the folder site"
	@echo "make policy                                install what the policy pack needs: docs/policy.md"
	@echo "make test | test-unit | lint               the checks that a change must pass"
	@echo "make golden                                rewrite the rendered manifests in tests/golden"
	@echo "make test-oldest                           the life of a stack on the oldest Kubernetes"
	@echo "make test-long                             tests that take many minutes: takeovers, faults, the doctor"
	@echo "make test-node                             pods on a real node, in namespaces of their own; needs root"
	@echo "make test-disturbed                        runs killed at every object, every fault in every phase"
	@echo "make test-properties                       10,000 generated configs on a real API server"
	@echo "make bench                                 measure: docs/performance.md; BENCH=\"--only NAME\""
	@echo "make lock                                  requirements.txt from requirements.in; UPGRADE=1 for the newest"
	@echo "make sbom                                  what is installed and built, as CycloneDX: docs/releases.md"
	@echo "make build                                 find or build Kubernetes and Pulumi, and nothing else"
	@echo "make cluster-up | cluster-down             start or stop the embedded Kubernetes; its data stays"
	@echo "make clean                                 delete the embedded Kubernetes, and the states in .state"

# One environment for everything; it is updated when a pinned version changes.
$(VENV)/runtime: requirements.txt
	@$(CHECK_PYTHON)
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages …" >&2
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/development: $(VENV)/runtime requirements-dev.txt
	@echo "Installing Python packages for development …" >&2
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

up preview: $(VENV)/runtime
	@$(RUN) -m local.run $@ --stack '$(STACK)'

outputs: $(VENV)/runtime
	@$(RUN) -m local.run outputs --stack '$(STACK)' $(if $(SHOW_SECRETS),--show-secrets)

impact: $(VENV)/runtime
	@$(RUN) -m ops impact --stack '$(STACK)'

drift: $(VENV)/runtime
	@$(RUN) -m ops drift --stack '$(STACK)'

destroy: $(VENV)/runtime
	@$(RUN) -m local.run destroy --stack '$(STACK)' $(if $(PURGE),--purge)

pulumi: $(VENV)/runtime
	@$(RUN) -m local.run pulumi --stack '$(STACK)' -- $(ARGS)

docs: docs-venv/complete
	@echo "Building the handbook …" >&2
	@NO_MKDOCS_2_WARNING=1 docs-venv/bin/mkdocs build --strict --quiet
	@echo "The handbook is in site/index.html. To search it, run this and open http://127.0.0.1:8000:"
	@echo "docs-venv/bin/python -m http.server --bind 127.0.0.1 --directory site"

policy: policy/venv/complete

docs-venv/complete: requirements-docs.txt
policy/venv/complete: policy/requirements.txt
policy/venv/complete: OPTIONS := --require-hashes
docs-venv/complete policy/venv/complete:
	@echo "Installing Python packages …" >&2
	@$(CHECK_PYTHON)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(OPTIONS) -r $<
	@touch $@

# For every platform and Python: pip takes what it needs.
lock: $(VENV)/development
	@for file in requirements policy/requirements; do \
		$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
			$(if $(UPGRADE),--upgrade) --custom-compile-command "make lock" --output-file $$file.txt $$file.in || exit; \
	done

sbom: $(VENV)/development
	@$(RUN) -m generators.sbom dist/sbom.cdx.json

build: $(VENV)/runtime
	@$(RUN) -m local.run build

cluster-up: $(VENV)/runtime
	@$(RUN) -m local.cluster up

cluster-down: $(VENV)/runtime
	@$(RUN) -m local.cluster down

lint: $(VENV)/development
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@git ls-files '*.sh' .ci/run | xargs $(VENV)/bin/shellcheck
	@$(RUN) -m local.actionlint
	@$(VENV)/bin/zizmor --quiet --offline .github/workflows
	@git ls-files '*.jl' | xargs $(VENV)/bin/fatou lint --quiet

test-unit: $(VENV)/development
	@$(RUN) -m pytest tests/unit tests/golden

test: lint build
	@$(PYTEST) $(TESTS) --ignore tests/node $(addprefix --ignore ,$(LONG_TESTS))

test-long: $(VENV)/development build
	@$(PYTEST) $(LONG_TESTS)

test-node: $(VENV)/development build
	@$(NODE_TESTS)

test-oldest: $(VENV)/development build
	@$(RUN) -m local.cluster build --version $(OLDEST_KUBERNETES) >/dev/null
	@KUBERNETES_VERSION=$(OLDEST_KUBERNETES) \
		$(PYTEST) tests/e2e/test_lifecycle.py tests/e2e/test_load_balancer.py tests/e2e/test_refusals.py \
		tests/e2e/test_examples.py

test-properties: $(VENV)/development build
	@HYPOTHESIS_PROFILE=search PROPERTY_EXAMPLES=10000 $(PYTEST) \
		tests/unit/test_any_config.py tests/unit/test_any_change.py tests/e2e/test_any_config.py

test-disturbed: $(VENV)/development build
	@LONG=1 $(RUN) -m pytest tests/e2e/test_disturbed.py tests/e2e/test_faults.py

golden: $(VENV)/development
	@$(RUN) -m pytest tests/golden --update-golden

bench: $(VENV)/development build
	@$(RUN) -m tests.bench $(BENCH)

clean: $(VENV)/runtime
	@$(RUN) -m local.cluster down --wipe
	@rm -rf .state .mypy_cache .ruff_cache .pytest_cache .hypothesis
