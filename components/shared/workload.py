"""Deployments, Services and pod volumes of any system, as plain manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from components.shared.groups import Toleration
from components.shared.manifest import Manifest, manifest, tolerations
from components.shared.pod_settings import Pods

_NO_SETTINGS: Final = Pods()


class Port(NamedTuple):
    """One TCP port of a Service, which is also its target port."""

    name: str
    number: int

    @property
    def role(self) -> str:
        """The name without the number, where that still tells one port from the others."""
        bare = self.name.removesuffix(f"-{self.number}")
        return self.name if bare in {"tcp", "tcp-pool-proxy"} else bare


def app(name: str) -> dict[str, str]:
    """The `app` label: the whole selector of a workload, which can never change."""
    return {"app": name}


def pod_template(  # noqa: PLR0913 - the parts of a pod
    labels: Mapping[str, str],
    *,
    containers: Sequence[Manifest],
    volumes: Sequence[Manifest] = (),
    annotations: Mapping[str, str] | None = None,
    service_account: str | None = None,
    node_selector: Mapping[str, str] | None = None,
    tolerated: Sequence[Toleration] = (),
    group: Pods = _NO_SETTINGS,
    **pod: Any,
) -> Manifest:
    """The pods of a workload; `group` holds their settings and `pod` further fields of the pod spec.

    Empty selectors and lists are left out: the API server drops them too, and a diff stays quiet.
    """
    spec: Manifest = {
        **({"nodeSelector": dict(node_selector)} if node_selector else {}),
        **({"tolerations": tolerations(tolerated)} if tolerated else {}),
        **group.placement(),
        "automountServiceAccountToken": service_account is not None,
        **({"serviceAccountName": service_account} if service_account else {}),
        "containers": list(containers),
        **({"volumes": list(volumes)} if volumes else {}),
        **pod,
    }
    return {"metadata": group.metadata(labels, annotations), "spec": spec}


def deployment(name: str, namespace: str, *, strategy: str = "RollingUpdate", **pod: Any) -> Manifest:
    """A Deployment of one pod; `pod` as `pod_template` takes it."""
    return manifest(
        "apps/v1",
        "Deployment",
        name,
        namespace,
        labels=app(name),
        spec={
            "replicas": 1,
            "selector": {"matchLabels": app(name)},
            "strategy": {"type": strategy},
            "template": pod_template(app(name), **pod),
        },
    )


def mount(volume: str, path: str, *, read_only: bool = True) -> Manifest:
    """The mount of a pod volume."""
    return {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}


def pod_volumes(pairs: Sequence[tuple[Manifest, Manifest]]) -> tuple[list[Manifest], list[Manifest]]:
    """The volumes and the mounts of a pod, given each volume with its mount: a claim becomes one volume.

    Before Kubernetes 1.35, a pod with one claim in two volumes never starts
    (https://github.com/kubernetes/kubernetes/pull/122140).
    """
    volumes: dict[str, Manifest] = {}
    mounts: list[Manifest] = []
    for volume, mounted in pairs:
        claim = volume.get("persistentVolumeClaim")
        key = claim["claimName"] if claim else f"/{volume['name']}"
        first = volumes.setdefault(key, volume)
        if claim and not claim.get("readOnly"):
            volumes[key] = {"name": first["name"], "persistentVolumeClaim": claim}
        mounts.append({**mounted, "name": first["name"]})
    return list(volumes.values()), mounts


def file_volumes(config_maps: Mapping[str, str], secrets: Mapping[str, str]) -> list[tuple[Manifest, Manifest]]:
    """Pod volumes of ConfigMaps and Secrets (name → mount path), each with its mount.

    The names of the volumes are ours: that of a Secret may be none that a volume can have.
    """
    found: list[tuple[Manifest, Manifest]] = []
    for index, (name, path) in enumerate(sorted(config_maps.items())):
        found.append(({"name": f"files-{index}", "configMap": {"name": name}}, mount(f"files-{index}", path)))
    for index, (name, path) in enumerate(sorted(secrets.items())):
        source = {"name": f"secret-files-{index}", "secret": {"secretName": name}}
        found.append((source, mount(f"secret-files-{index}", path)))
    return found


def budget(app_label: str, namespace: str) -> Manifest:
    """No voluntary eviction of these pods: a drain waits until somebody has deleted or stopped them."""
    spec = {"maxUnavailable": 0, "selector": {"matchLabels": app(app_label)}}
    return manifest("policy/v1", "PodDisruptionBudget", app_label, namespace, spec=spec)


def service_ports(ports: Sequence[Port], *, node_ports: bool = False) -> list[Manifest]:
    """The ports of a Service; each target port equals its port."""
    return [
        {
            "name": port.name,
            "port": port.number,
            "targetPort": port.number,
            "protocol": "TCP",
            "appProtocol": "TCP",
            **({"nodePort": port.number} if node_ports else {}),
        }
        for port in ports
    ]


def cluster_ip(name: str, namespace: str, labels: Mapping[str, str], ports: Sequence[Port]) -> Manifest:
    """A Service that is reachable only inside Kubernetes; its labels are also its selector."""
    spec = {"type": "ClusterIP", "selector": dict(labels), "ports": service_ports(ports)}
    return manifest("v1", "Service", name, namespace, labels=labels, spec=spec)
