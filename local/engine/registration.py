"""One resource as the program registers it, with a refusal for every option that would otherwise be ignored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import resource_pb2

from local.engine.errors import NeedsCli
from local.engine.state import READY, Resource, State
from local.engine.values import Change, Json, from_struct, plain, secret
from local.engine.waiting import seconds

# All other fields of the request are options; whichever the SDK grows next is refused until somebody thinks about it.
_HONOURED = {"type", "name", "parent", "custom", "object", "protect", "dependencies", "provider", "providers",
             "propertyDependencies", "additionalSecretOutputs", "customTimeouts", "deletedWith"}  # fmt: skip
_ABOUT_THE_SDK = {"version", "pluginDownloadURL", "acceptSecrets", "supportsPartialValues", "acceptResources",
                  "aliasSpecs", "sourcePosition", "stackTrace", "parentStackTraceHandle", "supportsResultReporting",
                  "accepts_byte_string"}  # fmt: skip
# How to replace, where nothing is ever replaced.
_MOOT = {"deleteBeforeReplace", "deleteBeforeReplaceDefined"}


@dataclass
class Outcome:
    """What was done, or in a preview would be done, about one resource."""

    operation: str
    id: str
    outputs: Json
    changes: list[Change] = field(default_factory=list)
    status: str = READY


@dataclass(frozen=True)
class Registration:
    """A request of the program, decoded, beside what the state knows of the resource."""

    urn: str
    request: resource_pb2.RegisterResourceRequest
    inputs: Json
    old: Resource | None

    @classmethod
    def of(cls, request: resource_pb2.RegisterResourceRequest, state: State) -> Registration:
        """Decode a request. Raises NeedsCli for an option that is not honoured."""
        urn = urn_of(request.type, request.name, request.parent, state)
        _check_options(request, state)
        return cls(urn, request, from_struct(request.object), state.resources.get(urn))

    @property
    def provider(self) -> str:
        """The URN of the provider resource."""
        return self.request.provider.rpartition("::")[0]

    def timeout(self, operation: str) -> float | None:
        """The custom timeout of `create`, `update` or `delete` in seconds."""
        return seconds(getattr(self.request.customTimeouts, operation))

    def with_secrets(self, outputs: Json, also: frozenset[str] = frozenset()) -> Json:
        """Outputs with the additional secret outputs marked."""
        hidden = {*self.request.additionalSecretOutputs, *also}
        return {key: secret(value) if key in hidden and value is not None else value for key, value in outputs.items()}

    def recorded(self, outcome: Outcome) -> Resource:
        """The entry of the state after `outcome`."""
        request = self.request
        needed = {
            *request.dependencies,
            *(urn for entry in request.propertyDependencies.values() for urn in entry.urns),
        }
        return Resource(
            self.urn, request.type, request.name, request.custom, outcome.id, request.parent, request.provider,
            request.protect, outcome.status, request.deletedWith, self.timeout("delete"), sorted(needed),
            self.inputs, outcome.outputs,
        )  # fmt: skip


def differs(old: Resource | None, new: Resource, *, outputs: bool) -> bool:
    """Whether the state's entry would change, with or without its outputs."""

    def key(resource: Resource) -> dict[str, Any]:
        entries = dict(vars(resource))
        return {name: plain(value) for name, value in entries.items() if outputs or name != "outputs"}

    return old is None or key(old) != key(new)


def urn_of(kind: str, name: str, parent: str, state: State) -> str:
    """The resource's URN; the types of its parents stand before its own (pulumi/pulumi sdk/go/common/resource/urn)."""
    parent_type = parent.split("::")[2] if parent else "pulumi:pulumi:Stack"
    prefix = "" if parent_type == "pulumi:pulumi:Stack" else f"{parent_type}$"
    return f"urn:pulumi:{state.stack}::{state.project}::{prefix}{kind}::{name}"


def _check_options(request: resource_pb2.RegisterResourceRequest, state: State) -> None:
    for descriptor, value in request.ListFields():
        name = descriptor.name
        if name in _HONOURED | _ABOUT_THE_SDK | _MOOT or value is False:
            continue
        if name == "hooks" and not value.ListFields():
            continue
        if name == "aliases" and not any(_renames(alias, request, state) for alias in value):
            continue
        if name == "packageRef":
            raise NeedsCli("it is of a parameterized package")
        raise NeedsCli(f"it has the resource option {name}")


def _renames(alias: Any, request: resource_pb2.RegisterResourceRequest, state: State) -> bool:
    # The Kubernetes SDK adds an alias for each former API version of a type. It matters only to a state that has one.
    spec = alias.spec
    other_type_only = {descriptor.name for descriptor, value in spec.ListFields() if value} == {"type"}
    return not other_type_only or urn_of(spec.type, request.name, request.parent, state) in state.resources
