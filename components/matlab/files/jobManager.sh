#!/bin/bash
# Command of the job manager's container.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

trust_ldap_server() {
    # The trust store of the image is read-only for other users than root, so a copy is made and Java told of it.
    local java="${CLUSTER_JAVA_DIR}" store="${CLUSTER_RUN_DIR}/cacerts" password="changeit"
    [[ -n "${java}" ]] || java="$(matlab_root)/sys/java/jre/glnxa64/jre"
    cat "${java}/lib/security/cacerts" >"${store}"
    run "${java}/bin/keytool" -importcert -noprompt -alias ldap-server -file "${CLUSTER_LDAP_CERTIFICATE}" \
        -keystore "${store}" -storepass "${password}"
    export JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS:+${JAVA_TOOL_OPTIONS} }-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=${password}"
}

mkdir -p "${CLUSTER_LOG_DIR}"
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
