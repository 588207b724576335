#!/bin/bash
# preStop hook of a worker.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

wait_for_start worker
command_options
run "$(matlab_root)/toolbox/parallel/bin/stopworker" -clean -name "${WORKER_NAME}" "${OPTIONS[@]}"
tell_stopped worker
