"""Checks Arkouda servers against the Kubernetes cluster: missing claims, unsuitable storage, orphans."""

from __future__ import annotations

from collections.abc import Iterator

from components.arkouda import names, pods
from components.arkouda.server_settings import Declared, MultiLocale, SelfRegistered, SingleNode
from components.arkouda.topology import Entry, Topology, registered_services
from components.shared import classes, monitoring, namespace
from components.shared.claims import changed, storage_class
from components.shared.existing import missing
from components.shared.inventory import Inventory
from components.shared.mistakes import Mistake
from components.shared.survey import Survey


def objections(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    """Every reason not to touch the cluster."""
    yield from namespace.objections(cluster.settings.namespace, "arkouda.namespace", inventory)
    for entry in cluster.entries:
        yield from _files(cluster, entry, inventory)
        yield from _other_kind(entry, inventory)
    yield from _dropped_claims(cluster, inventory)
    pull_secrets = cluster.settings.images.pull_secrets
    named = [(f"arkouda.images.pullSecrets[{index}]", name) for index, name in enumerate(pull_secrets)]
    yield from missing("Secret", named, cluster.namespace, inventory)
    yield from classes.of_groups(cluster.settings, "arkouda", inventory)


def concerns(cluster: Topology, survey: Survey) -> Iterator[str]:
    """What deserves a warning."""
    services = survey.inventories[cluster.namespace].of("Service") or {}
    for at, server in cluster.entries:
        if server.metrics.service_monitor and not monitoring.is_served(survey, cluster.namespace):
            yield monitoring.not_served(f"{at}.metrics.serviceMonitor")
        if isinstance(server, SelfRegistered):
            left = [name for name in registered_services(server) if name in services]
            if left:
                yield (
                    f"{at}: Service {', '.join(left)} exists. If no server is running, a killed one has left it, and "
                    "the next one started without job.sh fails with curl error 22. `python -m ops arkouda-orphans "
                    "--delete` deletes it."
                )


def _files(cluster: Topology, entry: Entry, inventory: Inventory) -> Iterator[Mistake]:
    at, server = entry
    claims = inventory.of("PersistentVolumeClaim")
    if not isinstance(server, (SingleNode, MultiLocale)) or claims is None:
        return
    path = f"{at}.files"
    if server.files.claim:
        yield from missing(
            "PersistentVolumeClaim", [(f"{path}.claim", server.files.claim)], cluster.namespace, inventory
        )
    for name in pods.claims(server):
        if name in claims:
            yield from changed(path, name, server.files, claims[name])
        else:
            yield from storage_class(path, server.files, inventory)


def _dropped_claims(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    """Claims of this stack that no server uses any more: their removal would end `up` in an error."""
    used = {
        name
        for server in cluster.servers
        if isinstance(server, (SingleNode, MultiLocale))
        for name in (server.files.claim, *pods.claims(server))
    }
    for name in inventory.of("PersistentVolumeClaim") or {}:
        is_own = name.endswith(names.FILES_SUFFIX) and inventory.is_ours("PersistentVolumeClaim", name)
        if is_own and name not in used:
            server = name.removesuffix(names.FILES_SUFFIX)
            yield Mistake(
                "arkouda",
                f"server {server} no longer uses PersistentVolumeClaim {name}, which holds data of this stack and is "
                "protected",
                "Move the data and remove the claim as docs/data.md says, or restore the setting.",
            )


def _other_kind(entry: Entry, inventory: Inventory) -> Iterator[Mistake]:
    """A Service that would lose its selector: Kubernetes then keeps the addresses of the pods that were behind it."""
    at, server = entry
    service = (inventory.of("Service") or {}).get(server.name) or {}
    if isinstance(server, Declared) and service.get("spec", {}).get("selector"):
        yield Mistake(
            f"{at}.name",
            f"Service {server.name} selects pods, and Kubernetes would keep sending clients to them",
            "Choose another name, or run `pulumi up` once without this server.",
        )
