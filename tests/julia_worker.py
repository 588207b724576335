"""The worker pods of a session, as K8sClusterManagers.jl 0.1.5 and the session's startup file make them together.

No Julia runs in the tests. The package's part follows its source (src/pod.jl, worker_pod_spec!), and the rest follows
`components/julia/files/startup.jl`, with the very settings.toml that the session reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Not there in a container, where this file is too.
    from components.shared.manifest import Manifest

COOKIE = "aB3dE6gH9jK2mN5p"


def worker_pod(settings: str, owner: Mapping[str, str] | None = None, **keywords: str) -> Manifest:
    """One worker; `settings` is the text of settings.toml, `keywords` are those of `K8sClusterManager`.

    `owner` has name and uid of the session's pod.
    """
    known = tomllib.loads(settings)
    manager = {**known["manager"], **keywords}
    amounts = {"cpu": manager["cpu"], "memory": manager["memory"]}
    executable = "julia" if manager["image"].startswith("julia:") else "/usr/local/julia/bin/julia"
    pod: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{manager['worker_prefix']}-",
            "labels": {"worker-prefix": manager["worker_prefix"], "cluster-cookie": COOKIE},
        },
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": "worker",
                    "image": manager["image"],
                    "command": [executable, f"--worker={COOKIE}", "--bind-to=0.0.0.0"],
                    "resources": {"requests": dict(amounts), "limits": dict(amounts)},
                }
            ],
        },
    }
    configured(pod, known["pod"])
    if owner:
        pod["metadata"]["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "Pod", **owner, "controller": False, "blockOwnerDeletion": False}
        ]
    return pod


def configured(pod: Manifest, additions: Manifest) -> None:
    """What `configure` in startup.jl does, apart from the owner."""
    _merge(pod["metadata"], additions["metadata"])
    _merge(pod["spec"], additions["spec"])
    (container,) = pod["spec"]["containers"]
    _merge(container, additions["container"])


def _merge(part: dict[str, Any], additions: Mapping[str, Any]) -> None:
    for key, value in additions.items():
        if isinstance(value, Mapping):
            _merge(part.setdefault(key, {}), value)
        else:
            part[key] = value
