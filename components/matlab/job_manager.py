"""The job manager: its configuration, Deployment and Service."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.matlab import names
from components.matlab.manifests import job_manager
from components.matlab.passwords import admin_password_mark
from components.matlab.topology import Topology
from components.shared.component import SKIP_AWAIT, Context, Part
from components.shared.manifest import base64, manifest


class JobManager(Part):
    """Holds the queue and the job database; `up` waits until it answers."""

    def __init__(
        self, cluster: Topology, context: Context, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
    ) -> None:
        """Register it; its pod mounts what is in `after`."""
        super().__init__("clusters:matlab:JobManager", "job-manager", context, parent)
        needed = [*after, self.add(job_manager.configuration(cluster))]
        if cluster.imports_ldap_certificate:
            needed.append(
                self.add(
                    manifest("v1", "Secret", names.LDAP_SECRET, cluster.namespace, type="Opaque"),
                    data={names.LDAP_CERTIFICATE_FILE: base64(cluster.settings.ldap.certificate or "")},
                )
            )
        self.add(job_manager.service(cluster), annotations=SKIP_AWAIT)
        self.add(
            job_manager.deployment(cluster, admin_password_mark(cluster, context.stack)),
            after=needed,
            timeout=cluster.settings.job_manager.start_timeout,
        )
