#!/bin/bash
# Command of a server's container. With locales on other pods, it waits for them first.

here="${BASH_SOURCE[0]%/*}"
# shellcheck disable=SC1091 # written by components/arkouda/pods.py
source "${here}/settings.env"
mapfile -t arguments <"${here}/server.args"
cd "${ARKOUDA_RUN_DIR}" || exit 1
# The volume outlives the container, and the server prefers the token in this file to ARKOUDA_SERVER_TOKEN.
rm -rf .arkouda locales

if [[ -n "${ARKOUDA_LOCALES}" ]]; then
    # shellcheck source=ssh.sh
    source "${here}/ssh.sh"
    prepare_ssh
    "${SSH_SERVER[@]}" &
    wait_for_locales
    SSH_SERVERS="${ARKOUDA_POD_IP} $(cut -d ' ' -f 2 locales | paste -s -d ' ')"
    export SSH_SERVERS GASNET_MASTERIP="${ARKOUDA_POD_IP}" GASNET_SPAWNFN=S PATH="${SSH_BIN}:${PATH}"
fi

# As the first process of a container, the server would ignore SIGTERM: Linux delivers to it only what it handles.
"${ARKOUDA_EXECUTABLE}" "${arguments[@]}" &
server=$!
trap 'kill -TERM "${server}" 2>/dev/null' TERM INT
wait "${server}"
code=$?
# A trapped signal ends `wait` before the server ends.
while kill -0 "${server}" 2>/dev/null; do
    wait "${server}"
    code=$?
done
exit "${code}"
