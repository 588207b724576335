"""What a config change does, for any system: which objects change, which pods restart, and what else happens.

Each system has a module of its own (`matlab_changes.py` and so on) with configs to change, its pods and its notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Generic, Self, TypeVar

from pydantic import BaseModel

from components.shared.loading import load
from components.shared.manifest import Manifest
from components.shared.mistakes import ConfigError
from components.shared.objects import Key
from components.shared.passwords import plain_fingerprint
from components.shared.quantities import quantity
from components.shared.survey import NOTHING
from components.system import System
from generators.settings import Setting

S = TypeVar("S", bound=BaseModel)
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


class State(Generic[S]):
    """Everything about a system that a change of its config can affect."""

    system: System[S]
    kinds: Sequence[str]
    """Every kind of pod, in the order in which the table names them."""
    namespace: str | None = None
    """The namespace; None: the system has several, or a change of it is a matter of `notes`."""
    pods: Mapping[tuple[str, str], Any]
    """Pod templates by the kind of pod and what it belongs to, such as a server."""

    def __init__(self, settings: S) -> None:
        sources = self.system.secret_sources(settings)
        self.objects: dict[Key, Any] = {
            item.key: (item.manifest, sources.get(item.key[1])) if item.key[0] == "Secret" else item.manifest
            for item in self.system.objects(settings, plain_fingerprint, NOTHING)
        }
        """Every object; a Secret with what its content is made from."""

    def label(self, key: Key, after: Self) -> str:
        """The name of an object in the table."""
        raise NotImplementedError

    def notes(self, after: Self) -> Iterator[str]:
        """What else a change has as an effect."""
        raise NotImplementedError

    def compare(self, after: Self, effects: Effects, only: str | None = None) -> None:
        """Add the effects of the change from this state to another; with `only`, the pods of everything else stay."""
        if self.namespace != after.namespace:
            effects.notes.add(NAMESPACE)
            return
        keys = self.objects.keys() | after.objects.keys()
        differing = {key for key in keys if self.objects.get(key) != after.objects.get(key)}
        effects.objects |= {self.label(key, after) for key in differing}
        for kind, whose in self.pods.keys() & after.pods.keys() if differing else ():
            if only in (None, whose):
                effects.see(kind, restarts=self.pods[kind, whose] != after.pods[kind, whose])
        effects.notes |= set(self.notes(after))

    def claims(self) -> dict[str, Manifest]:
        """The claims, by name."""
        return {name: item for (kind, name), item in self.objects.items() if kind == "PersistentVolumeClaim"}

    def notes_on_claims(self, after: Self) -> dict[str, bool]:
        """What happens to claims that no change may touch."""
        claims, later = self.claims(), after.claims()
        return {
            CLAIM: any(fixed(later.get(name)) != fixed(claim) for name, claim in claims.items()),
            SHRINKS: any(size(later.get(name, claim)) < size(claim) for name, claim in claims.items()),
        }


def accepted(system: System[S], values: Values) -> S | None:
    """The settings, or None if they are rejected."""
    try:
        return load(system.settings, values, system.key, system.rules)
    except ConfigError:
        return None


def tried(
    state: type[State[S]],
    bases: Iterable[Values],
    rows: Sequence[tuple[Setting, str]],
    others: Callable[[Values, S, Setting], Iterable[tuple[Values, str | None]]],
) -> dict[str, Effects]:
    """The effects of each setting, by its row, found by changing it in every base.

    `others` are configs with other values of a setting, each with what the pods that may change belong to. Raises
    LookupError for a setting of which no other value is accepted.
    """
    system = state.system
    found = {row: Effects(state.kinds) for _, row in rows}
    missing = {setting.path for setting, _ in rows}
    for values in bases:
        settings = load(system.settings, values, system.key, system.rules)
        before = state(settings)
        for setting, row in rows:
            for changed_values, only in others(values, settings, setting):
                other = accepted(system, changed_values)
                if other is not None and other != settings:
                    missing.discard(setting.path)
                    before.compare(state(other), found[row], only)
    if missing:
        raise LookupError(
            f"no sample of {', '.join(sorted(missing))} is accepted in any config: add one that does to the bases in "
            f"generators/{system.key}_changes.py"
        )
    return found


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
