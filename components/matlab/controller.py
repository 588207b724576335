"""The controller: its identity, rights, configuration and Deployment."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.matlab.manifests import controller
from components.matlab.topology import Topology
from components.shared.component import Context, Part

START_TIMEOUT = 600
"""Seconds until a small image must have been pulled and started."""


class Controller(Part):
    """Scales the workers. It starts last: what it does not find, it would make itself."""

    def __init__(
        self, cluster: Topology, context: Context, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
    ) -> None:
        """Register it; it reads everything in `after` when it starts."""
        super().__init__("clusters:matlab:Controller", "controller", context, parent)
        own = [
            self.add(manifest)
            for manifest in (
                controller.service_account(cluster),
                controller.role(cluster),
                controller.role_binding(cluster),
                controller.configuration(cluster),
            )
        ]
        self.add(controller.deployment(cluster), after=[*own, *after], timeout=START_TIMEOUT)
