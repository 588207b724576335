#!/usr/bin/env bash
# Run a command with the kubeconfig from the secret variable CLUSTER_KUBECONFIG, in a file that is gone afterwards.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -n ${CLUSTER_KUBECONFIG:-} ]]; then
    (umask 077 && printf '%s\n' "$CLUSTER_KUBECONFIG" >"$folder/kubeconfig")
    export KUBECONFIG=$folder/kubeconfig
fi
# Not for the command and what it starts.
unset CLUSTER_KUBECONFIG
"$@"
