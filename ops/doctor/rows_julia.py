"""What can be wrong in a Julia session. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import Level, Row
from ops.doctor.rows_matlab import like

_RESTORE: Final = "Run `pulumi refresh`, then `pulumi up`."

JULIA: Final = (
    like("JUL001"),
    like(
        "JUL002",
        title="The session is not here",
        cause="The namespace of the session does not exist, or nothing in it is part of the session.",
    ),
    like("JUL003"),
    like("JUL010", "Add nodes, lower cpu and memory of manager or workers, or correct nodeSelector and tolerations."),
    like("JUL011"),
    like(
        "JUL012",
        "Raise workers.max, which decides the quota, or start fewer workers. The message names the limit.",
    ),
    like("JUL016"),
    like("JUL018"),
    like("JUL020", "Correct image and workers.image, add pullSecrets, or let the nodes reach the registry."),
    like("JUL021"),
    like("JUL022", "Raise manager.memory or workers.memory. Precompiling needs about 1Gi for each task."),
    like("JUL023"),
    like("JUL024", "Give the pod more memory and CPU."),
    like(
        "JUL025",
        cause="A service mesh injected a sidecar. K8sClusterManagers.jl looks for its image in the only container, and "
        "`addprocs` fails with `uses multiple containers`.",
    ),
    Row(
        "JUL026",
        Level.ERROR,
        "pods",
        "An object of the session is missing",
        "Somebody deleted it. Pulumi does not notice by itself.",
        _RESTORE,
    ),
    Row(
        "JUL027",
        Level.ERROR,
        "pods",
        "Rights of the session are missing",
        "Somebody deleted its ServiceAccount, Role or RoleBinding. `addprocs` fails with `pods is forbidden`, or users "
        "cannot attach.",
        _RESTORE,
    ),
    like("JUL030"),
    like("JUL031", "Correct depot.storageClass. The claim's events say what the provisioner answered."),
    like("JUL032", "Use a ReadWriteMany class where workers read the depot, or turn depot.shareWithWorkers off."),
)
"""In the order of their codes, which the runbook keeps."""
