"""The passwords of a MATLAB cluster, in the Secrets where MJS finds them: administrator and worker user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.objects import PlannedObject, protected, secret

COMPONENT: Final = "passwords"
ADMIN: Final = "admin"
WORKER: Final = "worker"


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """Both Secrets, protected: generated passwords outlive a destroy."""
    for name in (names.ADMIN_SECRET, names.WORKER_USER_SECRET):
        yield protected(PlannedObject(secret(name, cluster.namespace), COMPONENT), names.SYSTEM)
