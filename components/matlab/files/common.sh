#!/bin/bash
# Sourced by the scripts of job manager and workers. settings.sh, which the program writes next to this file, holds
# every value and path, quoted for the shell.

set -euo pipefail

# shellcheck source=/dev/null
source "${BASH_SOURCE[0]%/*}/settings.sh"

# A full or missing log volume must not keep MJS from shutting down cleanly.
say() {
    printf '%s %s\n' "$(date -u +'%Y-%m-%dT%H:%M:%SZ')" "$*" | tee -a "${CLUSTER_SCRIPT_LOG}" || true
}

fail() {
    say "error: $*"
    exit 1
}

# An unwritable volume ends in errors of MATLAB that name neither the volume nor the user.
need_writable() {
    [[ -d "$1" && -w "$1" ]] ||
        fail "user ${EUID} cannot write $1, the volume of the $2; change its owner, or the user of the pod"
}

# Run one command, with its output on the console and in the log of the scripts. Not a pipeline: a service that the
# command leaves behind may keep its output open, and a pipeline would wait for it. The last lines say why a command
# failed and must be out before the container ends, so the copy gets a moment.
run() {
    local code=0 patience=100 output copying
    say "running: $*"
    exec {output}> >(exec tee -a "${CLUSTER_SCRIPT_LOG}")
    copying=$!
    "$@" >&"${output}" 2>&1 {output}>&- || code=$?
    exec {output}>&-
    while ((patience-- > 0)) && kill -0 "${copying}" 2>/dev/null; do
        sleep 0.01
    done
    ((code == 0)) || fail "$1 ended with exit code ${code}"
}

# Images and claims hold MATLAB either in /opt/matlab itself or in a folder of its release. The controller reads
# which one it is from a file in the job manager's container.
find_matlab() {
    local candidates=("${CLUSTER_MATLAB_DIR}" "${CLUSTER_MATLAB_DIR}/${CLUSTER_MATLAB_RELEASE}") candidate
    [[ -z "${CLUSTER_MATLAB_ROOT}" ]] || candidates=("${CLUSTER_MATLAB_ROOT}")
    for candidate in "${candidates[@]}"; do
        if [[ -d "${candidate}/toolbox/parallel/bin" ]]; then
            printf '%s' "${candidate}" >"${CLUSTER_MATLAB_ROOT_FILE}"
            MATLAB_BIN="${candidate}/toolbox/parallel/bin"
            return
        fi
    done
    fail "no MATLAB Parallel Server in ${candidates[*]}; set matlab.installation.root to the folder that holds it"
}

matlab_root() {
    cat "${CLUSTER_MATLAB_ROOT_FILE}" 2>/dev/null || printf '%s' "${CLUSTER_MATLAB_ROOT:-${CLUSTER_MATLAB_DIR}}"
}

limit_open_files() {
    ulimit -n "${CLUSTER_FILE_DESCRIPTORS}" ||
        fail "${CLUSTER_FILE_DESCRIPTORS} open files are not allowed here; lower matlab.fileDescriptorUlimit"
}

# MJS reads its definitions from a file of shell assignments; the name of this host is known only now.
write_definitions() {
    {
        cat "${CLUSTER_CONFIG_DIR}/mjs_def.sh"
        printf '%s=%q\n' HOSTNAME "$1" LOGBASE "$2"
    } >"${CLUSTER_RUN_DIR}/mjs_def.sh"
}

start_mjs() {
    run "${MATLAB_BIN}/mjs" start -mjsdef "${CLUSTER_RUN_DIR}/mjs_def.sh" -loglevel "${CLUSTER_LOG_LEVEL}" \
        -disablereliableconnections
}

# The options that every command to a running MJS takes.
command_options() {
    OPTIONS=(-baseport "${CLUSTER_BASE_PORT}" -scriptlogfile "${CLUSTER_SCRIPT_LOG}")
    [[ -z "${CLUSTER_SECRET_FILE}" ]] || OPTIONS+=(-secretfile "${CLUSTER_SECRET_FILE}")
}

# Start and stop hook tell each other how far they are with the files ROLE-started and ROLE-stopped. A container that
# crashed may have left both behind.
forget_last_run() {
    rm -f "${CLUSTER_RUN_DIR}/$1-started" "${CLUSTER_RUN_DIR}/$1-stopped"
}

# Stay in the foreground until the stop hook is done. The kubelet sends SIGTERM after the hook, and bash as the first
# process of a container would ignore it; hence the trap, before the hook can have begun.
serve() {
    trap 'exit 0' TERM
    touch "${CLUSTER_RUN_DIR}/$1-started"
    say "started"
    until [[ -e "${CLUSTER_RUN_DIR}/$1-stopped" ]]; do
        sleep 1 &
        wait $! || true
    done
    say "stopped"
}

# Wait for a start that is still under way, within the pod's grace period; a start that failed has nothing to stop.
wait_for_start() {
    local waited=0
    until [[ -e "${CLUSTER_RUN_DIR}/$1-started" ]]; do
        if ((waited >= CLUSTER_STOP_WAIT)); then
            say "not started within ${CLUSTER_STOP_WAIT} seconds, nothing to stop"
            exit 0
        fi
        sleep 1
        waited=$((waited + 1))
    done
}

tell_stopped() {
    touch "${CLUSTER_RUN_DIR}/$1-stopped"
}
