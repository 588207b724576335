#!/usr/bin/env bash
# From the plans in a folder to the comment; the log gets the whole report, and the job's summary gets the comment.
# report.sh PLANS COMMENT URL: the URL is where the log is. Fails if the report is unclear.
set -euo pipefail

plans=("$1"/*.json)
# 1 only says that somebody will notice.
noticed() { (($? == 1)); }
python -m ops impact --markdown --full-text "$3" "${plans[@]}" >"$2" || noticed || unclear=1
cat "$2" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
python -m ops impact "${plans[@]}" || true
exit "${unclear:-0}"
