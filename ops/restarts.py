"""docs/restarts.md: what a change of each setting restarts, found by changing it.

Each setting is given other values in several clusters, and the pods of before and after are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr

from components.matlab.manifests import controller, job_manager, proxies, workers
from components.matlab.profile import Certificate, profile, profiles
from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.storage import own_claims
from components.matlab.topology import Topology
from components.shared.fields import quantity
from components.shared.manifest import Manifest, claim
from components.shared.mistakes import ConfigError, load
from ops.model import Setting, every_setting

Values = dict[str, Any]

NONE: Final = "-"
_PEM: Final = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_VOLUMES: Final = ("checkpoint", "log", "workerLog")
_FEATURES: Final[Values] = {
    "workers.env": {"OMP_NUM_THREADS": "4"},
    "workers.claims": {"data": "/data"},
    "installation.javaClaim": "java",
    "installation.additionalClaims": ["older"],
    "network.clusterHost": "mjs.example.org",
    "ldap": {"url": "ldaps://ldap.example.org:636", "certificate": _PEM},
    "metrics.export": True,
}
_SMALLEST: Final[Values] = {"release": "r2026a", "workers.max": 32}
_BASES: Final[tuple[Values, ...]] = (
    {},
    _FEATURES,
    {"network.internalClientsOnly": True},
    {"release": "r2025a", "workers.max": 40},
    {"additionalSupportedReleases": ["r2024b"], **_FEATURES},
    {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
    {
        "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
        "ldap.url": "ldap://ldap.example.org:389",
        "metrics": {"export": True, "bringOwnCertificates": True},
        "network.loadBalancer.sourceRanges": ["192.0.2.0/24"],
        "security.authority": {"certificate": _PEM, "key": "key"},
        "storage": {name: {"claim": "old"} for name in _VOLUMES},
    },
    {
        "namespace.create": False,
        "network.loadBalancer.create": False,
        "storage": {name: {"persistent": False} for name in _VOLUMES},
    },
    {"parallelServerProxy.port": 30080, "network": {"clusterHost": "mjs", "loadBalancer": {"type": "NodePort"}}},
)
"""Clusters to change: one per proxy mode, and what settings need to matter at all."""

_PODS: Final[Mapping[str, Callable[[Topology], Any]]] = {
    "job manager": lambda it: _template(job_manager.deployment(it, _mark(it.settings.security.admin_password))),
    "controller": lambda it: _template(controller.deployment(it)),
    "parallel server proxy": lambda it: (
        _template(proxies.parallel_server_proxy(it)) if it.uses_parallel_server_proxy else None
    ),
    "HAProxy": lambda it: _template(proxies.haproxy(it)) if it.uses_haproxy else None,
    "workers": lambda it: workers.pod_template(it, _mark(it.settings.workers.password)),
    "pool proxies": lambda it: proxies.pool_proxy_pod_template(it) if it.uses_pool_proxies else None,
}
"""What each kind of pod is made of; None where the mode has none."""

INVALID: Final = "every profile that was handed out becomes invalid"
AUTHORITY: Final = "profiles of another authority become invalid"
NEW_PROFILE: Final = "users need the new profile"
MODE: Final = "may change the proxy mode, and with it which proxies run"
CLAIM: Final = "replaces or drops a claim: refused"
SHRINKS: Final = "less than before: refused, a claim never shrinks"
NAMESPACE: Final = "moves every object: refused, since claims and credentials are protected"
OWN_NAMESPACE: Final = "drops the protected namespace or takes one that exists: refused"
BALANCER: Final = "the external address changes"
BALANCER_CLASS: Final = "refused by Kubernetes as long as the load balancer stands"
TARGET: Final[Mapping[str, str]] = {
    "kubernetes.context": "another cluster: refused as long as this one holds protected objects",
    "kubernetes.kubeconfig": "nothing, as long as the context names the same cluster",
    "kubernetes.embedded": "another cluster: refused as long as this one holds protected objects",
}
"""The provider answers for these; no manifest changes (components/shared/target.py)."""


def _mark(password: SecretStr | None) -> str:
    """Stands for the mark of components/shared/passwords.py, which is slow on purpose."""
    return password.get_secret_value() if password else ""


def _template(deployment: Manifest) -> Manifest:
    found: Manifest = deployment["spec"]["template"]
    return found


@dataclass
class Found:
    """What changes of one setting did."""

    restarted: dict[str, int] = field(default_factory=dict)
    """Changes that restarted a pod, by pod."""
    standing: dict[str, int] = field(default_factory=dict)
    """Changes through which a pod stood before and after, by pod."""
    notes: set[str] = field(default_factory=set)

    def always(self) -> list[str]:
        """Pods that every change restarted, where they ran."""
        return [pod for pod in _PODS if 0 < self.restarted.get(pod, 0) == self.standing.get(pod, 0)]

    def sometimes(self) -> list[str]:
        """Pods that some changes restarted, and others did not."""
        return [pod for pod in _PODS if 0 < self.restarted.get(pod, 0) < self.standing.get(pod, 0)]


class State:
    """A cluster as far as a change of it could be noticed."""

    def __init__(self, settings: Settings) -> None:
        self.cluster = cluster = Topology(settings)
        self.pods = {name: make(cluster) for name, make in _PODS.items()}
        self.claims = {name: claim(name, "", volume)["spec"] for name, volume in own_claims(cluster).items()}
        self.sizes = {
            name: quantity(spec.pop("resources")["requests"]["storage"]) for name, spec in self.claims.items()
        }
        leaf = Certificate("leaf", "key", "authority")
        host = settings.network.cluster_host or "address"
        self.profiles = [
            (entry.secret, profile(settings.job_manager.name, entry.host, leaf if entry.with_certificate else None))
            for entry in profiles(cluster, host)
        ]
        self.own_namespace = settings.namespace.create
        balancer = settings.network.load_balancer
        self.balancer = balancer.type if cluster.open_to_outside and balancer.create else None
        self.balancer_class = balancer.load_balancer_class
        self.rest = (
            controller.role(cluster),
            cluster.namespace,
            balancer,
            settings.security.credentials_generation,
            settings.security.authority,
            settings.namespace.pod_security,
        )

    def _whole(self) -> tuple[Any, ...]:
        return (self.pods, self.claims, self.sizes, self.profiles, self.own_namespace, self.rest)

    def compare(self, after: State, found: Found) -> None:
        """Add what the step from this state to another does."""
        if self._whole() == after._whole():
            return
        if self.cluster.namespace != after.cluster.namespace:
            found.notes.add(NAMESPACE)
            return
        for pod, template in self.pods.items():
            other = after.pods[pod]
            if template is not None and other is not None:
                found.standing[pod] = found.standing.get(pod, 0) + 1
                found.restarted[pod] = found.restarted.get(pod, 0) + (template != other)
        found.notes |= set(self._notes(after))

    def _notes(self, after: State) -> Iterator[str]:
        one, other = self.cluster.settings.security, after.cluster.settings.security
        changes = {
            MODE: self.cluster.mode != after.cluster.mode,
            INVALID: one.credentials_generation != other.credentials_generation,
            AUTHORITY: one.authority != other.authority,
            NEW_PROFILE: self.profiles != after.profiles,
            OWN_NAMESPACE: self.own_namespace != after.own_namespace,
            CLAIM: any(after.claims.get(name) != spec for name, spec in self.claims.items()),
            SHRINKS: any(after.sizes.get(name, size) < size for name, size in self.sizes.items()),
        }
        if self.cluster.mode == after.cluster.mode and self.balancer is not None:
            changes[BALANCER] = self.balancer != after.balancer
            changes[BALANCER_CLASS] = not changes[BALANCER] and self.balancer_class != after.balancer_class
        yield from (note for note, happens in changes.items() if happens)


def _nested(flat: Mapping[str, Any]) -> Values:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    whole: Values = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        group = whole
        for step in parents:
            group = group.setdefault(step, {})
        group[last] = value
    return whole


def _load(values: Values) -> Settings | None:
    try:
        return load(Settings, values, "matlab", RULES)
    except ConfigError:
        return None


def _candidates(setting: Setting, settings: Settings) -> Iterator[Any]:
    """Other values of a setting: samples of its type, and the neighbours of a number."""
    value: Any = settings
    for step in setting.steps:
        by_alias = {info.alias or name: name for name, info in type(value).model_fields.items()}
        value = getattr(value, by_alias[step])
    yield from setting.type.samples
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1)


def examine() -> dict[str, Found]:
    """What changes of each setting do, by path. Raises LookupError for one that no cluster here can change."""
    every = list(every_setting(Settings))
    found = {setting.path: Found() for setting in every}
    tried = dict.fromkeys(found, 0)
    for base in _BASES:
        values = _nested({**_SMALLEST, **base})
        settings = load(Settings, values, "matlab", RULES)
        before = State(settings)
        for setting in every:
            for candidate in _candidates(setting, settings):
                changed = _load(_changed(values, setting, candidate))
                if changed is not None and changed != settings:
                    tried[setting.path] += 1
                    before.compare(State(changed), found[setting.path])
    if missing := [path for path, count in tried.items() if not count]:
        raise LookupError(f"no cluster of ops/restarts.py can change {', '.join(missing)}")
    return found


def _changed(values: Values, setting: Setting, value: Any) -> Values:
    changed = group = dict(values)
    for step in setting.steps[:-1]:
        group[step] = dict(group.get(step, {}))
        group = group[step]
    group[setting.steps[-1]] = value
    return changed


def page(head: str) -> str:
    """The whole of docs/restarts.md."""
    lines = [
        head,
        "",
        "# What restarts when a setting changes",
        "",
        "The program finds this out by changing each setting in several clusters and comparing their pods.",
        "",
        "- The **job manager** stops in order and starts again with its database: running jobs are interrupted, queued",
        "  and finished ones stay. Pause it first.",
        "- **Workers** are replaced by the controller at its next look, all at once, busy or not.",
        "- The **controller** may restart at any time: nobody but it notices.",
        "- **HAProxy**, the **parallel server proxy** and **pool proxies** drop the connections that they carry.",
        "",
        "A pod that the proxy mode does not have cannot restart. *In some cases* depends on the values or on other",
        "settings.",
        "",
    ]
    group = ""
    found = examine()
    for path, what in found.items():
        first = f"matlab.{path.partition('.')[0]}" if "." in path else "matlab"
        if first != group:
            group = first
            lines += [
                "",
                f"## {group}",
                "",
                "| Setting | Restarts | In some cases also | Besides |",
                "|---|---|---|---|",
            ]
        lines.append(_row(f"matlab.{path}", what.always(), what.sometimes(), sorted(what.notes)))
    lines += ["", "## kubernetes", "", "| Setting | Effect |", "|---|---|"]
    lines += [f"| `{path}` | {effect} |" for path, effect in TARGET.items()]
    text = "\n".join(lines) + "\n"
    return text.replace("\n\n\n", "\n\n")


def _row(path: str, always: list[str], sometimes: list[str], notes: list[str]) -> str:
    cells = (f"`{path}`", ", ".join(always) or NONE, ", ".join(sometimes) or NONE, "; ".join(notes) or NONE)
    return f"| {' | '.join(cells)} |"
