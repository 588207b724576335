"""One evaluation of the program: what each registration means, as a preview or for real."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from pulumi.runtime.proto import resource_pb2

from components.shared.kube import ApiError, Unreachable
from local.engine import crypto_resources, kubernetes_resources
from local.engine.errors import EngineError, NeedsCli, Stopped
from local.engine.kubernetes_api import Api
from local.engine.registration import Outcome, Registration, differs
from local.engine.report import PROVIDER, Report
from local.engine.state import Resource, State
from local.engine.values import Json, changes, is_known, marked_like, plain

_PACKAGES = ("kubernetes", "tls", "random")
# Settings of the Kubernetes provider that agree with what this engine does, or that only say how it is done.
_SETTINGS = {"kubeconfig", "context", "namespace", "enableServerSideApply", "enableConfigMapMutable",
             "enableSecretMutable", "strictMode", "clusterIdentifier", "kubeClientSettings",
             "suppressDeprecationWarnings", "suppressHelmHookWarnings"}  # fmt: skip
_OF_HELM_AND_FILES = ("kubernetes:helm.sh/", "kubernetes:yaml:", "kubernetes:yaml/", "kubernetes:kustomize")


class Run:
    """The registrations of one evaluation. Called from many threads at once."""

    def __init__(self, state: State, report: Report, *, dry_run: bool) -> None:
        self.state, self.report, self.dry_run = state, report, dry_run
        self.stopping = threading.Event()
        self.failed = False
        self.records: dict[str, Resource] = {}
        self.apis: dict[str, Api] = {}
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._all_stands = True

    def register(self, request: resource_pb2.RegisterResourceRequest) -> tuple[str, Outcome]:
        """Handle one registration. Raises Stopped after it, or another one, failed; the failure is reported here."""
        if self.stopping.is_set():
            raise Stopped
        begin = time.monotonic()
        try:
            registration = self._claim(request)
            outcome = self._handle(registration)
        except (EngineError, ApiError, Unreachable) as error:
            self.fail(f"{request.type} {request.name!r}: {error}")
            raise Stopped from error
        except (ValueError, TypeError, KeyError) as error:
            self.fail(f"{request.type} {request.name!r} has inputs that do not fit: {type(error).__name__}: {error}")
            raise Stopped from error
        self._note(registration, outcome)
        if request.custom and not request.type.startswith(PROVIDER):
            self.report.step(outcome, request.type, registration.inputs, request.name, time.monotonic() - begin)
        return registration.urn, outcome

    def _claim(self, request: resource_pb2.RegisterResourceRequest) -> Registration:
        registration = Registration.of(request, self.state)
        with self._lock:
            if registration.urn in self._claimed:
                raise EngineError(f"two resources have the same URN {registration.urn}")
            self._claimed.add(registration.urn)
        return registration

    def outputs(self, urn: str, outputs: Json) -> None:
        """Attach the outputs of a component or of the stack."""
        with self._lock:
            record = self.records[urn]
            record.outputs = outputs
        if not self.dry_run:
            self.state.put(record)

    def fail(self, message: str) -> None:
        """Report an error and begin nothing new."""
        self.failed = True
        self.stopping.set()
        self.report.error(message)

    def gone(self) -> list[Resource]:
        """What the state has and the program no longer registers."""
        return [resource for urn, resource in self.state.resources.items() if urn not in self.records]

    def changes_nothing(self) -> bool:
        """True when the state already says all that this run, a preview, found, outputs included."""
        return (
            self._all_stands
            and not self.gone()
            and not any(
                differs(self.state.resources.get(urn), record, outputs=not record.custom)
                or not is_known(record.outputs)
                for urn, record in self.records.items()
            )
        )

    def _note(self, registration: Registration, outcome: Outcome) -> None:
        record = registration.recorded(outcome)
        if not registration.request.custom and registration.old is not None:
            # A component's outputs come later; until then the last ones stand.
            record.outputs = registration.old.outputs
        with self._lock:
            self.records[record.urn] = record
            self._all_stands &= outcome.operation == "same"
        if not self.dry_run and differs(registration.old, record, outputs=True):
            self.state.put(record)

    def _handle(self, registration: Registration) -> Outcome:
        kind, custom = registration.request.type, registration.request.custom
        if kind.startswith(PROVIDER):
            return self._provider(registration)
        if not custom:
            return Outcome("same" if registration.old else "create", "", registration.inputs)
        if kind in crypto_resources.RESOURCES:
            return self._computed(registration)
        if (
            kind.startswith("kubernetes:")
            and not kind.startswith(_OF_HELM_AND_FILES)
            and not kind.endswith(("Patch", "List"))
        ):
            return self._object(registration)
        raise NeedsCli(f"the resource type {kind}")

    def _provider(self, registration: Registration) -> Outcome:
        old, inputs = registration.old, plain(registration.inputs)
        package = registration.request.type.removeprefix(PROVIDER)
        given = {key for key, value in inputs.items() if value is not None}
        if package not in _PACKAGES or (package != "kubernetes" and given - {"version"}):
            raise NeedsCli(
                f"a provider of the package {package} with the settings {', '.join(sorted(given)) or 'none'}"
            )
        outputs: Json = {}
        if package == "kubernetes":
            if unknown := given - _SETTINGS - {"version"}:
                raise NeedsCli(f"the provider settings {', '.join(sorted(unknown))}")
            if inputs.get("enableServerSideApply") in ("false", False):
                raise NeedsCli("a provider with server-side apply switched off")
            if not is_known(inputs):
                raise NeedsCli("a provider whose kubeconfig or context is an output of another resource")
            api = Api.connect(inputs.get("kubeconfig"), inputs.get("context"), inputs.get("namespace"))
            outputs = {"clusterUid": api.identity(), "server": api.server}
            check_cluster(old, outputs, self.state)
            self.apis[registration.urn] = api
        return Outcome(
            "same" if old else "create", old.id if old else str(uuid.uuid4()), {**registration.inputs, **outputs}
        )

    def _computed(self, registration: Registration) -> Outcome:
        compute, hidden = crypto_resources.RESOURCES[registration.request.type]
        old, inputs = registration.old, registration.inputs
        wanted = plain({key: value for key, value in inputs.items() if value is not None})
        operation = "create"
        found: list[Any] = []
        if old is not None:
            had = plain({key: value for key, value in old.inputs.items() if value is not None})
            early = wanted.pop("earlyRenewalHours", 0), had.pop("earlyRenewalHours", 0)
            renewal = is_known(early[0]) and crypto_resources.needs_renewal(old.outputs, early[0])
            if wanted == had and not renewal:
                operation = "same" if early[0] == early[1] else "update"
                outputs = {**old.outputs, **({"earlyRenewalHours": early[0]} if operation == "update" else {})}
                return Outcome(operation, old.id, outputs, list(changes(early[1], early[0], "earlyRenewalHours")))
            wanted["earlyRenewalHours"] = early[0]
            operation = "replace"
            found = list(changes(old.inputs, inputs)) or [
                ("validityEndTime", old.outputs["validityEndTime"], "renewed")
            ]
            if old.protect:
                paths = ", ".join(path for path, _, _ in found)
                raise EngineError(f"a new value would replace it, and it is protected; changed: {paths}")
        if self.dry_run:
            return Outcome(operation, "", inputs, found)
        if not is_known(inputs):
            raise EngineError("an input has a value that nothing set")
        identity, made = compute(wanted)
        marked = {**made, **{key: marked_like(inputs[key], made[key]) for key in inputs if key in made}}
        return Outcome(operation, identity, registration.with_secrets(marked, hidden), found)

    def _object(self, registration: Registration) -> Outcome:
        api = self.apis.get(registration.provider)
        if api is None:
            raise NeedsCli("a Kubernetes object without an explicit Kubernetes provider")
        if self.dry_run:
            return kubernetes_resources.preview(api, registration)

        def record(outcome: Outcome | None) -> None:
            if outcome is None:
                self.state.remove(registration.urn)
            else:
                self.state.put(registration.recorded(outcome))

        return kubernetes_resources.Upper(api, registration, record, self.report.note, self.stopping).run()


def connected(provider: Resource, state: State) -> Api:
    """The cluster of a recorded provider, for deletions."""
    inputs = plain(provider.inputs)
    api = Api.connect(inputs.get("kubeconfig"), inputs.get("context"), inputs.get("namespace"))
    check_cluster(provider, {"clusterUid": api.identity(), "server": api.server}, state)
    return api


def check_cluster(old: Resource | None, found: Json, state: State) -> None:
    """Refuse to mix two clusters in one state."""
    recorded = plain(old.outputs) if old else {}
    if recorded.get("clusterUid", found["clusterUid"]) != found["clusterUid"]:
        raise EngineError(
            f"the state {state.path.name} is of the cluster at {recorded['server']} (UID {recorded['clusterUid']}), "
            f"but the context leads to {found['server']} (UID {found['clusterUid']}). Select that cluster again; if it "
            "is gone for good, move the state file away to begin anew (the keys in it go with it)"
        )
