"""Waits until a Gateway has accepted a TCPRoute: Pulumi's provider does not wait for that."""

from __future__ import annotations

from typing import Final

import pulumi

from components.matlab.gateway import ROUTE
from components.matlab.topology import Topology
from components.shared import waiting
from components.shared.kube import RESOURCES, Json, KubernetesApi

WANTED: Final = ("Accepted", "ResolvedRefs")
"""Conditions that a route must have (https://gateway-api.sigs.k8s.io/concepts/api-overview/#route-status)."""


def awaited(api: KubernetesApi, cluster: Topology, name: str, resource: pulumi.CustomResource) -> pulumi.Output[bool]:
    """Fail the run where the route is not accepted in time; never in a preview."""
    limit = cluster.settings.network.gateway.accept_timeout
    what = f"{ROUTE} {cluster.namespace}/{name}"
    path = f"{RESOURCES[ROUTE].path(cluster.namespace)}/{name}"
    return waiting.awaited(
        resource,
        lambda: waiting.until_done(
            what,
            lambda: unaccepted(api.request("GET", path)),
            limit,
            lambda left: (
                f"{what} does not work after {limit:.0f} seconds: {left}. Everything else is "
                "deployed. Correct the Gateway and run `up` again."
            ),
        ),
    )


def unaccepted(route: Json) -> str | None:
    """Why clients do not come through a route yet, in the words of the Gateway's controller; None: they do."""
    parents = (route.get("status") or {}).get("parents") or ()
    if not parents:
        return "no Gateway controller has responded"
    generation = route["metadata"]["generation"]
    found = {
        condition["type"]: condition
        for parent in parents
        for condition in parent.get("conditions") or ()
        # A condition without observedGeneration counts as current.
        if condition.get("observedGeneration", generation) >= generation
    }
    for kind in WANTED:
        condition = found.get(kind)
        if condition is None:
            return f"the Gateway controller has not said whether the route is {kind}"
        if condition["status"] != "True":
            return ": ".join(filter(None, (condition.get("reason") or f"not {kind}", condition.get("message"))))
    return None
