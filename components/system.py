"""What a system has to offer so that the program can check, deploy and render it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import BaseModel

from components.shared.demand import PodGroup, of_objects
from components.shared.mistakes import Mistake, Rule
from components.shared.objects import Fingerprint, PlannedObject
from components.shared.recovery import Recovered, SecretReader
from components.shared.survey import Named, Survey

if TYPE_CHECKING:
    import pulumi

    from components.shared.address import ExternalAddress
    from components.shared.kube import KubernetesApi
    from components.shared.rights import Right

S = TypeVar("S", bound=BaseModel)

PLACEHOLDER_ADDRESS: Final = "load-balancer-address.invalid"
"""Placeholder for the external address where it cannot be known; names under .invalid never resolve (RFC 2606)."""


@dataclass(frozen=True)
class Site:
    """Where a system is deployed: everything that its settings do not say."""

    opts: pulumi.ResourceOptions
    """Options of the system's component: the Kubernetes provider."""
    address: ExternalAddress
    """Finds the address of a load balancer."""
    survey: Survey
    """What the Kubernetes cluster tells about itself."""
    labels: Mapping[str, str]
    """Labels of every object."""
    api: KubernetesApi | None = None
    """The API server, for what a deployment does apart from writing objects; None: there is none."""


@dataclass(frozen=True)
class System(Generic[S]):
    """One system. Everything but `deploy` is pure and imports no Pulumi."""

    key: str
    """Its key in a stack file."""
    settings: type[S]
    """The model of its settings."""
    rules: Sequence[Rule[S]]
    """What the settings have to satisfy together."""
    warnings: Callable[[S], Iterator[str]]
    """Warnings about what is accepted."""
    namespaces: Callable[[S], Mapping[str, str]]
    """The namespaces that hold its objects, each with the config path of its settings."""
    objects: Callable[[S, Fingerprint, Survey], list[PlannedObject]]
    """Every Kubernetes object, in the order in which it is written."""
    workers: Callable[[S], Iterator[PodGroup]]
    """The pods that are not part of a workload of the stack: they are created and deleted on demand."""
    secret_sources: Callable[[S], Mapping[str, Any]]
    """What the content of each Secret is made from, by name: equal sources mean equal content."""
    objections: Callable[[S, Survey], Iterator[Mistake]]
    """Reasons in the Kubernetes cluster not to touch it."""
    concerns: Callable[[S, Survey], Iterator[str]]
    """What in the Kubernetes cluster deserves a warning."""
    recovered: Callable[[S, SecretReader], Recovered]
    """Generated credentials that the Secrets still hold when the state is lost."""
    deploy: Callable[[S, Site], Mapping[str, pulumi.Output[Any]]]
    """Registers the system; returns its stack outputs."""
    rights: Callable[[S], Iterable[Right]] = lambda _: ()
    """What a deployment needs in addition to writing and deleting its objects."""
    optional_rights: Callable[[S], Iterable[Right]] = lambda _: ()
    """Without these, something is not checked."""
    named: Callable[[S], Iterable[Named]] = lambda _: ()
    """Objects of other namespaces that the survey has to read."""

    def pods(self, settings: S, planned: Sequence[PlannedObject]) -> list[PodGroup]:
        """All pods that run at the same time, at most; `planned` are the objects of the system."""
        return [*of_objects(planned), *self.workers(settings)]
