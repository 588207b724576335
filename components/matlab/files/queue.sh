#!/bin/bash
# Pause, resume or look at the queue. The program runs this text in the container of a job manager, whose common.sh is
# $0. It is in no ConfigMap, so it needs no restart and works with a job manager that an earlier version has started.

# shellcheck source=common.sh
source "$0"

# Shorter than the caller waits, so that a command that hangs is not left behind.
patience=50
commands="$(matlab_root)/toolbox/parallel/bin"
options=(-baseport "${CLUSTER_BASE_PORT}")
[[ -z "${CLUSTER_SECRET_FILE}" ]] || options+=(-secretfile "${CLUSTER_SECRET_FILE}")
case "$1" in
    pause | resume)
        exec timeout "${patience}" "${commands}/$1jobmanager" -name "${CLUSTER_JOB_MANAGER_NAME}" "${options[@]}"
        ;;
    status)
        exec timeout "${patience}" "${commands}/resize" status "${options[@]}"
        ;;
    *)
        echo "unknown action: $1" >&2
        exit 2
        ;;
esac
