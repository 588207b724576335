"""What can be wrong in a Julia session. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import ABSENT, RESTORE, Chapters, error, warning
from ops.doctor.rows_matlab import like

JULIA: Final[Chapters] = {
    "namespace": (
        like("JUL001"),
        like(
            "JUL002",
            title="The session does not exist",
            cause="The namespace of the session does not exist, or nothing in it is part of the session.",
        ),
        like("JUL003"),
    ),
    "scheduling": (
        like(
            "JUL010", "Add nodes, lower cpu and memory of manager or workers, or correct nodeSelector and tolerations."
        ),
        like("JUL011"),
        like(
            "JUL012",
            "Raise workers.max, which decides the quota, or start fewer workers. The message names the limit.",
        ),
        like("JUL016"),
        like(
            "JUL017",
            "If the node is off for good, run `kubectl delete node NODE`. If it may still run, turn it off first.",
        ),
        like("JUL018"),
    ),
    "images": (
        like("JUL020", "Correct image and workers.image, add pullSecrets, or let the nodes reach the registry."),
    ),
    "pods": (
        like("JUL021"),
        like("JUL022", "Raise manager.memory or workers.memory. Precompiling needs about 1Gi for each task."),
        like("JUL023"),
        like(
            "JUL024",
            "Give the pod more memory and CPU.",
            cause="The process does not respond in time, because it lacks memory or CPU.",
        ),
        like(
            "JUL025",
            cause="A service mesh injected a sidecar. K8sClusterManagers.jl looks for its image in the only "
            "container, and "
            "`addprocs` fails with `uses multiple containers`.",
        ),
        error("JUL026", "An object of the session is missing", ABSENT, RESTORE),
        error(
            "JUL027",
            "Rights of the session are missing",
            (
                "Its ServiceAccount, Role or RoleBinding was deleted, or never created. `addprocs` fails with "
                "`pods is forbidden`, or users cannot attach."
            ),
            RESTORE,
        ),
        like(
            "JUL028",
            cause="Somebody scaled its Deployment or StatefulSet to 0 replicas, so Kubernetes runs none of its pods.",
            remedy="Scale it up again.",
        ),
    ),
    "storage": (
        like("JUL030"),
        like("JUL031", "Correct depot.storageClass. The claim's events say what the provisioner answered."),
        like("JUL032", "Use a ReadWriteMany class where workers read the depot, or turn depot.shareWithWorkers off."),
        like("JUL033"),
    ),
    "logs": (
        error(
            "JUL060",
            "A warning from Kubernetes stops `addprocs`",
            "K8sClusterManagers.jl treats every line that kubectl prints as a failure. The pods were created "
            "nevertheless.",
            "Remove the label pod-security.kubernetes.io/warn and any policy that warns, then delete the workers.",
        ),
        error(
            "JUL061",
            "The session cannot find its own pod",
            "Its host name is not the name of its pod.",
            'Pass `manager_pod_name = ENV["POD_NAME"]`.',
        ),
        error(
            "JUL062",
            "The session has a second container",
            "K8sClusterManagers.jl looks for its image in the only container, and a sidecar was injected.",
            "Turn injection off for the namespace, or pass `image`.",
        ),
        warning(
            "JUL063",
            "A worker did not start in time",
            "No node had room, or the image took too long to pull. `addprocs` returned fewer workers.",
            "Raise workers.pendingTimeout, add nodes, or pull the image in advance.",
        ),
        warning(
            "JUL064",
            "A worker ran out of memory",
            "It used more than its limit, and the kernel ended it.",
            "Raise workers.memory.",
        ),
        error(
            "JUL065",
            "Session and workers run different versions of Julia",
            "Different versions cannot read each other's messages.",
            "Use one image for both, and pin it with a digest.",
        ),
        error(
            "JUL066",
            "Packages are incompatible",
            "K8sClusterManagers.jl needs JSON 0.21 and DataStructures 0.18, but the project requires other versions.",
            "Pin compatible versions in packages.manifest.",
        ),
        warning("JUL067", "kubectl gave no answer", "It printed neither a pod nor an error.", "Call `addprocs` again."),
        warning(
            "JUL068",
            "kubectl was throttled",
            "Too many workers started at once. K8sClusterManagers.jl treats kubectl's message about it as a failure.",
            "Start fewer workers at a time.",
        ),
        error(
            "JUL069",
            "A name is too long",
            "Names of workers are also labels, which have at most 63 characters.",
            "Give the session a shorter name.",
        ),
        error(
            "JUL070",
            "The depot is full",
            "Packages and compiled code fill the volume.",
            "Raise depot.size, or run `Pkg.gc()`.",
        ),
        error(
            "JUL073",
            "The session lacks a right",
            "It runs in another ServiceAccount, or its Role was changed.",
            RESTORE,
        ),
    ),
}
"""By chapter of the runbook, and in the order of their codes."""
