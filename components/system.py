"""What a system has to offer so that the program can check, deploy and render it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from components.shared.inventory import Inventory
from components.shared.mistakes import Mistake, Rule
from components.shared.objects import Fingerprint, PlannedObject

if TYPE_CHECKING:
    import pulumi

    from components.shared.address import ExternalAddress

S = TypeVar("S", bound=BaseModel)
Inventories = Mapping[str, Inventory]
"""What exists in each namespace of a system, by name of the namespace."""


@dataclass(frozen=True)
class Site:
    """Where a system is deployed: everything that its settings do not say."""

    owner: str
    """The value of the label that says which stack an object belongs to."""
    opts: pulumi.ResourceOptions
    """Options of the system's component: the Kubernetes provider."""
    address: ExternalAddress
    """Finds the address of a load balancer."""
    inventories: Inventories
    """What exists already; empty where nobody looked."""


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
    """What is accepted but deserves a word."""
    namespaces: Callable[[S], Sequence[str]]
    """The namespaces that hold its objects."""
    objects: Callable[[S, Fingerprint], list[PlannedObject]]
    """Every Kubernetes object, in the order in which it is written."""
    secret_sources: Callable[[S], Mapping[str, Any]]
    """What the content of each Secret is made from, by name: equal sources mean equal content."""
    objections: Callable[[S, Inventories], Iterator[Mistake]]
    """Reasons in the Kubernetes cluster not to touch it."""
    concerns: Callable[[S, Inventories], Iterator[str]]
    """What in the Kubernetes cluster deserves a warning."""
    deploy: Callable[[S, Site], Mapping[str, pulumi.Output[Any]]]
    """Registers the system; returns its stack outputs."""
