#!/bin/bash
# What the jobs of servers outside Kubernetes share: requests to the Kubernetes API, and start and stop of the server.

say() { echo "arkouda ${ARKOUDA_SERVER_NAME}: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

load_settings() {
    set -a
    # shellcheck disable=SC1091 # written by the stack
    source "${ARKOUDA_DIR}/arkouda.env"
    set +a
    export CACERT_FILE="${ARKOUDA_DIR}/ca.pem"
    if [[ -z "${SSL_TOKEN:-}" ]]; then
        # Servers up to v2024.03.18 log in with the certificate that request-certificate.sh has written.
        export CERT_FILE="${ARKOUDA_DIR}/certificate.pem" KEY_FILE="${ARKOUDA_DIR}/key.pem" KEY_PASSWD="${KEY_PASSWD:-}"
    fi
    mapfile -t ARGUMENTS <"${ARKOUDA_DIR}/server.args"
    SERVER=
}

# What curl says about requests that got no answer: https://curl.se/libcurl/c/libcurl-errors.html
explain_curl() {
    case "$1" in
    6) echo "the name of the API server is not known here: check arkouda.apiServer" ;;
    7) echo "nobody listens there: check host and port in arkouda.apiServer" ;;
    28) echo "no answer in time: a firewall between this node and the API server" ;;
    35) echo "no TLS there: check the port in arkouda.apiServer" ;;
    58) echo "the client certificate or its key cannot be used: request a new one" ;;
    60) echo "the certificate of the API server is not for this host, or of another authority" ;;
    77) echo "${CACERT_FILE} cannot be read: unpack the files again" ;;
    *) echo "see https://curl.se/libcurl/c/libcurl-errors.html" ;;
    esac
}

# A server reports every one of these as curl error 22.
explain_status() {
    case "$1" in
    401) echo "the token is not valid: unpack the files of the stack again" ;;
    403) echo "not allowed: the name is not one of this server, or the Role is missing" ;;
    404) echo "no such object: run pulumi up, or it was deleted before" ;;
    409) echo "exists already: another server has this name, or one was killed" ;;
    422) echo "not a valid object: is the address a loopback address?" ;;
    *) echo "unexpected" ;;
    esac
}

# The credentials go to curl on standard input: arguments are visible to every user of the node.
credentials() {
    if [[ -n "${SSL_TOKEN:-}" ]]; then
        printf 'header = "Authorization: Bearer %s"\n' "${SSL_TOKEN}"
    else
        printf 'cert = "%s"\nkey = "%s"\n' "${CERT_FILE}" "${KEY_FILE}"
        [[ -z "${KEY_PASSWD:-}" ]] || printf 'pass = "%s"\n' "${KEY_PASSWD}"
    fi
}

# api METHOD PATH [CONTENT-TYPE BODY]: sets STATUS, BODY and LOCAL_ADDRESS. Fails only without an answer.
#
# With HTTP/2, an API server that refuses a token before it has read the body resets the stream, and older versions of
# curl then report error 18 in place of the answer.
api() {
    local method="$1" path="$2" type="${3:-}" body="${4:-}" answer code=0
    local -a data=()
    [[ -z "${body}" ]] || data=(--header "Content-Type: ${type}" --data "${body}")
    answer="$(credentials | curl --config - --silent --show-error --http1.1 --max-time 30 \
        --cacert "${CACERT_FILE}" \
        --request "${method}" "${data[@]}" --write-out '\n%{http_code} %{local_ip}' "${K8S_HOST}${path}")" || code=$?
    if ((code)); then
        say "${method} ${K8S_HOST}${path} failed, curl error ${code}: $(explain_curl "${code}")"
        return "${code}"
    fi
    BODY="${answer%$'\n'*}"
    read -r STATUS LOCAL_ADDRESS <<<"${answer##*$'\n'}"
}

# expect STATUS… -- WHAT: the last answer has one of these.
expect() {
    local wanted
    while [[ "$1" != -- ]]; do
        wanted="$1"
        shift
        [[ "${STATUS}" != "${wanted}" ]] || return 0
    done
    say "$2: HTTP ${STATUS}, $(explain_status "${STATUS}")"
    # The API server's own sentence.
    sed -n 's/^ *"message": "\(.*\)",\{0,1\}$/  \1/p' <<<"${BODY}" >&2
    return 1
}

# The address under which Kubernetes reaches this node: the one from which this node reaches Kubernetes.
find_address() {
    if [[ -z "${ARKOUDA_ADDRESS:-}" ]]; then
        api GET /version || return 1
        ARKOUDA_ADDRESS="${LOCAL_ADDRESS}"
    fi
    if [[ "${ARKOUDA_ADDRESS}" == 127.* || "${ARKOUDA_ADDRESS}" == *:* ]]; then
        say "${ARKOUDA_ADDRESS} is not an IPv4 address that pods reach. Set ARKOUDA_ADDRESS and try again"
        return 1
    fi
}

start_server() {
    if [[ -n "${SLURM_JOB_NODELIST:-}" ]]; then
        SSH_SERVERS="$(scontrol show hostnames "${SLURM_JOB_NODELIST}" | paste -s -d ' ')"
    fi
    export SSH_SERVERS="${SSH_SERVERS:-$(hostname)}" GASNET_SPAWNFN="${GASNET_SPAWNFN:-S}"
    export GASNET_MASTERIP="${GASNET_MASTERIP:-${ARKOUDA_ADDRESS}}"
    # An empty folder: the server prefers the token in .arkouda/tokens.txt to ARKOUDA_SERVER_TOKEN.
    WORK="$(mktemp -d)"
    (cd "${WORK}" && exec "${ARKOUDA_EXECUTABLE}" "${ARGUMENTS[@]}") &
    SERVER=$!
}

listens() { timeout 2 bash -c ": </dev/tcp/$1/$2" 2>/dev/null; }

wait_until_listening() {
    local tries=0
    until listens "${ARKOUDA_ADDRESS}" "${EXTERNAL_SERVICE_PORT}"; do
        kill -0 "${SERVER}" 2>/dev/null || return 1
        # It may take minutes on many nodes, or for ever if ARKOUDA_ADDRESS is not an address of this node.
        ((++tries % 60)) || say "waiting for the server on ${ARKOUDA_ADDRESS}:${EXTERNAL_SERVICE_PORT}"
        sleep 0.5
    done
}

# Cleanly if the client is installed here, by a signal otherwise.
stop_server() {
    [[ -n "${SERVER}" ]] || exit 143
    say "stopping"
    local left=20
    if ! ARKOUDA_ADDRESS="${ARKOUDA_ADDRESS}" timeout 60 python3 "${ARKOUDA_DIR}/shutdown.py" 2>/dev/null; then
        kill -TERM "${SERVER}" 2>/dev/null
    fi
    while kill -0 "${SERVER}" 2>/dev/null && ((left-- > 0)); do
        sleep 0.5
    done
    kill -KILL "${SERVER}" 2>/dev/null
}

# A trapped signal ends `wait` before the server ends.
wait_for_server() {
    local code=0
    wait "${SERVER}" || code=$?
    while kill -0 "${SERVER}" 2>/dev/null; do
        wait "${SERVER}" || code=$?
    done
    rm -rf "${WORK}"
    return "${code}"
}
