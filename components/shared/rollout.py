"""Waits for the pods of a Deployment that stops the old ones before it starts the new.

Pulumi's provider does not: with the strategy Recreate, it takes the ReplicaSet of the old pods, just scaled to zero,
for the new one, and calls the update complete before a new pod exists (pkg/await/deployment.go in pulumi-kubernetes,
`checkReplicaSetStatus`). A job manager that can never start would pass for a success.
"""

from __future__ import annotations

from typing import Final

import pulumi

from components.shared import pod_status, waiting
from components.shared.kube import RESOURCES, Json, KubernetesApi
from components.shared.objects import PlannedObject

PROVIDER_TIMEOUT: Final = 600
"""Seconds that the provider waits for a Deployment unless it is told otherwise."""


def is_needed(item: PlannedObject) -> bool:
    """Tell whether the provider does not wait for the pods of the object, although somebody has to."""
    spec = item.manifest.get("spec") or {}
    recreates = (spec.get("strategy") or {}).get("type") == "Recreate"
    return item.manifest["kind"] == "Deployment" and recreates and not item.skip_await


def awaited(api: KubernetesApi, item: PlannedObject, resource: pulumi.CustomResource) -> pulumi.Output[bool]:
    """Fail the run where the pods of the object do not become Ready; never in a preview."""
    metadata = item.manifest["metadata"]
    namespace, name = metadata.get("namespace", "default"), metadata["name"]
    limit = item.timeout or PROVIDER_TIMEOUT
    return waiting.awaited(resource, lambda: until_rolled_out(api, namespace, name, limit))


async def until_rolled_out(api: KubernetesApi, namespace: str, name: str, limit: float) -> None:
    """Wait until the pods of the last update are Ready, `limit` seconds at most. Raises RunError."""
    what = f"Deployment {namespace}/{name}"
    await waiting.until_done(
        what,
        lambda: _left(api, namespace, name),
        limit,
        lambda left: (
            f"{what} is not Ready after {limit:.0f} seconds: {left}. Everything else is "
            "deployed. Fix the cause and run `up` again; `python -m ops doctor` says what it is."
        ),
    )


def _left(api: KubernetesApi, namespace: str, name: str) -> str | None:
    deployment = api.request("GET", f"{RESOURCES['Deployment'].path(namespace)}/{name}")
    left = unfinished(deployment)
    if left is None:
        return None
    labels = deployment["spec"]["selector"]["matchLabels"]
    query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
    pods = api.request("GET", RESOURCES["Pod"].path(namespace), query=query)["items"]
    why = next((reason for pod in pods if (reason := _obstacle(pod))), None)
    return f"{left} ({why})" if why else left


def unfinished(deployment: Json) -> str | None:
    """What is missing for the end of an update, as `kubectl rollout status` judges it; None if nothing is."""
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return "Kubernetes has not processed the change yet"
    updated, total, ready = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    if total > updated:
        return "old pods are still terminating"
    if updated < wanted or ready < wanted:
        return f"{min(updated, ready)} of {wanted} new pods are Ready"
    return None


def _obstacle(pod: Json) -> str | None:
    """What a pod waits for, in the words of Kubernetes."""
    if why := pod_status.without_node(pod):
        return why
    state = pod_status.waiting(pod)
    return ": ".join(filter(None, (state.get("reason"), state.get("message")))) if state else None
