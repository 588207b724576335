"""What a session adds to the worker pods that K8sClusterManagers.jl describes (its pod.jl, worker_pod_spec!).

The package makes labels, image, command, CPU and memory. `files/startup.jl` lays the rest over its manifest, and adds
the session's pod as the owner, whose UID only the session knows.
"""

from __future__ import annotations

from components.julia import names, pods
from components.julia.topology import JuliaSession
from components.shared import security, workload
from components.shared.demand import PodGroup
from components.shared.manifest import Manifest


def additions(session: JuliaSession) -> Manifest:
    """Parts of the pod, and of its only container. In TOML, in settings.toml."""
    workers = session.settings.workers
    volumes, mounts = workload.pod_volumes(pods.worker_volumes(session))
    deadline = workers.active_deadline
    return {
        "metadata": workers.metadata(pods.labels(session, names.worker(session.name)), pods.NO_SIDECARS),
        "spec": {
            **pods.placement(workers),
            **pods.common_spec(session),
            **({"activeDeadlineSeconds": deadline} if deadline else {}),
            "serviceAccountName": names.worker(session.name),
            "automountServiceAccountToken": False,
            "volumes": volumes,
        },
        "container": {
            "imagePullPolicy": session.worker_pull_policy,
            "env": pods.worker_environment(session),
            **({"resources": {"limits": pods.gpus(workers)}} if workers.num_gpus else {}),
            "securityContext": security.container(),
            "volumeMounts": mounts,
        },
    }


def at_most(session: JuliaSession) -> PodGroup:
    """The workers that the session may start at the same time."""
    workers = session.settings.workers
    container = {"name": names.WORKER, "image": session.worker_image, "resources": pods.resources(workers)}
    spec = {**pods.placement(workers), "containers": [container]}
    return PodGroup(f"workers of session {session.name}", session.namespace, workers.max, spec, workers=True, idle=0)
