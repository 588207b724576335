"""What can be wrong in a Julia session. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import ABSENT, RESTORE, Level, Row
from ops.doctor.rows_matlab import like

JULIA: Final = (
    like("JUL001"),
    like(
        "JUL002",
        title="The session does not exist",
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
    like(
        "JUL017", "If the node is off for good, run `kubectl delete node NODE`. If it may still run, turn it off first."
    ),
    like("JUL018"),
    like("JUL020", "Correct image and workers.image, add pullSecrets, or let the nodes reach the registry."),
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
        cause="A service mesh injected a sidecar. K8sClusterManagers.jl looks for its image in the only container, and "
        "`addprocs` fails with `uses multiple containers`.",
    ),
    Row(
        "JUL026",
        Level.ERROR,
        "pods",
        "An object of the session is missing",
        ABSENT,
        RESTORE,
    ),
    Row(
        "JUL027",
        Level.ERROR,
        "pods",
        "Rights of the session are missing",
        "Its ServiceAccount, Role or RoleBinding was deleted, or never created. `addprocs` fails with "
        "`pods is forbidden`, or users cannot attach.",
        RESTORE,
    ),
    like(
        "JUL028",
        cause="Somebody scaled its Deployment or StatefulSet to 0 replicas, so Kubernetes runs none of its pods.",
        remedy="Scale it up again.",
    ),
    like("JUL030"),
    like("JUL031", "Correct depot.storageClass. The claim's events say what the provisioner answered."),
    like("JUL032", "Use a ReadWriteMany class where workers read the depot, or turn depot.shareWithWorkers off."),
    like("JUL033"),
    Row(
        "JUL060",
        Level.ERROR,
        "logs",
        "A warning from Kubernetes stops `addprocs`",
        "K8sClusterManagers.jl treats every line that kubectl prints as a failure. The pods were created nevertheless.",
        "Remove the label pod-security.kubernetes.io/warn and any policy that warns, then delete the workers.",
    ),
    Row(
        "JUL061",
        Level.ERROR,
        "logs",
        "The session cannot find its own pod",
        "Its host name is not the name of its pod.",
        'Pass `manager_pod_name = ENV["POD_NAME"]`.',
    ),
    Row(
        "JUL062",
        Level.ERROR,
        "logs",
        "The session has a second container",
        "K8sClusterManagers.jl looks for its image in the only container, and a sidecar was injected.",
        "Turn injection off for the namespace, or pass `image`.",
    ),
    Row(
        "JUL063",
        Level.WARNING,
        "logs",
        "A worker did not start in time",
        "No node had room, or the image took too long to pull. `addprocs` returned fewer workers.",
        "Raise workers.pendingTimeout, add nodes, or pull the image in advance.",
    ),
    Row(
        "JUL064",
        Level.WARNING,
        "logs",
        "A worker ran out of memory",
        "It used more than its limit, and the kernel ended it.",
        "Raise workers.memory.",
    ),
    Row(
        "JUL065",
        Level.ERROR,
        "logs",
        "Session and workers run different versions of Julia",
        "Different versions cannot read each other's messages.",
        "Use one image for both, and pin it with a digest.",
    ),
    Row(
        "JUL066",
        Level.ERROR,
        "logs",
        "Packages are incompatible",
        "K8sClusterManagers.jl needs JSON 0.21 and DataStructures 0.18, but the project requires other versions.",
        "Pin compatible versions in packages.manifest.",
    ),
    Row(
        "JUL067",
        Level.WARNING,
        "logs",
        "kubectl gave no answer",
        "It printed neither a pod nor an error.",
        "Call `addprocs` again.",
    ),
    Row(
        "JUL068",
        Level.WARNING,
        "logs",
        "kubectl was throttled",
        "Too many workers started at once. K8sClusterManagers.jl treats kubectl's message about it as a failure.",
        "Start fewer workers at a time.",
    ),
    Row(
        "JUL069",
        Level.ERROR,
        "logs",
        "A name is too long",
        "Names of workers are also labels, which have at most 63 characters.",
        "Give the session a shorter name.",
    ),
    Row(
        "JUL070",
        Level.ERROR,
        "logs",
        "The depot is full",
        "Packages and compiled code fill the volume.",
        "Raise depot.size, or run `Pkg.gc()`.",
    ),
    Row(
        "JUL073",
        Level.ERROR,
        "logs",
        "The session lacks a right",
        "It runs in another ServiceAccount, or its Role was changed.",
        RESTORE,
    ),
)
"""In the order of their codes, which the runbook keeps."""
