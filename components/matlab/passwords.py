"""Passwords of a MATLAB cluster, in the Secrets where MJS finds them: administrator and worker user."""

from __future__ import annotations

import pulumi

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.component import Context, Part
from components.shared.manifest import base64, manifest
from components.shared.passwords import mark, password


class Passwords(Part):
    """Passwords that the stack config gives, or generated ones that outlive a destroy."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource) -> None:
        """Make both passwords and their Secrets."""
        super().__init__("clusters:matlab:Passwords", "passwords", context, parent)
        settings = cluster.settings
        self.administrator = password("mjs-admin", settings.security.admin_password, self)
        worker = password("mjs-worker", settings.workers.password, self)
        self.secrets = [
            self.add(
                manifest("v1", "Secret", name, cluster.namespace, type="Opaque"),
                data={names.PASSWORD_KEY: value.apply(base64)},
                protect=True,
            )
            for name, value in ((names.ADMIN_SECRET, self.administrator), (names.WORKER_USER_SECRET, worker))
        ]


def admin_password_mark(cluster: Topology, stack: str) -> str:
    """Changes with the administrator's password."""
    return mark(cluster.settings.security.admin_password, f"{stack}/{cluster.namespace}/admin")


def worker_password_mark(cluster: Topology, stack: str) -> str:
    """Changes with the worker user's password."""
    return mark(cluster.settings.workers.password, f"{stack}/{cluster.namespace}/worker")
