"""A server outside Kubernetes: its Service, and the EndpointSlice with its address.

Why the slice has no owner reference is in docs/adr/0010-endpoint-slices.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.arkouda import names, registrar
from components.arkouda.server_settings import Declared
from components.arkouda.topology import Topology, needs_credentials, ports
from components.shared import rbac
from components.shared.manifest import Manifest, manifest
from components.shared.objects import PlannedObject
from components.shared.workload import service_ports


def objects(cluster: Topology, server: Declared, component: str) -> Iterator[PlannedObject]:
    """The Service and its slice, and an account for a job that enters the address."""
    yield PlannedObject(service(cluster, server), component, skip_await=True)
    registers = needs_credentials(server)
    yield PlannedObject(
        endpoint_slice(cluster, server),
        component,
        # A job that registers the address is the other writer. A fixed address belongs to the stack alone.
        left_to_others=("endpoints",) if registers else (),
    )
    if registers:
        rights = [rbac.rule("discovery.k8s.io", "endpointslices", "patch", named=[slice_name(server)])]
        yield from registrar.account(cluster, server.name, rights, component)


def slice_name(server: Declared) -> str:
    """The name of the slice. A slice that a job writes is another object than one that the stack writes."""
    return f"{server.name}{names.JOB_SLICE_SUFFIX}" if needs_credentials(server) else server.name


def service(cluster: Topology, server: Declared) -> Manifest:
    """The Service, without a selector: no pods are behind it."""
    return manifest(
        "v1",
        "Service",
        server.name,
        cluster.namespace,
        spec={"type": "ClusterIP", "ports": service_ports(ports(server))},
    )


def endpoint_slice(cluster: Topology, server: Declared) -> Manifest:
    """The address behind the Service. Its ports have the names of the Service's, which connects the two."""
    fixed = [{"addresses": [server.address], "conditions": {"ready": True}}]
    return manifest(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        slice_name(server),
        cluster.namespace,
        labels={names.SERVICE_NAME_LABEL: server.name, names.SLICE_MANAGER_LABEL: names.SLICE_MANAGER},
        addressType="IPv4",
        endpoints=[] if needs_credentials(server) else fixed,
        ports=[
            {"name": port.name, "port": port.number, "protocol": "TCP", "appProtocol": "TCP"} for port in ports(server)
        ],
    )
