#!/bin/bash
# First process of the node, in namespaces of its own: when it ends, everything on the node ends.
# node.sh outside ROOT DATA: make the node's file system and continue inside it.
# node.sh inside: start the programs, and end as soon as one of them does.
set -euo pipefail
shopt -s nullglob

outside() {
    local root=$1 data=$2 node=/run/node hierarchy
    hostname "${NODE_NAME}"
    # Mounts of this machine are left alone; those of the node end with its mount namespace.
    mount --make-rprivate /
    mkdir -p "${data}"/{upper,work,lib} "${node}"
    mount -t tmpfs node "${node}"
    mkdir "${node}/root"
    mount -t overlay node -o "lowerdir=${root},upperdir=${data}/upper,workdir=${data}/work" "${node}/root"
    cd "${node}/root"
    mkdir -p var/lib old
    mount --bind "${data}/lib" var/lib
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount --rbind /dev dev
    mkdir -p opt/node/{runtime,programs,files}
    mount --bind "${RUNTIME}" opt/node/runtime
    mount --bind "${PROGRAMS}" opt/node/programs
    mount --bind "${FILES}" opt/node/files
    touch opt/node/images.tar
    mount --bind "${IMAGES}" opt/node/images.tar
    mount -t tmpfs run run
    mount -t tmpfs tmp tmp
    if [[ ${CGROUP_HIERARCHIES} == 2 ]]; then
        mount -t cgroup2 cgroup sys/fs/cgroup
        # A group with controllers for its children may have no processes of its own.
        mkdir sys/fs/cgroup/init
        echo $$ >sys/fs/cgroup/init/cgroup.procs
    else
        mount -t tmpfs cgroup sys/fs/cgroup
        for hierarchy in ${CGROUP_HIERARCHIES}; do
            mkdir "sys/fs/cgroup/${hierarchy}"
            if [[ ${hierarchy} == systemd ]]; then
                mount -t cgroup -o none,name=systemd cgroup "sys/fs/cgroup/${hierarchy}"
            else
                mount -t cgroup -o "${hierarchy}" cgroup "sys/fs/cgroup/${hierarchy}"
            fi
        done
    fi
    pivot_root . old
    umount -l /old
    mount --make-rshared /
    exec /bin/bash /opt/node/files/node.sh inside
}

network() {
    local patience=600
    ip link set lo up
    # The other end is made by the tests as soon as this namespace exists.
    until ip link set "${NODE_LINK}" up 2>/dev/null; do
        ((patience-- > 0)) || { echo "no network link came"; exit 1; }
        sleep 0.05
    done
    ip address add "${NODE_ADDRESS}/24" dev "${NODE_LINK}"
    ip route add default via "${OUTSIDE_ADDRESS}"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    # NFQUEUE: with nftables where the kernel's xtables can be used through it, otherwise the old way.
    judge iptables-nft || judge iptables-legacy
}

judge() {
    # What the node itself sends, probes among it, is not forwarded and always allowed, as Kubernetes demands.
    "$1" -t mangle -A FORWARD -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100
}

start() {
    local name=$1
    shift
    "$@" >>"/var/log/${name}.log" 2>&1 &
}

inside() {
    local etc=/etc/node
    export PATH="/opt/node/runtime:/opt/node/programs:/usr/sbin:/usr/bin:/sbin:/bin"
    network
    start containerd containerd --config /opt/node/files/containerd.toml
    until ctr version >/dev/null 2>&1; do
        sleep 0.05
        kill -0 $! || exit 1
    done
    if [[ ! -e /var/lib/images-imported ]]; then
        ctr -n k8s.io images import --local --all-platforms=false /opt/node/images.tar >/var/log/images.log 2>&1
        touch /var/lib/images-imported
    fi
    start kube-proxy kube-proxy --config "${etc}/kube-proxy.yaml"
    start network-policies network-policies "${etc}/network-policies.kubeconfig"
    start kubelet kubelet --config "${etc}/kubelet.yaml" --kubeconfig "${etc}/kubelet.kubeconfig" \
        --hostname-override "${NODE_NAME}" --node-ip "${NODE_ADDRESS}"
    wait -n || true
    echo "a program of the node ended" >&2
}

"$@"
