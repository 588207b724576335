"""What only Arkouda servers can have: Services that they register themselves."""

from __future__ import annotations

from collections.abc import Iterator

from components.arkouda.names import SERVICE_NAME_LABEL
from ops.doctor.findings import Finding
from ops.doctor.objects import PATIENCE
from ops.doctor.place import Place
from ops.doctor.snapshot import Snapshot


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about Services that servers have created: without a selector, and unknown to the stack."""
    if "EndpointSlice" not in snapshot.objects or "Endpoints" not in snapshot.objects:
        return
    sliced = {
        (item["metadata"].get("labels") or {}).get(SERVICE_NAME_LABEL) for item in snapshot.objects["EndpointSlice"]
    }
    for name, service in snapshot.of("Service").items():
        key = ("Service", name)
        is_theirs = not service["spec"].get("selector") and key not in place.planned and name in place.registered
        if not is_theirs or name in sliced or snapshot.age(service) < PATIENCE:
            continue
        if any(subset.get("addresses") for subset in (snapshot.of("Endpoints").get(name) or {}).get("subsets") or ()):
            yield Finding("ARK044", key, "has Endpoints with an address, but no EndpointSlice")
        else:
            yield Finding("ARK045", key, "has no backend: it has neither Endpoints nor an EndpointSlice")
