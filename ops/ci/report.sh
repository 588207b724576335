#!/usr/bin/env bash
# From the plans in a folder to the comment; the whole report goes to the log and to the summary of the job.
# report.sh PLANS COMMENT URL: the URL is where the whole report is. Fails if the report is unclear.
set -euo pipefail

plans=("$1"/*.json)
# 1 only says that somebody will notice.
noticed() { (($? == 1)); }
python -m ops impact --markdown --full-text "$3" "${plans[@]}" >"$2" || noticed || unclear=1
python -m ops impact "${plans[@]}" | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}" || true
exit "${unclear:-0}"
