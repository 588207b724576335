"""What the cluster itself says against a stack config, found before anything is changed.

The checks read only, except for access reviews, which change nothing. What the person may not read is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pulumi

from components.matlab import preflight as matlab
from components.matlab.topology import Topology
from components.shared.inventory import Inventory
from components.shared.kube import ApiError, Cluster, Unreachable
from components.shared.mistakes import ConfigError, Mistake
from components.shared.target import connect, context
from components.stack import Stack

REACH_TIMEOUT: Final = 10.0
"""Seconds for the first answer of the API server."""
KINDS: Final = (
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apps", "deployments"),
    ("networking.k8s.io", "networkpolicies"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
)
VERBS: Final = ("create", "patch", "delete")


def preflight(stack: Stack, *, dry_run: bool) -> Cluster:
    """Check the stack against its cluster, and return it. A preview (`dry_run`) needs no right to change anything.

    Raises ConfigError with every objection, Unreachable when there is no cluster behind the target.
    """
    try:
        cluster = connect(stack.target)
        cluster.request("GET", "/version", timeout=REACH_TIMEOUT)
    except Unreachable as error:
        hint = (
            "Start it with make cluster-up"
            if stack.target.embedded
            else "Correct kubernetes.context in the stack file, or the kubeconfig"
        )
        raise Unreachable(f"kubernetes: {error}. {hint}. Nothing was changed.") from error
    except ApiError as error:
        raise Unreachable(
            f"kubernetes: the API server of context {context(stack.target)!r} refuses to answer: {error}. "
            "Log in again. Nothing was changed."
        ) from error
    if not stack.matlab:
        return cluster
    here = Topology(stack.matlab)
    inventory = Inventory.read(cluster, here.namespace, stack.name)
    mistakes = list(matlab.objections(here, inventory))
    if not dry_run:
        mistakes += _missing_rights(cluster, here)
    if mistakes:
        raise ConfigError(mistakes)
    for doubt in matlab.doubts(here, inventory):
        pulumi.log.warn(doubt)
    return cluster


def _missing_rights(cluster: Cluster, here: Topology) -> Iterator[Mistake]:
    wanted = [(group, resource, verb, here.namespace) for group, resource in KINDS for verb in VERBS]
    if here.settings.namespace.create:
        wanted += [("", "namespaces", verb, "") for verb in VERBS]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda right: _allowed(cluster, *right), wanted))
    refused: dict[str, list[str]] = {}
    for (group, resource, verb, _), allowed in zip(wanted, answers, strict=True):
        if not allowed:
            refused.setdefault(f"{resource}.{group}".rstrip("."), []).append(verb)
    if refused:
        list_ = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in refused.items())
        yield Mistake(
            "kubernetes",
            f"your user lacks rights in namespace {here.namespace}: {list_}",
            "Ask for them (docs/rights.md has the role), or name another context.",
        )


def _allowed(cluster: Cluster, group: str, resource: str, verb: str, namespace: str) -> bool:
    attributes = {"group": group, "resource": resource, "verb": verb, "namespace": namespace}
    review: dict[str, Any] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return bool(cluster.request("POST", path, review).get("status", {}).get("allowed"))
