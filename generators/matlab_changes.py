"""The effects of a change of a MATLAB setting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from components.matlab import names
from components.matlab.settings import Settings
from components.matlab.system import SYSTEM
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.objects import Key
from generators.changes import KUBECTL, OWN_NAMESPACE, Effects, State, Values, candidates, changed, tried
from generators.samples import authority
from generators.settings import Setting, every_setting

PODS: Final = ("job manager", "controller", "parallel server proxy", "HAProxy", "workers", "pool proxies")
INVALID: Final = "every profile that you handed out becomes invalid"
LEAVES: Final = "profiles that you handed out stay valid"
AUTHORITY: Final = "profiles of another authority become invalid"
NEW_PROFILE: Final = "users need the new profile"
MODE: Final = "may change the proxy mode and therefore which proxies run"
BALANCER: Final = "the external address changes"
BALANCER_CLASS: Final = "rejected while the load balancer exists: its Service must be deleted first"
_NAMESPACE: Final = "<matlab.namespace.name>"
_PROFILES: Final = (names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET)
_POOL_PROXY: Final = re.compile(rf"{re.escape(names.POOL_PROXY)}-\d+")
_CERTIFICATE, _KEY = authority("present")
_LDAP: Final[Values] = {
    "ldap.securityPrincipalFormat": "[username]@example.org",
    "security.adminPassword": "of the administrator",
}
_VOLUMES: Final = ("checkpoint", "log", "workerLog")
_FEATURES: Final[Values] = {
    "workers.env": {"OMP_NUM_THREADS": "4"},
    "workers.claims": {"data": "/data"},
    "workers.prePull": True,
    "installation.javaClaim": "java",
    "installation.additionalClaims": ["older"],
    "network.clusterHost": "mjs.example.org",
    "network.webProxy.http": "http://proxy:3128",
    "ldap.url": "ldaps://ldap.example.org:636",
    "ldap.certificate": _CERTIFICATE,
    **_LDAP,
    "metrics.export": True,
    "metrics.serviceMonitor": True,
    "updates.snapshot.class": "fast",
}
_SMALLEST: Final[Values] = {"release": "r2026a", "workers.max": 32}
_BASES: Final[tuple[Values, ...]] = (
    {},
    _FEATURES,
    {"network.internalClientsOnly": True},
    {"release": "r2025a", "workers.max": 40, "license.useOnlineLicensing": True},
    {"additionalSupportedReleases": ["r2024b"], **_FEATURES},
    {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
    {
        "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
        "workers.prePull": True,
        "ldap.url": "ldap://ldap.example.org:389",
        **_LDAP,
        "metrics": {"export": True, "bringOwnCertificates": True},
        "network.loadBalancer.sourceRanges": ["192.0.2.0/24"],
        "security.authority": {"certificate": _CERTIFICATE, "key": _KEY},
        "storage": {name: {"claim": f"old-{name.lower()}"} for name in _VOLUMES},
    },
    {
        "namespace.create": False,
        "network.loadBalancer.create": False,
        "storage": {name: {"persistent": False} for name in _VOLUMES},
    },
    {"network.gateway": {"name": "shared", "namespace": "gateways"}},
    {"parallelServerProxy.port": 30080, "network": {"clusterHost": "mjs", "loadBalancer": {"type": "NodePort"}}},
)
"""Clusters to change: one per proxy mode, with whatever each setting needs to have an effect."""


def label(key: Key) -> str:
    """The name of an object in the table: kubectl's short name, with N for the number of a pool proxy."""
    kind, own = key
    # This is the only object name that is a setting.
    own = _NAMESPACE if kind == "Namespace" else _POOL_PROXY.sub(f"{names.POOL_PROXY}-N", own)
    return f"{KUBECTL[kind]}/{own}"


def _template(holder: Manifest) -> Any:
    """The pod template. Templates of pods that the controller creates are in ConfigMaps."""
    return holder["spec"]["template"] if holder["kind"] == "Deployment" else holder["data"]


def _templates(cluster: Topology) -> Iterator[tuple[str, Key]]:
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


class ClusterState(State[Settings]):
    """Everything about a cluster that a config change can affect."""

    system, kinds = SYSTEM, PODS

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.cluster = cluster = Topology(settings)
        self.namespace = cluster.namespace
        self.pods = {(pod, ""): _template(self.objects[name]) for pod, name in _templates(cluster)}
        self.own_namespace = settings.namespace.create
        balancer = settings.network.load_balancer
        entrance = self.objects.get(("Service", names.INGRESS_PROXY))
        self.balancer = entrance and entrance["spec"]["type"]
        self.balancer_class = balancer.load_balancer_class
        self.profiles = [self.objects.get(("Secret", name)) for name in _PROFILES]

    def label(self, key: Key, _: State[Settings]) -> str:
        """As the function: the names are fixed."""
        return label(key)

    def notes(self, after: Self) -> Iterator[str]:
        """What happens to profiles, the load balancer, claims and the namespace."""
        one, other = self.cluster.settings.security, after.cluster.settings.security
        credentials = one.credentials_generation != other.credentials_generation, one.authority != other.authority
        leaves = one.leaf_generation != other.leaf_generation
        changes = {
            MODE: self.cluster.mode != after.cluster.mode,
            INVALID: credentials[0],
            AUTHORITY: credentials[1],
            LEAVES: leaves,
            NEW_PROFILE: self.profiles != after.profiles and not any(credentials) and not leaves,
            OWN_NAMESPACE: self.own_namespace != after.own_namespace,
            **self.notes_on_claims(after),
        }
        if self.cluster.mode == after.cluster.mode and self.balancer is not None:
            changes[BALANCER] = self.balancer != after.balancer
            changes[BALANCER_CLASS] = not changes[BALANCER] and self.balancer_class != after.balancer_class
        yield from (note for note, happens in changes.items() if happens)


def _nested(flat: Mapping[str, Any]) -> Values:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    whole: Values = {}
    for path, value in flat.items():
        whole = changed(whole, path.split("."), value)
    return whole


def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no cluster here can change."""
    bases = (_nested({**_SMALLEST, **base}) for base in _BASES)
    rows = [(setting, setting.path) for setting in every_setting(Settings)]
    return tried(ClusterState, bases, rows, _others)


def _others(values: Values, settings: Settings, setting: Setting) -> Iterator[tuple[Values, None]]:
    for candidate in candidates(setting, settings, setting.steps):
        yield _changed(values, setting, candidate), None


def _changed(values: Values, setting: Setting, value: Any) -> Values:
    pair = next((pair for pair in map(authority, "AB") if value in pair), None)
    if pair and setting.steps[-2] == "authority":
        # Neither is accepted without the other.
        return changed(values, setting.steps[:-1], dict(zip(("certificate", "key"), pair, strict=True)))
    if setting.steps == ("network", "gateway", "name"):
        values = changed(values, ("network", "gateway", "namespace"), "gateways" if value else None)
    return changed(values, setting.steps, value)
