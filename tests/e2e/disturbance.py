"""Ends a run of the program at a chosen moment, and lists what exists afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from components.shared.kube import METADATA_ONLY, ApiError, KubernetesApi, Unreachable
from components.shared.manifest import STACK as STACK_LABEL
from tests.e2e.checkout import ADMINISTRATOR, NAMESPACE, STACK, Checkout

COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "ConfigMap": "/api/v1/configmaps",
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "Job": "/apis/batch/v1/jobs",
    "LimitRange": "/api/v1/limitranges",
    "ResourceQuota": "/api/v1/resourcequotas",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "Role": "/apis/rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
}
"""Every kind that a stack makes, and where all its objects are listed."""
PLURALS = {path.rpartition("/")[2] for path in COLLECTIONS.values()}
SECONDS = 180


def of_the_stack(api: KubernetesApi, kinds: Iterable[str] = COLLECTIONS) -> dict[str, str]:
    """`Kind/name` → uid of every object in the cluster that carries the label of the stack."""
    query = {"labelSelector": f"{STACK_LABEL}={STACK}"}
    found = {}
    for kind in kinds:
        answer = api.request("GET", COLLECTIONS[kind], query=query, accept=METADATA_ONLY)
        found |= {f"{kind}/{item['metadata']['name']}": item["metadata"]["uid"] for item in answer["items"] or ()}
    return found


def path_of(name: str) -> str:
    """The API path of `Kind/name`."""
    kind, _, name = name.partition("/")
    root, _, plural = COLLECTIONS[kind].rpartition("/")
    return f"{root}/{plural}/{name}" if kind == "Namespace" else f"{root}/namespaces/{NAMESPACE}/{plural}/{name}"


def exported(checkout: Checkout) -> list[dict[str, Any]]:
    """The resources of the state, secrets as they are kept."""
    if not checkout.state_file.exists():
        return []
    latest = json.loads(checkout.state_file.read_text())["checkpoint"].get("latest") or {}
    return list(latest.get("resources") or ())


def in_the_state(checkout: Checkout) -> dict[str, str]:
    """`Kind/name` → uid of every object of the cluster that the state has."""
    return {
        f"{entry['type'].rpartition(':')[2]}/{entry['outputs']['metadata']['name']}": entry["outputs"]["metadata"][
            "uid"
        ]
        for entry in exported(checkout)
        if entry["type"].startswith("kubernetes:")
    }


@contextmanager
def started(
    checkout: Checkout, action: str, *words: str, own_group: bool = False, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on by itself; whatever is left of it ends with the block."""
    (checkout.root / ".state").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "local.run", action, "--stack", STACK, *words],
        cwd=checkout.root,
        env={**checkout.environment(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=own_group,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> str:
    """SIGKILL a command and all that it started, as a full machine or a lost container does; returns what it printed.

    By parentage, not by process group: Pulumi gives each plugin a group of its own.
    """
    family = [process.pid, *descendants(process.pid)]
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(is_dead(pid) for pid in family))
    return process.communicate(timeout=30)[0] if process.stdout and not process.stdout.closed else ""


def is_dead(pid: int) -> bool:
    """True for a process that has ended, whether its parent has noticed or not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def descendants(pid: int) -> list[int]:
    """All processes that a process started, directly or not."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The command's name stands in parentheses and may hold anything.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found = list(parents.get(pid, ()))
    for child in found:
        found += parents.get(child, ())
    return found


def kill_when(checkout: Checkout, moment: Callable[[], bool], action: str, *words: str, **variables: str) -> str:
    """Start a command and kill it as soon as the moment has come; returns what it printed. It must not end before."""
    with started(checkout, action, *words, **variables) as process:
        wait_for(lambda: moment() or process.poll() is not None)
        ended = process.poll()
        printed = kill(process)
        assert ended is None, f"the command ended before the moment came:\n{printed}"
        return printed


def kill_at_every_object(checkout: Checkout, action: str, *words: str, **variables: str) -> Iterator[str]:
    """Kill a command whenever it has made or removed an object, and start it again, until it comes to its end.

    Yields the object of each kill.
    """
    while True:
        audit = Audit(checkout)
        with started(checkout, action, *words, **variables) as process:
            wait_for(lambda: audit.changed() or process.poll() is not None)  # noqa: B023 - called at once
            ended = process.poll()
            printed = kill(process)
        if ended is not None:
            assert ended == 0, printed
            return
        yield f"{action} {audit.first}"


class Audit:
    """The API server's own account of what was made and removed, from now on. It is written before the answer goes."""

    def __init__(self, checkout: Checkout) -> None:
        self._file = (checkout.control_plane.audit_log).open()
        self._file.seek(0, os.SEEK_END)
        self._rest = ""
        self.first: str | None = None

    def changed(self) -> bool:
        """Whether an object of the stack was made or removed."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for event in map(json.loads, lines):
            place = event.get("objectRef") or {}
            made = event["responseStatus"]["code"] == HTTPStatus.CREATED
            removed = event["verb"] == "delete" and event["responseStatus"]["code"] == HTTPStatus.OK
            if (
                event["user"].get("username") == ADMINISTRATOR
                and place.get("resource") in PLURALS
                and "dryRun" not in event["requestURI"]
                and (made or removed)
            ):
                self.first = self.first or f"{place['resource']}/{place.get('name', '')}"
        return self.first is not None


def wait_for(moment: Callable[[], bool]) -> None:
    """Look until it has come. An API server that is being restarted is looked at again."""
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(Unreachable):
            if moment():
                return
        assert time.monotonic() < end, "the moment did not come"
        time.sleep(0.003)


@contextmanager
def every_node_labelled(api: KubernetesApi, **labels: str) -> Iterator[None]:
    """A cluster whose nodes have these labels."""
    nodes = [item["metadata"]["name"] for item in api.request("GET", "/api/v1/nodes")["items"]]

    def patch(values: Mapping[str, str | None]) -> None:
        body = {"metadata": {"labels": dict(values)}}
        for node in nodes:
            api.request("PATCH", f"/api/v1/nodes/{node}", body, content_type="application/merge-patch+json")

    patch(labels)
    try:
        yield
    finally:
        patch(dict.fromkeys(labels))


@contextmanager
def a_policy_against(api: KubernetesApi, kind: str, name: str) -> Iterator[None]:
    """A cluster in which no ConfigMap, or no Secret, may have that name."""
    root = "/apis/admissionregistration.k8s.io/v1"
    policies, bindings = f"{root}/validatingadmissionpolicies", f"{root}/validatingadmissionpolicybindings"
    plural = COLLECTIONS[kind].rpartition("/")[2]
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": [plural], "operations": ["CREATE"]}
    validation = {"expression": f"object.metadata.name != '{name}'", "message": "not in this cluster"}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "refusing"}}
    api.request("POST", policies, {**head, "kind": "ValidatingAdmissionPolicy", "spec": spec})
    binding = {"policyName": "refusing", "validationActions": ["Deny"]}
    api.request("POST", bindings, {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding})

    def is_refused() -> bool:
        # It takes a second until a policy counts.
        manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
        try:
            api.request("POST", f"/api/v1/namespaces/default/{plural}", manifest, query={"dryRun": "All"})
        except ApiError:
            return True
        return False

    try:
        wait_for(is_refused)
        yield
    finally:
        api.request("DELETE", f"{bindings}/refusing")
        api.request("DELETE", f"{policies}/refusing")
    wait_for(lambda: not is_refused())
