"""What a stack hands over to the people who use a session: commands, and the line that starts workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.julia import names
from components.julia.topology import JuliaSession


def output(session: JuliaSession) -> dict[str, Any]:
    """One session, without what does not apply to its kind."""
    workers = session.settings.workers
    kubectl = f"kubectl --namespace {session.namespace}"
    every_pod = f"{names.SESSION_LABEL}={session.name}"
    found = {
        "namespace": session.namespace,
        "kind": str(session.kind),
        "maxWorkers": workers.max,
        "worker": {
            "image": session.worker_image,
            "cpu": workers.cpu,
            "memory": workers.memory,
            **({"gpus": workers.num_gpus} if workers.num_gpus else {}),
        },
        "addprocs": addprocs(session),
        "pods": f"{kubectl} get pods --selector {every_pod}",
    }
    if session.has_prompt:
        pod = names.pod(session.name)
        found["attach"] = f"{kubectl} attach --stdin --tty {pod}"
        found["log"] = f"{kubectl} logs --follow {pod}"
        found["restart"] = f"{kubectl} delete pod {pod}"
    else:
        found["log"] = f"{kubectl} logs --follow job/{names.session(session.name)}"
    if session.starts_workers:
        selector = f"{names.WORKER_PREFIX_LABEL}={names.worker(session.name)}"
        found["cleanup"] = f"{kubectl} delete pods --selector {selector}"
    else:
        found["cleanup"] = f"{kubectl} delete pods --selector {every_pod}"
    return dict(sorted(found.items()))


def addprocs(session: JuliaSession) -> str:
    """The line that starts as many workers as the quota allows; in a pool, the one that counts them."""
    if not session.starts_workers:
        return "nworkers()"
    place = f'; exename="{session.worker_executable}"' if session.worker_executable else ""
    return f"addprocs(K8sClusterManager({session.settings.workers.max}){place})"


def readme(sessions: Sequence[JuliaSession], kept: Sequence[str]) -> str:
    """The page in Markdown; `kept` are the objects that a destroy keeps."""
    rows = "\n".join(
        f"| {session.name} | {session.kind} | {session.namespace} | {session.settings.workers.max} | "
        f"`{output(session).get('attach') or output(session)['log']}` |"
        for session in sessions
    )
    kept_list = "\n".join(f"- {item}" for item in kept) or "- nothing"
    return f"""# Julia sessions

| Session | Kind | Namespace | Workers | To see it |
|---|---|---|---|---|
{rows}

## For users

1. `pulumi stack output juliaSessions` has every command of your session. `attach` opens its prompt; press Ctrl-P and
   then Ctrl-Q to leave it running, or close the terminal if your kubectl is older than 1.36. `exit()` starts a new one.
2. Paste the line `addprocs`. Workers that you no longer need end with `rmprocs(workers())`.

A destroy keeps:

{kept_list}
"""
