"""Ends a run of the program at a chosen moment, and tells what stands afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.shared.kube import METADATA_ONLY, Cluster
from components.shared.manifest import STACK as STACK_LABEL
from tests.e2e.checkout import NAMESPACE, STACK, Checkout

COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "ConfigMap": "/api/v1/configmaps",
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Deployment": "/apis/apps/v1/deployments",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "Role": "/apis/rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
}
"""Every kind that a stack makes, and where all its objects are listed."""
SECONDS = 120


def of_the_stack(api: Cluster, kinds: Iterable[str] = COLLECTIONS) -> dict[str, str]:
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
    if checkout.engine == "small":
        file = checkout.root / ".state" / f"{STACK}.json"
        return list(json.loads(file.read_text())["resources"]) if file.exists() else []
    file = checkout.root / ".state" / ".pulumi" / "stacks" / "clusters" / f"{STACK}.json"
    return list((json.loads(file.read_text())["checkpoint"].get("latest") or {}).get("resources") or ())


def in_the_state(checkout: Checkout) -> dict[str, str]:
    """`Kind/name` → uid of every object of the cluster that the state has."""
    return {
        f"{entry['type'].rpartition(':')[2]}/{entry['outputs']['metadata']['name']}": entry["outputs"]["metadata"]["uid"]
        for entry in exported(checkout)
        if entry["type"].startswith("kubernetes:")
    }


@contextmanager
def started(checkout: Checkout, action: str, *words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
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
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> str:
    """SIGKILL a command and all that it started, as a full machine or a lost container does; returns what it printed.

    By parentage, not by process group: the Pulumi CLI gives each plugin a group of its own.
    """
    for pid in (process.pid, *descendants(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return process.communicate(timeout=30)[0] if process.stdout and not process.stdout.closed else ""


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


def wait_for(moment: Callable[[], bool]) -> None:
    """Look until it has come."""
    end = time.monotonic() + SECONDS
    while not moment():
        assert time.monotonic() < end, "the moment did not come"
        time.sleep(0.003)
