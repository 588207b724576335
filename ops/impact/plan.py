"""The plan that `pulumi preview --json` prints, as changes of Kubernetes objects.

The format is `display.PreviewDigest` of github.com/pulumi/pulumi/pkg/v3/display. Pulumi has already replaced secret
values in it with `[secret]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from components.cost_of_stack import OUTPUT, Range, announced, range_of
from components.shared.manifest import Manifest
from components.shared.objects import title
from ops.foreign_fields import ForeignField, foreign_fields


class UnreadablePlanError(Exception):
    """The text is not a plan that this command can interpret: the message says why."""


class Operation(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


_OPERATIONS: Final[Mapping[str, Operation | None]] = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "discard-replaced": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "read-replacement": Operation.REPLACE,
    "delete": Operation.DELETE,
    "same": None,
    "read": None,
    "refresh": None,
    "import": None,
    "discard": None,
    "remove-pending-replace": None,
}
"""From Pulumi's steps (pkg/resource/deploy/step.go); None: nothing in the cluster changes."""
_TERMINAL: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours and other control characters: Pulumi removes its own, and leaves those of whatever it ran."""
_KUBERNETES: Final = "kubernetes:"
_STACK: Final = "pulumi:pulumi:Stack"
_CLUSTER: Final = "pulumi:providers:kubernetes"
_WITHOUT_OBJECT: Final = ("pulumi:pulumi:", "pulumi:providers:", "clusters:")


@dataclass(frozen=True)
class Change:
    """One resource that the plan changes."""

    operation: Operation
    type: str
    """Pulumi's type, such as `kubernetes:apps/v1:Deployment`."""
    name: str
    parent: str
    """Name of the component that the resource belongs to."""
    parent_type: str
    old: Manifest
    """The object as the program last described it; empty if it is created."""
    new: Manifest
    """The object as the program describes it now; empty if it is deleted."""
    protected: bool = False
    paths: frozenset[str] = frozenset()
    """Where the provider found a difference, for instance `spec.template.spec.containers[0].image`."""
    unready: str = ""
    """What the object lacks for being ready, if that is all that `up` would wait for."""

    @property
    def in_cluster(self) -> bool:
        """Whether it is a Kubernetes object."""
        return self.type.startswith(_KUBERNETES)

    @property
    def kind(self) -> str:
        """Kind of the object."""
        return self.type.rpartition(":")[2]

    @property
    def namespace(self) -> str:
        """Namespace of the object; empty for an object of the whole cluster."""
        metadata = (self.new or self.old).get("metadata") or {}
        return str(metadata.get("namespace", ""))

    @property
    def title(self) -> str:
        """The object as kubectl's users write it: `Deployment mjs/mjs-controller`."""
        return title(self.kind, self.namespace, self.name)

    @property
    def removes(self) -> bool:
        """Whether the existing object is deleted, even if another one takes its place."""
        return self.operation in {Operation.DELETE, Operation.REPLACE}

    def json(self) -> dict[str, Any]:
        """What happens to which object, for a program."""
        return {
            "operation": str(self.operation),
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
        }

    def touches(self, *path: str) -> bool:
        """Whether an existing object gets another value in this field, or in something below it.

        The provider's own comparison counts as well: it sees secrets, and what somebody changed in the cluster.
        """
        if self.operation not in {Operation.UPDATE, Operation.REPLACE}:
            return False
        where = ".".join(path)
        return _at(self.old, path) != _at(self.new, path) or any(
            _is_in(found, where) or _is_in(where, found) for found in self.paths
        )


class Cost(NamedTuple):
    """What an hour costs; None: there are no prices."""

    before: Range | None = None
    after: Range | None = None

    def __str__(self) -> str:
        """The change in a line; empty if there is none."""
        if self.after is None or self.before == self.after:
            return ""
        return f"Cost per hour: {f'{self.before} → ' if self.before else ''}{self.after}"

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {name: cost and cost._asdict() for name, cost in self._asdict().items()}


NO_COST: Final = Cost()


@dataclass(frozen=True)
class Plan:
    """What an `up` would do."""

    stack: str
    changes: tuple[Change, ...]
    errors: tuple[str, ...] = ()
    """Why `up` would fail, in the words of Pulumi and of the program."""
    warnings: tuple[str, ...] = ()
    """What the program warns of."""
    foreign: tuple[ForeignField, ...] = ()
    """What somebody else added to objects; only a plan with --refresh and --show-sames knows all of it."""
    cost: Cost = NO_COST

    def of(self, kind: str, name: str | None = None) -> Iterator[Change]:
        """The changes of objects of a kind."""
        return (
            change
            for change in self.changes
            if change.in_cluster and change.kind == kind and name in (None, change.name)
        )

    @property
    def objects(self) -> list[Change]:
        """The changes of Kubernetes objects."""
        return [change for change in self.changes if change.in_cluster]

    def counts(self) -> dict[str, int]:
        """Number of Kubernetes objects by operation."""
        return {
            str(operation): sum(change.operation == operation for change in self.objects) for operation in Operation
        }


def _is_in(path: str, other: str) -> bool:
    """Whether a path is another one or below it."""
    return path == other or path.startswith((f"{other}.", f"{other}["))


def _at(manifest: Manifest, path: Sequence[str]) -> Any:
    value: Any = manifest
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def read(text: str, stack: str = "") -> Plan:
    """Read what `pulumi preview --json` printed; `stack` is its name if the plan ends before it names one.

    Raises UnreadablePlanError.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UnreadablePlanError(f"This is not the output of `pulumi preview --json`: {error}") from error
    if not isinstance(document, dict) or not (document.keys() & {"steps", "diagnostics"}):
        raise UnreadablePlanError("This is not the output of `pulumi preview --json`: it has neither steps nor errors.")
    steps: dict[str, list[dict[str, Any]]] = {}
    try:
        for step in document.get("steps") or ():
            steps.setdefault(step["urn"], []).append(step)
        changes = tuple(change for urn, group in steps.items() if (change := _change(urn, group)))
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadablePlanError(f"The plan has a step of an unknown form: {error!r}") from error
    foreign = tuple(field for group in steps.values() for field in _foreign(_last(group, "oldState")))
    stacks = {urn.split("::")[0].rpartition(":")[2] for urn in steps}
    return Plan(
        stacks.pop() if len(stacks) == 1 else stack,
        changes,
        _messages(document, "error"),
        _messages(document, "warning"),
        foreign,
        _cost(document),
    )


def _messages(document: Mapping[str, Any], severity: str) -> tuple[str, ...]:
    return tuple(
        _TERMINAL.sub("", item["message"]).removeprefix(f"{severity}: ").strip()
        for item in document.get("diagnostics") or ()
        if item.get("severity") == severity and item.get("message")
    )


def _foreign(state: Mapping[str, Any]) -> Iterator[ForeignField]:
    live, known = state.get("outputs"), state.get("inputs")
    if isinstance(live, dict) and isinstance(known, dict) and "apiVersion" in live:
        yield from foreign_fields(known, live)


def _cost(document: Mapping[str, Any]) -> Cost:
    """The old cost is an output of the stack; the new one is what the program says in the preview."""
    roots = (step for step in document.get("steps") or () if f"::{_STACK}::" in step["urn"])
    outputs = [(root.get("oldState") or {}).get("outputs") or {} for root in roots]
    before = next((range_of(found[OUTPUT]) for found in outputs if isinstance(found.get(OUTPUT), dict)), None)
    messages = (item.get("message") or "" for item in document.get("diagnostics") or ())
    said = (announced(message.removeprefix("info: ").strip()) for message in messages)
    return Cost(before, next((cost for cost in said if cost), None))


def _change(urn: str, steps: Sequence[Mapping[str, Any]]) -> Change | None:
    """The change of one resource. A replacement has up to three steps, and a refresh adds one."""
    qualified, _, name = urn.split("::", 2)[2].partition("::")
    own = qualified.rpartition("$")[2]
    operations = [_operation(step["op"], urn) for step in steps]
    # With --refresh, what was found in the cluster comes first, and what the program does about it last.
    operation = operations[-1]
    if operation is None or (own.startswith(_WITHOUT_OBJECT) and own != _CLUSTER):
        return None
    old, new = _last(steps, "oldState"), _last(steps, "newState")
    parent = (new or old).get("parent", "")
    return Change(
        operation=operation,
        type=own,
        name=name,
        parent=parent.rpartition("::")[2],
        parent_type=parent.split("::")[2].rpartition("$")[2] if parent else "",
        old=_object(old, urn) if operation is not Operation.CREATE else {},
        new=_object(new, urn) if operation is not Operation.DELETE else {},
        protected=bool(old.get("protect")),
        paths=frozenset(_last(steps, "detailedDiff")),
        unready=_unready(steps[-1]) if operation is Operation.UPDATE else "",
    )


def _unready(step: Mapping[str, Any]) -> str:
    """An object that never became ready is updated again, without a difference; the first sentence says only that."""
    _, *errors = (step.get("oldState") or {}).get("initErrors") or [""]
    return "" if step.get("detailedDiff") else " ".join(" ".join(errors).split())


def _last(steps: Sequence[Mapping[str, Any]], part: str) -> Mapping[str, Any]:
    return next((found for step in reversed(steps) if (found := step.get(part))), {})


def _operation(word: str, urn: str) -> Operation | None:
    if word not in _OPERATIONS:
        raise UnreadablePlanError(f"The plan has a step {word} for {urn}, which this command does not know.")
    return _OPERATIONS[word]


def _object(state: Mapping[str, Any], urn: str) -> Manifest:
    inputs = state.get("inputs")
    if not isinstance(inputs, dict):
        raise UnreadablePlanError(f"The plan does not say what {urn} contains. Use the output of Pulumi unabridged.")
    return inputs
