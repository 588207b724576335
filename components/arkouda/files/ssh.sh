#!/bin/bash
# SSH between the locales of one server, as an ordinary user on an unprivileged port. Keys and configuration are in the
# run folder: ssh refuses keys that a group can read, and a volume with fsGroup makes them so.

SSH_HOME="${ARKOUDA_RUN_DIR}/ssh"
SSH_BIN="${ARKOUDA_RUN_DIR}/bin"
# shellcheck disable=SC2034 # the scripts that source this one run it
SSH_SERVER=("${ARKOUDA_SSH_SERVER}" -D -e -f "${SSH_HOME}/sshd_config")

prepare_ssh() {
    umask 077
    mkdir -p "${SSH_HOME}" "${SSH_BIN}"
    local key
    for key in id_rsa host_key; do
        rm -f "${SSH_HOME}/${key}"
        cp "${ARKOUDA_SSH_DIR}/${key}" "${SSH_HOME}/${key}"
    done
    cp "${ARKOUDA_SSH_DIR}/id_rsa.pub" "${SSH_HOME}/authorized_keys"
    # Every locale has the same host key, so one name stands for all of them.
    printf 'arkouda-locale %s\n' "$(<"${ARKOUDA_SSH_DIR}/host_key.pub")" >"${SSH_HOME}/known_hosts"
    cat >"${SSH_HOME}/sshd_config" <<CONFIG
Port ${ARKOUDA_SSH_PORT}
HostKey ${SSH_HOME}/host_key
AuthorizedKeysFile ${SSH_HOME}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
X11Forwarding no
AllowTcpForwarding no
CONFIG
    cat >"${SSH_HOME}/ssh_config" <<CONFIG
Host *
    Port ${ARKOUDA_SSH_PORT}
    IdentityFile ${SSH_HOME}/id_rsa
    IdentitiesOnly yes
    HostKeyAlias arkouda-locale
    UserKnownHostsFile ${SSH_HOME}/known_hosts
    StrictHostKeyChecking yes
    BatchMode yes
    ServerAliveInterval 15
CONFIG
    # GASNet's spawner calls `ssh` from PATH.
    printf '#!/bin/sh\nexec %s -F %s/ssh_config "$@"\n' "${ARKOUDA_SSH_CLIENT}" "${SSH_HOME}" >"${SSH_BIN}/ssh"
    chmod 700 "${SSH_BIN}/ssh"
}

# Writes name and address of each locale to the file `locales` when all of them answer; health.sh reads it.
wait_for_locales() {
    local host address found="${ARKOUDA_RUN_DIR}/locales.new"
    : >"${found}"
    for host in ${ARKOUDA_LOCALES}; do
        until address="$(getent ahostsv4 "${host}" | head -n 1 | cut -d ' ' -f 1)" && [[ -n "${address}" ]] &&
            timeout 2 bash -c ": </dev/tcp/${address}/${ARKOUDA_SSH_PORT}" 2>/dev/null; do
            echo "Waiting for locale ${host}"
            sleep 2
        done
        echo "${host} ${address}" >>"${found}"
    done
    mv "${found}" "${ARKOUDA_RUN_DIR}/locales"
}
