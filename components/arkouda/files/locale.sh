#!/bin/bash
# Command of a locale's container: an SSH server, through which the server starts its processes here.

here="${BASH_SOURCE[0]%/*}"
# shellcheck disable=SC1091 # written by components/arkouda/pods.py
source "${here}/settings.env"
# shellcheck source=ssh.sh
source "${here}/ssh.sh"
prepare_ssh
exec "${SSH_SERVER[@]}"
