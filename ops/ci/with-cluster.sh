#!/usr/bin/env bash
# Run a command with the kubeconfig from the secret variable CLUSTER_KUBECONFIG, in a file that is gone afterwards.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -f ${CLUSTER_KUBECONFIG:-} ]]; then
    # A GitLab variable of type File.
    export KUBECONFIG=$CLUSTER_KUBECONFIG
elif [[ -n ${CLUSTER_KUBECONFIG:-} ]]; then
    (umask 077 && printf '%s\n' "$CLUSTER_KUBECONFIG" >"$folder/kubeconfig")
    export KUBECONFIG=$folder/kubeconfig
fi
# Not for the command and what it starts.
unset CLUSTER_KUBECONFIG

# A job that is cancelled gets its signal here. Pulumi has to get it too, or it leaves the stack locked. SIGTERM, because
# a command in the background ignores SIGINT.
"$@" &
trap 'kill -TERM "$!"' INT TERM
until
    code=0
    wait "$!" || code=$?
    ! kill -0 "$!" 2>/dev/null
do :; done
exit "$code"
