"""What can be wrong with Arkouda servers. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import Level, Row
from ops.doctor.rows_matlab import like

_RESTORE: Final = "Run `pulumi refresh`, then `pulumi up`."

ARKOUDA: Final = (
    like("ARK001"),
    like(
        "ARK002",
        title="There are no Arkouda servers here",
        cause="The namespace does not exist, or nothing in it is part of the Arkouda servers of this stack.",
    ),
    like("ARK003"),
    like("ARK010", "Add nodes, lower cpu or memory of the server, or correct nodeSelector and tolerations."),
    like("ARK012", "Raise the quota, or lower cpu, memory or locales. The message names the limit."),
    like("ARK016"),
    like("ARK018"),
    like("ARK020", "Correct image, add images.pullSecrets, or let the nodes reach the registry."),
    like("ARK021"),
    like("ARK022", "Raise memory of the server, or lower memMax: Chapel never gives memory back."),
    like("ARK023"),
    like("ARK024", "Give the server more memory and CPU. A server waits until every locale runs."),
    like(
        "ARK025",
        cause="A service mesh injected a sidecar. Locales talk by SSH and UDP, which do not pass through it.",
    ),
    Row(
        "ARK026",
        Level.ERROR,
        "pods",
        "An object of a server is missing",
        "Somebody deleted it. Pulumi does not notice by itself.",
        _RESTORE,
    ),
    like("ARK030"),
    like("ARK031", "Correct files.storageClass. The claim's events say what the provisioner answered."),
    like("ARK032", "Use a ReadWriteMany class for files of a server with several locales."),
    Row(
        "ARK044",
        Level.ERROR,
        "network",
        "Endpoints are not mirrored",
        "A server registered itself with Endpoints, and no EndpointSlice followed. Kubernetes routes by EndpointSlices "
        "alone, and this cluster does not mirror Endpoints, which are deprecated since 1.33.",
        "Declare the server (`declared`, with address job), or run the EndpointSliceMirroring controller.",
    ),
    Row(
        "ARK045",
        Level.ERROR,
        "network",
        "A registered server has no address",
        "A server created its Service and failed before it could announce its address: registration is not undone.",
        "Read the server's log, delete the Service with `python -m ops arkouda-orphans --delete`, and start it again.",
    ),
)
"""In the order of their codes, which the runbook keeps."""
