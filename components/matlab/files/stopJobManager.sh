#!/bin/bash
# preStop hook of the job manager: stop it cleanly; queued and finished jobs stay in the database.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

wait_for_start jm
command_options
run "$(matlab_root)/toolbox/parallel/bin/stopjobmanager" -cleanPreserveJobs -name "${CLUSTER_JOB_MANAGER_NAME}" \
    "${OPTIONS[@]}"
tell_stopped jm
