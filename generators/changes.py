"""The effects of a config change: which objects change, which pods restart, and what else happens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pydantic import SecretStr

from components.matlab import names
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.quantities import quantity
from ops.manifests import Name, objects, secrets

PODS: Final = ("job manager", "controller", "parallel server proxy", "HAProxy", "workers", "pool proxies")
INVALID: Final = "every profile that you handed out becomes invalid"
AUTHORITY: Final = "profiles of another authority become invalid"
NEW_PROFILE: Final = "users need the new profile"
MODE: Final = "may change the proxy mode and therefore which proxies run"
CLAIM: Final = "would replace or drop a claim: rejected"
SHRINKS: Final = "a smaller size is rejected: a claim cannot shrink"
NAMESPACE: Final = "would move every object: rejected, because claims and credentials are protected"
OWN_NAMESPACE: Final = "would drop the protected namespace or take over an existing one: rejected"
BALANCER: Final = "the external address changes"
BALANCER_CLASS: Final = "rejected while the load balancer exists: its Service must be deleted first"
_KUBECTL: Final[Mapping[str, str]] = {
    "ConfigMap": "cm",
    "Deployment": "deploy",
    "Namespace": "ns",
    "NetworkPolicy": "netpol",
    "PersistentVolumeClaim": "pvc",
    "Role": "role",
    "RoleBinding": "rolebinding",
    "Secret": "secret",
    "Service": "svc",
    "ServiceAccount": "sa",
}
"""kubectl's short names."""
_CLAIM: Final = "PersistentVolumeClaim"
_NAMESPACE: Final = "<matlab.namespace.name>"
_PROFILES: Final = (names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET)
_POOL_PROXY: Final = re.compile(rf"{re.escape(names.POOL_PROXY)}-\d+")


def label(name: Name) -> str:
    """The name of an object in the table: kubectl's short name, with N for the number of a pool proxy."""
    kind, own = name
    # The only name that is a setting.
    own = _NAMESPACE if kind == "Namespace" else _POOL_PROXY.sub(f"{names.POOL_PROXY}-N", own)
    return f"{_KUBECTL[kind]}/{own}"


def _fingerprint(password: SecretStr | None, _purpose: str = "") -> str:
    """A fast substitute for components/shared/passwords.py, which is slow on purpose."""
    return password.get_secret_value() if password else ""


def _template(holder: Manifest) -> Any:
    """The pod template. Templates of pods that the controller creates are in ConfigMaps."""
    return holder["spec"]["template"] if holder["kind"] == "Deployment" else holder["data"]


def _size(spec: Manifest) -> Decimal:
    return quantity(spec["resources"]["requests"]["storage"])


def _fixed(spec: Manifest | None) -> Manifest | None:
    """The part of a claim that can never change."""
    return spec and {key: value for key, value in spec.items() if key != "resources"}


@dataclass
class Effects:
    """The effects of changes of one setting."""

    restarted: dict[str, int] = field(default_factory=dict)
    """Number of changes that restarted a pod, by pod."""
    present: dict[str, int] = field(default_factory=dict)
    """Number of changes with the pod present before and after, by pod."""
    objects: set[str] = field(default_factory=set)
    """Labels of the objects that were created, changed or deleted."""
    notes: set[str] = field(default_factory=set)
    order: tuple[str, ...] = PODS
    """Every pod, in the order in which the table names them."""

    def always(self) -> list[str]:
        """Pods that every change restarted."""
        return [pod for pod in self.order if 0 < self.restarted.get(pod, 0) == self.present.get(pod, 0)]

    def sometimes(self) -> list[str]:
        """Pods that some changes restarted and others did not."""
        return [pod for pod in self.order if 0 < self.restarted.get(pod, 0) < self.present.get(pod, 0)]


def _templates(cluster: Topology) -> Iterator[tuple[str, Name]]:
    """Each kind of pod in the cluster, and the object that holds its template."""
    yield "job manager", ("Deployment", names.JOB_MANAGER)
    yield "controller", ("Deployment", names.CONTROLLER)
    if cluster.uses_haproxy:
        yield "HAProxy", ("Deployment", names.INGRESS_PROXY)
    if cluster.uses_parallel_server_proxy:
        # Without HAProxy it is the ingress proxy itself.
        own = names.PARALLEL_SERVER_PROXY if cluster.uses_haproxy else names.INGRESS_PROXY
        yield "parallel server proxy", ("Deployment", own)
    yield "workers", ("ConfigMap", names.WORKER_TEMPLATE)
    if cluster.uses_pool_proxies:
        yield "pool proxies", ("ConfigMap", names.POOL_PROXY_TEMPLATE)


class ClusterState:
    """Everything about a cluster that a config change can affect."""

    def __init__(self, settings: Settings) -> None:
        self.cluster = cluster = Topology(settings)
        self.objects = {**objects(cluster, _fingerprint), **secrets(cluster)}
        self.pods = {pod: _template(self.objects[name]) for pod, name in _templates(cluster)}
        self.claims = {own: item["spec"] for (kind, own), item in self.objects.items() if kind == _CLAIM}
        self.own_namespace = settings.namespace.create
        balancer = settings.network.load_balancer
        self.balancer = balancer.type if ("Service", names.INGRESS_PROXY) in self.objects else None
        self.balancer_class = balancer.load_balancer_class
        self.profiles = [self.objects.get(("Secret", name)) for name in _PROFILES]

    def changed(self, after: ClusterState) -> set[str]:
        """Labels of the objects that differ between the two."""
        every = self.objects.keys() | after.objects.keys()
        return {label(name) for name in every if self.objects.get(name) != after.objects.get(name)}

    def compare(self, after: ClusterState, effects: Effects) -> None:
        """Add the effects of the change from this state to another."""
        if self.cluster.namespace != after.cluster.namespace:
            effects.notes.add(NAMESPACE)
            return
        if not (changed := self.changed(after)):
            return
        effects.objects |= changed
        for pod in self.pods.keys() & after.pods.keys():
            effects.present[pod] = effects.present.get(pod, 0) + 1
            effects.restarted[pod] = effects.restarted.get(pod, 0) + (self.pods[pod] != after.pods[pod])
        effects.notes |= set(self._notes(after))

    def _notes(self, after: ClusterState) -> Iterator[str]:
        one, other = self.cluster.settings.security, after.cluster.settings.security
        credentials = one.credentials_generation != other.credentials_generation, one.authority != other.authority
        changes = {
            MODE: self.cluster.mode != after.cluster.mode,
            INVALID: credentials[0],
            AUTHORITY: credentials[1],
            NEW_PROFILE: self.profiles != after.profiles and not any(credentials),
            OWN_NAMESPACE: self.own_namespace != after.own_namespace,
            CLAIM: any(_fixed(after.claims.get(name)) != _fixed(spec) for name, spec in self.claims.items()),
            SHRINKS: any(_size(after.claims.get(name, spec)) < _size(spec) for name, spec in self.claims.items()),
        }
        if self.cluster.mode == after.cluster.mode and self.balancer is not None:
            changes[BALANCER] = self.balancer != after.balancer
            changes[BALANCER_CLASS] = not changes[BALANCER] and self.balancer_class != after.balancer_class
        yield from (note for note, happens in changes.items() if happens)
