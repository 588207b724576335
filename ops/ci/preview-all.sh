#!/usr/bin/env bash
# Preview several stacks into a folder: preview-all.sh PLANS [--since COMMIT | --refresh]
set -euo pipefail

plans=$1
shift
if [[ ${1:-} == --since ]]; then
    stacks=$(python -m ops.ci stacks "$@")
    set --
else
    stacks=$(python -m ops.ci stacks)
fi
mkdir -p "$plans"
for stack in $(python -c 'import json, sys; print(*json.loads(sys.argv[1]))' "$stacks"); do
    ops/ci/with-cluster.sh python -m ops.ci preview "$@" --stack "$stack" --out "$plans"
done
