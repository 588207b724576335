"""Persistent volume claims of a MATLAB cluster."""

from __future__ import annotations

import pulumi

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.component import Context, Part
from components.shared.groups import Volume
from components.shared.manifest import claim


def own_claims(cluster: Topology) -> dict[str, Volume]:
    """The claims that the stack makes, by name."""
    storage = cluster.settings.storage
    volumes = {
        names.CHECKPOINT_CLAIM: storage.checkpoint,
        names.LOG_CLAIM: storage.log,
        names.WORKER_LOG_CLAIM: storage.worker_log,
    }
    return {name: volume for name, volume in volumes.items() if volume.persistent and not volume.claim}


class Storage(Part):
    """Claims for the job database and the logs. They are protected: a destroy leaves them."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource) -> None:
        """Make the claims that the settings do not name."""
        super().__init__("clusters:matlab:Storage", "storage", context, parent)
        self.objects = [
            self.add(claim(name, cluster.namespace, volume), protect=True)
            for name, volume in own_claims(cluster).items()
        ]
