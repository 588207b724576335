"""PersistentVolumeClaims for the job database and the logs."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.groups import Volume
from components.shared.manifest import claim
from components.shared.objects import PlannedObject, protected

COMPONENT = "storage"


def own_claims(cluster: Topology) -> dict[str, Volume]:
    """The claims that the stack makes, by name."""
    storage = cluster.settings.storage
    volumes = {
        names.CHECKPOINT_CLAIM: storage.checkpoint,
        names.LOG_CLAIM: storage.log,
        names.WORKER_LOG_CLAIM: storage.worker_log,
    }
    return {name: volume for name, volume in volumes.items() if volume.persistent and not volume.claim}


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The claims that the settings do not name. They are protected: a destroy keeps them."""
    for name, volume in own_claims(cluster).items():
        yield protected(PlannedObject(claim(name, cluster.namespace, volume), COMPONENT), names.SYSTEM)
