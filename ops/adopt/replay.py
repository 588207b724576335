"""Runs the program with the cluster in the engine's place: each resource is answered with what already exists."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_root_resource

from components.shared.kube import Json
from components.shared.objects import title
from components.stack import PROJECT_NAME
from ops.adopt.values import Secret, clear, received, sent
from ops.evaluation import evaluate

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER: Final = "pulumi:providers:"
KUBERNETES: Final = "kubernetes:"


@dataclass
class Registration:
    """One resource as the program registers it, and what exists of it."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str = ""
    protect: bool = False
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    timeouts: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    secret_outputs: list[str] = field(default_factory=list)
    id: str = ""
    """Empty while the resource does not exist."""
    outputs: dict[str, Any] = field(default_factory=dict)
    live: Json | None = None
    """The Kubernetes object, where it is one that exists."""

    @property
    def manifest(self) -> Json:
        """The Kubernetes object that the program wants, in clear."""
        manifest: Json = clear(self.inputs)
        return manifest

    @property
    def title(self) -> str:
        """How reports name it."""
        namespace = self.inputs.get("metadata", {}).get("namespace", "")
        return title(self.type.rpartition(":")[2], namespace, self.name)


Answer = Callable[[Registration], None]
"""Fills in `id`, `outputs` and `live` of a resource that exists, and leaves another as it is."""


def replay(program: Callable[[], Mapping[str, Any]], stack: str, answer: Answer) -> list[Registration]:
    """Everything that the program, which returns the stack outputs, registers: in its order, providers included."""
    monitor = _Monitor(stack, answer)

    def run() -> None:
        root: Any = get_root_resource()
        root.register_outputs(dict(program()))

    # As a preview: what does not exist yet is unknown, and nothing waits for it.
    evaluate(run, monitor.mocks, stack, monitor=monitor, preview=True)
    return list(monitor.registered.values())


class _NoMocks(Mocks):
    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError(args.typ)


class _Monitor(MockMonitor):
    def __init__(self, stack: str, answer: Answer) -> None:
        super().__init__(_NoMocks())
        self._stack, self._answer = stack, answer
        self.registered: dict[str, Registration] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name, as is the next
        item = Registration(
            urn=self._urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            custom=bool(request.custom),
            inputs=received(request.object),
            parent=request.parent,
            protect=request.protect,
            provider=request.provider,
            dependencies=sorted(request.dependencies),
            property_dependencies={key: list(value.urns) for key, value in request.propertyDependencies.items()},
            timeouts=_timeouts(request.customTimeouts),
            ignored=list(request.ignoreChanges),
            secret_outputs=list(request.additionalSecretOutputs),
        )
        if item.type.startswith(PROVIDER):
            _be_provider(item, request.version)
        elif item.custom:
            item.provider = item.provider or self._default_provider(request)
            self._answer(item)
            for name in item.secret_outputs:
                if name in item.outputs and not isinstance(item.outputs[name], Secret):
                    item.outputs[name] = Secret(item.outputs[name])
        self.registered[item.urn] = item
        return resource_pb2.RegisterResourceResponse(urn=item.urn, id=item.id, object=sent(item.outputs))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self.registered[request.urn].outputs = received(request.outputs)
        return empty_pb2.Empty()

    def _urn(self, parent: str, kind: str, name: str) -> str:
        above = parent.split("::")[2] if parent else STACK_TYPE
        qualified = kind if above == STACK_TYPE else f"{above}${kind}"
        return f"urn:pulumi:{self._stack}::{PROJECT_NAME}::{qualified}::{name}"

    def _default_provider(self, request: Any) -> str:
        """The provider that the engine makes by itself, for each version of a package."""
        name = f"default_{request.version.replace('.', '_')}" if request.version else "default"
        kind = f"{PROVIDER}{request.type.partition(':')[0]}"
        urn = self._urn("", kind, name)
        if urn not in self.registered:
            item = Registration(urn=urn, type=kind, name=name, custom=True, inputs={})
            _be_provider(item, request.version)
            self.registered[urn] = item
        return f"{urn}::{self.registered[urn].id}"


def _be_provider(item: Registration, version: str) -> None:
    item.id = str(uuid.uuid4())
    item.outputs = {**item.inputs, **({"version": version} if version else {})}
    item.inputs = {**item.outputs, "__internal": {}}


def _timeouts(request: Any) -> dict[str, int]:
    given: Mapping[str, str] = {name: getattr(request, name) for name in ("create", "update", "delete")}
    # components/shared/component.py writes seconds.
    return {name: int(text.removesuffix("s")) for name, text in given.items() if text}
