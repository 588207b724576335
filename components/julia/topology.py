"""What follows from the settings: each session with its defaults, names, ports, images and amounts. No Pulumi."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from components.julia import names
from components.julia.settings import Defaults, Kind, Session, Settings
from components.shared.groups import Namespace
from components.shared.quantities import quantity

M = TypeVar("M", bound=BaseModel)


class Ports(NamedTuple):
    """A range of TCP ports, both ends included."""

    first: int
    last: int


WORKER_PORTS: Final = Ports(9000, 9999)
"""A worker listens on 9000 plus its process ID modulo 1000, or on the next free port (Distributed.jl, cluster.jl)."""
POOL_PORT: Final = 9009
"""A pool's session waits here for its workers; the default of ElasticClusterManager.jl."""
PLAIN_IMAGE: Final = "julia:"
"""K8sClusterManagers.jl runs plain `julia` in workers whose image begins with it (native_driver.jl)."""


class JuliaSession:
    """One session with the defaults that it has no settings for."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.everything = name, settings
        self.own = settings.sessions[name]
        self.settings: Session = combined(Session.model_validate({}), settings.defaults, self.own)

    @property
    def kind(self) -> Kind:
        """What runs in it."""
        return self.settings.kind

    @property
    def starts_workers(self) -> bool:
        """Workers are pods that the session creates, so it needs rights in Kubernetes."""
        return self.kind is not Kind.POOL

    @property
    def has_prompt(self) -> bool:
        """People attach to it."""
        return self.kind is not Kind.SCRIPT

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return self.settings.namespace.name or names.session(self.name)

    @property
    def own_namespace(self) -> Namespace:
        """The namespace as every system describes it."""
        create = self.settings.namespace.create
        return Namespace(name=self.namespace, create=create, podSecurity=self.everything.pod_security)

    @property
    def path(self) -> str:
        """Config path of the session."""
        return f"julia.sessions.{self.name}"

    def origin(self, *steps: str) -> str:
        """Config path of the setting that counts: the session's own, or the default."""
        root = self.path if is_written(self.own, steps) else "julia.defaults"
        return ".".join((root, *steps))

    @property
    def image(self) -> str:
        """Image of the session."""
        return self.settings.image.reference("latest")

    @property
    def worker_image(self) -> str:
        """Image of the workers."""
        return self.settings.workers.image.reference(self.settings.image)

    @property
    def worker_pull_policy(self) -> str:
        """When the workers' image is pulled."""
        return str(self.settings.workers.image.pull_policy or self.settings.image.pull_policy)

    @property
    def needs_executable(self) -> bool:
        """Julia's place in the workers' image matters: the pool's own command, or an image that is not Julia's."""
        return not self.starts_workers or not self.worker_image.startswith(PLAIN_IMAGE)

    @property
    def worker_executable(self) -> str | None:
        """Julia in the workers' image; None: the cluster manager knows."""
        return self.settings.workers.executable if self.needs_executable else None

    @property
    def own_claim(self) -> str | None:
        """The claim that the stack creates for the depot, if it does."""
        depot = self.settings.depot
        return names.depot(self.name) if depot.persistent and not depot.claim else None

    @property
    def keeps_data(self) -> bool:
        """A destroy keeps the depot that the stack created."""
        return self.own_claim is not None and self.settings.depot.keep

    @property
    def shares_depot(self) -> bool:
        """Workers read the session's depot."""
        return self.settings.depot.persistent and self.settings.depot.share_with_workers

    @property
    def installs_packages(self) -> bool:
        """The session installs its packages when it starts for the first time."""
        return self.settings.packages.folder is None

    @cached_property
    def script(self) -> str:
        """The script that a session of this kind runs."""
        script = self.settings.script
        return script.path or f"{names.CONFIG_DIR}/{names.SCRIPT_FILE}"


def sessions(settings: Settings) -> list[JuliaSession]:
    """Every session, by name: the order of a map in a stack file says nothing."""
    return [JuliaSession(name, settings) for name in sorted(settings.sessions)]


def whole_cores(cpu: str) -> int:
    """The number of threads that an amount of CPU keeps busy."""
    return max(1, int(quantity(cpu)))


def combined(base: M, *layers: BaseModel) -> M:
    """`base` with what is written in the layers, the later ones over the earlier ones: groups within groups."""
    for layer in layers:
        changes: dict[str, Any] = {}
        for name in layer.model_fields_set:
            before, value = getattr(base, name), getattr(layer, name)
            both = isinstance(value, BaseModel) and isinstance(before, BaseModel)
            changes[name] = combined(before, value) if both else value
        base = base.model_copy(update=changes)
    return base


def is_written(group: Any, steps: Sequence[str]) -> bool:
    """The setting at `steps` below the group was written. Settings that have no default are always the session's."""
    if steps[0] not in _DEFAULTS:
        return True
    for step in steps:
        if not isinstance(group, BaseModel):
            return True
        name = next(name for name, field in type(group).model_fields.items() if (field.alias or name) == step)
        if name not in group.model_fields_set:
            return False
        group = getattr(group, name)
    return True


_DEFAULTS: Final = {field.alias or name for name, field in Defaults.model_fields.items()}
