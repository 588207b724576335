#!/bin/bash
# Command of a worker's container. The controller sets WORKER_NAME, HOSTNAME and LOGBASE.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

make_user() {
    if ! id -u "${MJS_WORKER_USERNAME}" >/dev/null 2>&1; then
        run useradd --create-home --shell /bin/bash "${MJS_WORKER_USERNAME}"
    fi
    # Through standard input: arguments are visible to every process, and logged.
    printf '%s:%s\n' "${MJS_WORKER_USERNAME}" "${MJS_WORKER_PASSWORD}" | run chpasswd
}

# The worker user writes its own logs here.
mkdir -p "${LOGBASE}" 2>/dev/null || true
need_writable "${LOGBASE}" "logs of the workers (matlab.storage.workerLog)"
chmod a+rwx "${LOGBASE}"
forget_last_run worker
find_matlab
write_definitions "${HOSTNAME}" "${LOGBASE}"
make_user
# MJS hands its environment to MATLAB, where the users' code could read it.
unset MJS_WORKER_PASSWORD
limit_open_files
start_mjs

command_options
run "${MATLAB_BIN}/startworker" -jobmanager "${CLUSTER_JOB_MANAGER_NAME}" \
    -jobmanagerhost "${CLUSTER_JOB_MANAGER_HOST}" -name "${WORKER_NAME}" "${OPTIONS[@]}"
serve worker
