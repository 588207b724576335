#!/bin/bash
# Submits the job that runs the server; prints its number.

set -euo pipefail
here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
# Not exported: Slurm keeps the environment of a job where others may read it.
# shellcheck disable=SC1091 # written by the stack
source "${here}/arkouda.env"
mapfile -t options <"${here}/sbatch.args"

# One job at a time has the name. SIGTERM comes to the script itself (B:), early enough to shut the server down.
sbatch --parsable --job-name="arkouda-${ARKOUDA_SERVER_NAME}" --dependency=singleton \
    --nodes="${ARKOUDA_LOCALES}" --ntasks="${ARKOUDA_LOCALES}" --ntasks-per-node=1 \
    --signal="B:TERM@${ARKOUDA_STOP_MARGIN}" "${options[@]}" "${here}/job.sh" "${here}"
