#!/usr/bin/env bash
# Make the environment that Pulumi.yaml names: Pulumi runs the program in it, and so do the steps that follow.
set -euo pipefail

python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
if [[ -n ${GITHUB_PATH:-} ]]; then
    echo "$PWD/.venv/bin" >>"$GITHUB_PATH"
fi
