"""The programs of the node, built from Go modules into the cache of the control plane."""

from __future__ import annotations

from pathlib import Path

from local.cluster.build import STAMPED, kubernetes_version
from local.cluster.layout import versions
from local.go_build import Build, Progress, cache_directory

HERE = Path(__file__).parent
ENGINE = "sigs.k8s.io/kube-network-policies"
KUBELET, KUBE_PROXY, COREDNS, NETWORK_POLICIES = "kubelet", "kube-proxy", "coredns", "network-policies"
CONTROLLER, PROXY = "mjs-controller", "parallel-server-proxy"
PROGRAMS = "node"
CONTAINERD_COMMANDS = ("containerd", "containerd-shim-runc-v2", "ctr")


def containerd() -> Build:
    return Build(
        what="containerd",
        module=HERE / "containerd",
        cache=cache_directory() / "containerd",
        packages={f"github.com/containerd/containerd/v2/cmd/{name}": name for name in CONTAINERD_COMMANDS},
        linker_flags="-s -w",
        announcement="From nothing it takes about 2 minutes on two cores.",
        tags=("no_btrfs", "no_devmapper", "no_zfs"),
    )


def programs() -> Build:
    version = kubernetes_version(versions()[-1])
    stamps = " ".join(f"-X {package}.gitVersion={version}" for package in STAMPED)
    names = (KUBELET, KUBE_PROXY, COREDNS, NETWORK_POLICIES, CONTROLLER, PROXY)
    return Build(
        what="kubelet, kube-proxy and CoreDNS",
        module=HERE / "programs",
        cache=cache_directory() / "node",
        packages={"clusters.local/node": PROGRAMS},
        linker_flags=f"-s -w {stamps}",
        announcement="It takes about a minute where the control plane was built.",
        embedded={
            f"networkpolicy/{file}": (ENGINE, f"pkg/networkpolicy/{file}") for file in ("networkpolicy.go", "packet.go")
        },
        links=dict.fromkeys(names, PROGRAMS),
    )


def build(progress: Progress) -> tuple[Path, Path]:
    """Return the folder of containerd's commands and that of all else; raises BuildError."""
    runtime = containerd().binaries(progress)["ctr"]
    rest = programs().binaries(progress)[PROGRAMS]
    return runtime.parent, rest.parent
