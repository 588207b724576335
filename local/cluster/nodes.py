"""The hollow nodes: their names, their identities, and when they are Ready."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from local.cluster.certificates import Identity

if TYPE_CHECKING:
    from local.cluster.api import AdminApi

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


def remove_surplus(api: AdminApi, count: int) -> list[str]:
    """Delete the Nodes of an earlier, larger cluster: nothing else would, and pods would wait on them."""
    wanted = set(node_names(count))
    present = [node["metadata"]["name"] for node in (api.get(NODES) or {"items": []})["items"]]
    surplus = [name for name in present if name.startswith(NODE_PREFIX) and name not in wanted]
    for name in surplus:
        api.delete(f"{NODES}/{name}")
    return surplus


def is_ready(api: AdminApi, name: str, since: datetime | None) -> bool:
    """Tell whether a node can take pods. With `since`, its kubelet must have shown itself after that."""
    node = api.get(f"{NODES}/{name}")
    # All are tainted until kube-controller-manager has seen them Ready.
    if node is None or node["spec"].get("taints"):
        return False
    conditions = {condition["type"]: condition for condition in node["status"].get("conditions", [])}
    ready = conditions.get("Ready", {})
    if ready.get("status") != "True":
        return False
    # The condition of a Node that was there before may be the predecessor's, and the kubelet leaves it for minutes when
    # nothing has changed; the lease of a new Node may take its kubelet several seconds.
    lease = api.get(f"{LEASES}/{name}") or {"spec": {}}
    seen = (ready.get("lastHeartbeatTime"), lease["spec"].get("renewTime"))
    return since is None or any(time is not None and datetime.fromisoformat(time) >= since for time in seen)
