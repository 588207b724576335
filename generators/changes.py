"""What a config change does, for any system: which objects change, which pods restart, and what else happens.

Each system has a module of its own (`matlab_changes.py` and so on) with configs to change, its pods and its notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from components.shared.manifest import Manifest
from components.shared.objects import Key
from components.shared.passwords import plain_fingerprint
from components.shared.quantities import quantity
from components.shared.survey import NOTHING
from components.system import System
from generators.settings import Setting

Values = dict[str, Any]

CLAIM: Final = "would replace or drop a claim: rejected"
SHRINKS: Final = "a smaller size is rejected: a claim cannot shrink"
NAMESPACE: Final = "would move every object: rejected, because claims and credentials are protected"
OWN_NAMESPACE: Final = "would drop the protected namespace or take over an existing one: rejected"
KUBECTL: Final[Mapping[str, str]] = {
    "ConfigMap": "cm",
    "DaemonSet": "ds",
    "Deployment": "deploy",
    "EndpointSlice": "endpointslice",
    "Job": "job",
    "LimitRange": "limits",
    "Namespace": "ns",
    "NetworkPolicy": "netpol",
    "PersistentVolumeClaim": "pvc",
    "PodDisruptionBudget": "pdb",
    "ResourceQuota": "quota",
    "Role": "role",
    "RoleBinding": "rolebinding",
    "Secret": "secret",
    "Service": "svc",
    "ServiceAccount": "sa",
    "ServiceMonitor": "servicemonitor",
    "StatefulSet": "sts",
    "TCPRoute": "tcproute",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicy",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybinding",
}
"""kubectl's short names."""


@dataclass
class Effects:
    """The effects of changes of one setting."""

    order: Sequence[str]
    """Every kind of pod, in the order in which they are named."""
    restarted: dict[str, int] = field(default_factory=dict)
    """Number of changes that restarted a pod, by pod."""
    present: dict[str, int] = field(default_factory=dict)
    """Number of changes with the pod present before and after, by pod."""
    objects: set[str] = field(default_factory=set)
    """Labels of the objects that were created, changed or deleted."""
    notes: set[str] = field(default_factory=set)

    def see(self, pod: str, *, restarts: bool) -> None:
        """Count a change with the pod present before and after."""
        self.present[pod] = self.present.get(pod, 0) + 1
        self.restarted[pod] = self.restarted.get(pod, 0) + restarts

    def always(self) -> list[str]:
        """Pods that every change restarted."""
        return [pod for pod in self.order if 0 < self.restarted.get(pod, 0) == self.present.get(pod, 0)]

    def sometimes(self) -> list[str]:
        """Pods that some changes restarted and others did not."""
        return [pod for pod in self.order if 0 < self.restarted.get(pod, 0) < self.present.get(pod, 0)]


def everything(system: System[Any], settings: BaseModel) -> dict[Key, Any]:
    """Every object of a system; a Secret with what its content is made from."""
    planned = system.objects(settings, plain_fingerprint, NOTHING)
    sources = system.secret_sources(settings)
    return {
        item.key: (item.manifest, sources.get(item.key[1])) if item.key[0] == "Secret" else item.manifest
        for item in planned
    }


def differing(before: Mapping[Key, Any], after: Mapping[Key, Any]) -> set[Key]:
    """The objects that are created, changed or deleted."""
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def fixed(claim: Manifest | None) -> Manifest | None:
    """The part of a claim that can never change."""
    return claim and {key: value for key, value in claim["spec"].items() if key != "resources"}


def size(claim: Manifest) -> Decimal:
    """The storage that a claim requests, in bytes."""
    return quantity(claim["spec"]["resources"]["requests"]["storage"])


def changed(values: Values, steps: Sequence[str], value: Any) -> Values:
    """The config with another value of one setting."""
    first, *rest = steps
    return {**values, first: changed(values.get(first, {}), rest, value) if rest else value}


def candidates(setting: Setting, group: Any, steps: Sequence[str]) -> Iterator[Any]:
    """Other values of a setting: samples of its type, and the neighbours of the number that it has in the group."""
    value = group
    for step in steps:
        value = value[step] if isinstance(value, Mapping) else getattr(value, _field(value, step))
    yield from setting.type.samples
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1)


def _field(group: BaseModel, alias: str) -> str:
    return next(name for name, info in type(group).model_fields.items() if (info.alias or name) == alias)


def demand_all(tried: Mapping[str, int], where: str) -> None:
    """Raise LookupError for settings of which no other value was accepted; `where` is the place for a config."""
    if missing := [path for path, count in tried.items() if not count]:
        raise LookupError(f"no sample of {', '.join(missing)} is accepted in any config: add one that does to {where}")
