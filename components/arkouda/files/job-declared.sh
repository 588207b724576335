#!/bin/bash
# Runs a server whose Service the stack declares: enters the address of this node in its EndpointSlice while it runs.
#
# A batch script for Slurm (submit.sh submits it), or a command on a machine without Slurm.

# Slurm runs a copy of this file from its spool folder.
ARKOUDA_DIR="${1:-$(cd "${BASH_SOURCE[0]%/*}" && pwd)}"
# shellcheck source=common.sh
source "${ARKOUDA_DIR}/common.sh"
load_settings

SLICE="/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices/${ARKOUDA_SLICE}"

register() {
    local endpoint="{\"addresses\":[\"${ARKOUDA_ADDRESS}\"],\"conditions\":{\"ready\":true}}"
    api PATCH "${SLICE}" application/merge-patch+json "{\"endpoints\":[${endpoint}]}" || return 1
    expect 200 -- "cannot enter ${ARKOUDA_ADDRESS} in EndpointSlice ${ARKOUDA_SLICE}" || return 1
    REGISTERED=1
    say "clients are led to ${ARKOUDA_ADDRESS}:${EXTERNAL_SERVICE_PORT}"
}

# Only as long as the slice has this node's address: the next job may have entered its own.
deregister() {
    [[ -n "${REGISTERED:-}" ]] || return 0
    local test="{\"op\":\"test\",\"path\":\"/endpoints/0/addresses/0\",\"value\":\"${ARKOUDA_ADDRESS}\"}"
    local empty='{"op":"replace","path":"/endpoints","value":[]}'
    api PATCH "${SLICE}" application/json-patch+json "[${test},${empty}]" || return 1
    REGISTERED=
    if [[ "${STATUS}" == 422 ]]; then
        say "another server has taken over"
        return 0
    fi
    expect 200 -- "cannot empty EndpointSlice ${ARKOUDA_SLICE}"
}

trap stop_server TERM INT
find_address || exit 1
start_server
trap deregister EXIT
if wait_until_listening && ! register; then
    stop_server
    wait_for_server
    exit 1
fi
wait_for_server
