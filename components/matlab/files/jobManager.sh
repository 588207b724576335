#!/bin/bash
# Command of the job manager's container.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

trust_ldap_server() {
    # Only root can write the image's trust store, so Java gets a copy of it.
    local java="${CLUSTER_JAVA_DIR}" store="${CLUSTER_RUN_DIR}/cacerts" password="changeit"
    [[ -n "${java}" ]] || java="$(matlab_root)/sys/java/jre/glnxa64/jre"
    cat "${java}/lib/security/cacerts" >"${store}"
    run "${java}/bin/keytool" -importcert -noprompt -alias ldap-server -file "${CLUSTER_LDAP_CERTIFICATE}" \
        -keystore "${store}" -storepass "${password}"
    export JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS:+${JAVA_TOOL_OPTIONS} }-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=${password}"
}

# Never two job managers on one database: when a pod is deleted, drained or evicted, its successor may start while the
# old one is still stopping. The lock belongs to the open file, which MJS inherits, so it is released only when the last
# process of the old job manager has ended.
hold_database() {
    local lock code waited=0
    need_writable "${CLUSTER_VOLUME_DIR}" "job database (matlab.storage.checkpoint)"
    exec {lock}>>"${CLUSTER_VOLUME_DIR}/job-manager.lock"
    while true; do
        flock --nonblock --conflict-exit-code "${LOCKED}" "${lock}" && return
        code=$?
        if ((code != LOCKED)); then
            say "warning: the volume of the job database offers no locks (flock: ${code}); make sure that only one job manager uses it"
            return
        fi
        ((waited++ % 10)) || say "waiting for another job manager, which still uses the job database, to end"
        sleep 1
    done
}

# The job history alone can grow to ten files of 1 GB. The warning is repeated, because people read the end of a log.
# Reading a pipe that stays empty needs no process; a `sleep` could outlive the job manager.
watch_space() {
    local never used rounds=0
    exec {never}<> <(:)
    while kill -0 "$$" 2>/dev/null; do
        if ((rounds++ % REMIND_SECONDS == 0)); then
            used="$(df --output=pcent "${CLUSTER_VOLUME_DIR}" | tail -n 1 | tr -cd '0-9')"
            ((used < NEARLY_FULL)) ||
                say "warning: the volume of the job database (matlab.storage.checkpoint) is ${used} % full"
        fi
        read -r -t 1 -u "${never}" || true
    done
}

LOCKED=75
NEARLY_FULL=80
REMIND_SECONDS=600
mkdir -p "${CLUSTER_LOG_DIR}" 2>/dev/null || true
need_writable "${CLUSTER_LOG_DIR}" "logs (matlab.storage.log)"
watch_space &
hold_database
forget_last_run jm
limit_open_files
find_matlab
write_definitions "${CLUSTER_JOB_MANAGER_HOST}" "${CLUSTER_LOG_DIR}"
[[ -z "${CLUSTER_LDAP_CERTIFICATE}" ]] || trust_ldap_server
start_mjs

command_options
[[ -z "${CLUSTER_CERTIFICATE_FILE}" ]] || OPTIONS+=(-certificate "${CLUSTER_CERTIFICATE_FILE}")
run "${MATLAB_BIN}/startjobmanager" -name "${CLUSTER_JOB_MANAGER_NAME}" -databaseDirectory "${CLUSTER_DATABASE_DIR}" \
    "${OPTIONS[@]}"
serve jm
