"""What the Kubernetes cluster tells about itself before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from components.shared.inventory import FORBIDDEN, Inventory
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi
from components.shared.state import ObjectKey, State

_API_SERVER: Final = ("default", "kubernetes")
"""Namespace and name of the Service of the API server, in every cluster."""
_NAME_SERVERS: Final = (("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))
"""Namespace and name of the Services of cluster DNS: kubeadm and the clouds, OpenShift."""
Named = tuple[str, str, str]
"""Kind, namespace and name of an object that a config names."""
_OF_SERVICE: Final = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Survey:
    """What was found; empty if the cluster was not asked."""

    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    """What exists in each namespace of the stack, by name of the namespace."""
    kept: Mapping[ObjectKey, str] = field(default_factory=dict)
    """What the stack has made and keeps, whatever its config says now, and the system of each."""
    certificates: frozenset[str] = frozenset()
    """Names in the state of the certificates that the stack has signed."""
    api_server_ports: tuple[int, ...] | None = None
    """Ports on which the API server itself listens; None: you may not read them."""
    nodes: tuple[Json, ...] | None = None
    """The nodes; None: you may not read them."""
    dns_ports: tuple[int, ...] | None = None
    """Ports on which the pods of cluster DNS listen; None: you may not read them.

    NetworkPolicies are judged after the address of a Service was replaced with that of a pod, so the port of the pod
    counts, and OpenShift's DNS pods listen on 5353.
    """
    named: Mapping[Named, Json | None] = field(default_factory=dict)
    """Objects of other namespaces that the config names; None: it does not exist. What you may not read is missing."""


NOTHING: Final = Survey()


def survey(api: KubernetesApi, namespaces: list[str], state: State, named: Iterable[Named]) -> Survey:
    """Look at the namespaces of the stack, at the Services of the API server and of cluster DNS, and at `named`.

    What you may not read stays unknown. Raises ApiError for any other error.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        inventories = pool.map(lambda namespace: Inventory.read(api, namespace, state.owned(namespace)), namespaces)
        api_server = pool.submit(_ports, api, *_API_SERVER)
        nodes = pool.submit(_nodes, api)
        elsewhere = {wanted: pool.submit(_named, api, *wanted) for wanted in named}
        name_servers = [pool.submit(_ports, api, *service) for service in _NAME_SERVERS]
        dns = [ports for future in name_servers if (ports := future.result()) is not None]
        return Survey(
            dict(zip(namespaces, inventories, strict=True)),
            state.kept,
            state.certificates,
            api_server.result(),
            nodes.result(),
            tuple(sorted({port for ports in dns for port in ports})) if dns else None,
            {wanted: found[0] for wanted, future in elsewhere.items() if (found := future.result())},
        )


def _named(api: KubernetesApi, kind: str, namespace: str, name: str) -> tuple[Json | None] | None:
    """An object, in a tuple; None where it cannot be read."""
    try:
        return (api.get(f"{RESOURCES[kind].path(namespace)}/{name}"),)
    except ApiError as error:
        if error.status == FORBIDDEN:
            return None
        raise


def _nodes(api: KubernetesApi) -> tuple[Json, ...] | None:
    try:
        answer: Json = api.get(RESOURCES["Node"].path()) or {}
    except ApiError as error:
        if error.status == FORBIDDEN:
            return None
        raise
    return tuple(answer.get("items") or ())


def _ports(api: KubernetesApi, namespace: str, service: str) -> tuple[int, ...] | None:
    """The ports behind a Service; None where they cannot be read."""
    try:
        query = {"labelSelector": f"{_OF_SERVICE}={service}"}
        slices: Json = api.get(RESOURCES["EndpointSlice"].path(namespace), query=query) or {}
    except ApiError as error:
        if error.status == FORBIDDEN:
            return None
        raise
    items = slices.get("items") or ()
    return tuple(sorted({port["port"] for item in items for port in item.get("ports") or () if port.get("port")}))
