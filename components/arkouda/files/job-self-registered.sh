#!/bin/bash
# Runs a server that creates its own Services, and leaves none behind.
#
# The server deletes them only when a client calls ak.shutdown(). A batch script for Slurm (submit.sh submits it), or a
# command on a machine without Slurm. `job.sh BASE-FOLDER forget` only deletes what a killed server has left.

# Slurm runs a copy of this file from its spool folder.
ARKOUDA_DIR="${1:-$(cd "${BASH_SOURCE[0]%/*}" && pwd)}"
# shellcheck source=common.sh
source "${ARKOUDA_DIR}/common.sh"
load_settings

CORE="/api/v1/namespaces/${NAMESPACE}"
SERVICES=("${EXTERNAL_SERVICE_NAME}" ${METRICS_SERVICE_NAME:+"${METRICS_SERVICE_NAME}"})

# Endpoints too: Kubernetes deletes them with their Service, but later, and a server that starts meanwhile would fail.
forget() {
    local name kind failed=0
    for name in "${SERVICES[@]}"; do
        for kind in services endpoints; do
            api DELETE "${CORE}/${kind}/${name}" application/json '{}' &&
                expect 200 404 -- "cannot delete ${kind} ${name}" || failed=1
        done
    done
    return "${failed}"
}

# Kubernetes deletes the Services with the Role, when the stack is destroyed.
adopt() {
    local name owner tries
    owner="{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"name\":\"${ARKOUDA_OWNER}\""
    owner+=",\"uid\":\"${ARKOUDA_OWNER_UID}\"}"
    for name in "${SERVICES[@]}"; do
        for tries in {1..60}; do
            api PATCH "${CORE}/services/${name}" application/merge-patch+json \
                "{\"metadata\":{\"ownerReferences\":[${owner}]}}" || return 1
            # The server registers itself a moment after it begins to listen, or ends with the error of a request.
            if [[ "${STATUS}" != 404 || "${tries}" -ge 60 ]] || ! kill -0 "${SERVER}" 2>/dev/null; then
                break
            fi
            sleep 0.5
        done
        expect 200 -- "cannot make Service ${name} a dependent of the stack" || return 1
    done
}

if [[ "${2:-}" == forget ]]; then
    forget
    exit
fi
trap stop_server TERM INT
find_address || exit 1
forget || fail "cannot delete what an earlier server has left"
start_server
trap forget EXIT
if wait_until_listening; then
    # Without it the server works, but a destroy of the stack leaves its Services.
    adopt || say "its Services outlive the stack. Delete them by hand: kubectl -n ${NAMESPACE} delete service ${SERVICES[*]}"
fi
wait_for_server
