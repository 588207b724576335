"""What the doctor looks at: one system in one namespace, and what the stack has planned there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from components.arkouda.settings import Settings as Arkouda
from components.arkouda.topology import Topology, registered_services
from components.julia import names as julia
from components.matlab import names as matlab
from components.shared.demand import PodGroup
from components.shared.kube import Json
from components.shared.manifest import Manifest
from components.shared.objects import Key, PlannedObject
from components.stack import StackConfig
from ops.planned import planned_namespaces

PREFIXES: Final[Mapping[str, str]] = {"matlab": "MJS", "julia": "JUL", "arkouda": "ARK"}
"""Prefix of the codes of each system."""
NAMES: Final[Mapping[str, str]] = {"matlab": "MATLAB cluster", "julia": "Julia session", "arkouda": "Arkouda servers"}
MATLAB_APPS: Final = (
    matlab.JOB_MANAGER,
    matlab.CONTROLLER,
    matlab.INGRESS_PROXY,
    matlab.PARALLEL_SERVER_PROXY,
    matlab.POOL_PROXY,
    matlab.WORKER,
)
"""`app` labels of a MATLAB cluster's pods."""
_MATLAB_CONTAINERS: Final = (
    "mjs-",
    matlab.HAPROXY,
    "controller",
    "job-manager",
    "worker",
    "parallel-server-proxy",
    "pool-proxy",
)
"""Prefixes of the names of a MATLAB cluster's containers, those of a Helm release included."""


@dataclass(frozen=True)
class Place:
    """One system in one namespace."""

    system: str
    """Its key in a stack file."""
    namespace: str
    planned: Mapping[Key, PlannedObject] = field(default_factory=dict)
    """What the stack has made there; empty for a cluster that was deployed in another way."""
    groups: tuple[PodGroup, ...] = ()
    """The pods that run there at most; empty where nobody knows."""
    registered: frozenset[str] = frozenset()
    """Services that Arkouda servers create themselves."""

    def code(self, number: str) -> str:
        """The code of this system for a problem that every system can have."""
        return f"{PREFIXES[self.system]}{number}"

    @property
    def name(self) -> str:
        """What the system is called."""
        return NAMES[self.system]

    @cached_property
    def apps(self) -> frozenset[str]:
        """`app` labels of its pods."""
        own = frozenset(str(template["metadata"]["labels"]["app"]) for template in self.templates())
        if self.system == "matlab":
            return frozenset(MATLAB_APPS)
        return own | {f"{app}-worker" for app in own} if self.system == "julia" else own

    def is_own_container(self, name: str) -> bool:
        """Tell whether a container of one of its pods is meant to be there."""
        if self.system == "matlab":
            return name.startswith(_MATLAB_CONTAINERS)
        known = {one["name"] for template in self.templates() for one in template["spec"]["containers"]}
        return name in known | {julia.WORKER}

    def templates(self) -> Iterator[Manifest]:
        """The pod templates of its workloads."""
        for item in self.planned.values():
            if template := (item.manifest.get("spec") or {}).get("template"):
                yield template

    def is_own(self, name: str) -> bool:
        """Tell from its name whether a pod, or what creates pods, is part of the system."""
        return name.startswith(tuple(self.apps))


def app(pod: Json) -> str:
    """The `app` label of a pod; empty without one."""
    return str((pod["metadata"].get("labels") or {}).get("app", ""))


def places(stack: StackConfig) -> list[Place]:
    """Every system of a stack in each of its namespaces."""
    found = []
    for system, settings, namespace, objects, pods in planned_namespaces(stack):
        servers = Topology(settings).servers if isinstance(settings, Arkouda) else ()
        registered = frozenset(name for server in servers for name in registered_services(server))
        found.append(Place(system, namespace, {item.key: item for item in objects}, tuple(pods), registered))
    return found
