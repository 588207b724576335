#!/bin/bash
# Whether a container works: `health.sh server` or `health.sh locale`.
#
# Only ports are tried. A request would wait behind the command that the server is working on, however long it takes.

here="${BASH_SOURCE[0]%/*}"
# shellcheck disable=SC1091 # written by components/arkouda/pods.py
source "${here}/settings.env"

listens() {
    if ! timeout 2 bash -c ": </dev/tcp/$1/$2" 2>/dev/null; then
        echo "$3 does not accept connections on $1, port $2" >&2
        return 1
    fi
}

case "$1" in
locale)
    listens 127.0.0.1 "${ARKOUDA_SSH_PORT}" "the SSH server"
    ;;
server)
    listens 127.0.0.1 "${ARKOUDA_PORT}" "the server" || exit 1
    [[ -f "${ARKOUDA_RUN_DIR}/locales" ]] || exit 0
    # Without one of its locales the server hangs. It starts again with the locale that took the place.
    while read -r host address; do
        listens "${address}" "${ARKOUDA_SSH_PORT}" "locale ${host}" || exit 1
    done <"${ARKOUDA_RUN_DIR}/locales"
    ;;
*)
    echo "usage: health.sh server|locale" >&2
    exit 2
    ;;
esac
