"""The dev stack on the real node, as its users and administrators see it."""

from __future__ import annotations

from typing import Any

from tests.e2e.checkout import NAMESPACE, Checkout
from tests.node.addresses import ARKOUDA
from tests.node.client import Client, RefusedError
from tests.node.pods import Cluster, Pod
from tests.waiting import eventually

IDLE_STOP = 3
GRACE = 20
SMALL = {"cpuRequest": "50m", "memoryRequest": "128Mi"}

TINY = {"cpu": "50m", "memory": "64Mi"}
SIBLINGS: dict[str, Any] = {
    "clusters:arkouda": {"declared": [{"name": "hpc", "address": ARKOUDA, "metrics": {"exporter": True}}]},
    "clusters:julia": {
        "sessions": {
            "ana": {"users": ["ana"], "workers": {"max": 2}},
            "grid": {"kind": "pool", "users": ["ana"], "workers": {"max": 2}},
        },
        "defaults": {"manager": TINY, "workers": TINY, "depot": {"size": "1Gi"}},
    },
}


def deploy(checkout: Checkout, cluster: Cluster) -> Stack:
    """Deploy the dev stack: on a small machine, and impatient."""
    checkout.matlab["jobManager"] = {"resources": SMALL, "terminationGracePeriod": GRACE}
    checkout.matlab["workers"] |= {"resources": SMALL, "idleStop": IDLE_STOP, "autoScalingPeriod": 1}
    checkout.write()
    checkout.run("up")
    return Stack(checkout, cluster)


class Stack:
    """The cluster of a stack, as its users see it."""

    def __init__(self, checkout: Checkout, cluster: Cluster) -> None:
        self.checkout, self.cluster = checkout, cluster
        self.profile: str = checkout.outputs()["profile"]

    def ask(self, do: str, **values: Any) -> Any:
        with Client(self.profile) as client:
            return client.ask(do, **values)

    def job(self, number: int) -> dict[str, Any]:
        """A job, once it is finished."""

        def look() -> dict[str, Any] | None:
            try:
                job: dict[str, Any] = self.ask("status")["jobs"][number - 1]
            except (OSError, RefusedError):
                return None
            return job if job["state"] == "finished" else None

        found: dict[str, Any] = eventually(look, 90)
        return found

    def pod(self, app: str) -> Pod:
        return self.cluster.ready_pod(NAMESPACE, app)

    def workers(self) -> list[Pod]:
        return self.cluster.pods(NAMESPACE, "mjs-worker")


def restarts(pod: Pod) -> int:
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
