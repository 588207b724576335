#!/bin/bash
# Probe of job manager and workers: exit code 0 means healthy. MJS's own tool does the asking.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

root="$(matlab_root)"
who=(-worker)
[[ "$1" == worker ]] || who=(-jobmanager "${CLUSTER_JOB_MANAGER_NAME}")
exec "${root}/toolbox/parallel/bin/glnxa64/mjshealthcheck" "${who[@]}" -matlabroot "${root}" \
    -baseport "${CLUSTER_BASE_PORT}" -timeout "${CLUSTER_HEALTH_TIMEOUT}"
