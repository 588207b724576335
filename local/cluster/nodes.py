"""The hollow nodes: their names, their identities, and when they are Ready."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from local.cluster.certificates import Identity

if TYPE_CHECKING:
    from local.cluster.api import Api

DEFAULT_NODES: Final = 4
NODE_PREFIX: Final = "node-"
NODES: Final = "/api/v1/nodes"
LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def node_names(count: int) -> list[str]:
    """Return the names of the hollow nodes."""
    return [f"{NODE_PREFIX}{number}" for number in range(1, count + 1)]


def node_identities(count: int) -> tuple[Identity, ...]:
    """Return what each kubelet is to the Node authorizer: user system:node:NAME in group system:nodes."""
    return tuple(Identity(name, f"system:node:{name}", ("system:nodes",)) for name in node_names(count))


def remove_surplus(api: Api, count: int) -> list[str]:
    """Delete the Nodes of an earlier, larger cluster: nothing else would, and pods would wait on them."""
    wanted = set(node_names(count))
    present = [node["metadata"]["name"] for node in _items(api, NODES)]
    surplus = [name for name in present if name.startswith(NODE_PREFIX) and name not in wanted]
    for name in surplus:
        api.delete(f"{NODES}/{name}")
    return surplus


def not_ready(api: Api, count: int, fresh: Collection[str], since: datetime) -> list[str]:
    """Return the nodes that cannot take pods yet. The kubelets in `fresh` must have shown themselves after `since`."""
    found = {node["metadata"]["name"]: node for node in _items(api, NODES)}
    leases = {lease["metadata"]["name"]: lease["spec"].get("renewTime") for lease in _items(api, LEASES)}

    def ready(name: str) -> bool:
        condition = _ready_condition(found.get(name))
        if condition is None or condition["status"] != "True":
            return False
        # The condition of a Node that was there before may be the predecessor's, and its kubelet leaves it for
        # minutes when nothing has changed; the lease of a new Node may take its kubelet several seconds.
        seen = (leases.get(name), condition["lastHeartbeatTime"])
        return name not in fresh or any(time and datetime.fromisoformat(time) >= since for time in seen)

    return [name for name in node_names(count) if not ready(name)]


def _items(api: Api, path: str) -> list[dict[str, Any]]:
    return list((api.get(path) or {"items": []})["items"])


def _ready_condition(node: dict[str, Any] | None) -> dict[str, str] | None:
    """Return the Ready condition; None for a tainted Node, as all are until kube-controller-manager has seen them."""
    if node is None or node["spec"].get("taints"):
        return None
    return next((condition for condition in node["status"].get("conditions", []) if condition["type"] == "Ready"), None)
