"""The session itself: a StatefulSet of one pod with a prompt, or a Job with a script (docs/adr/0011-sessions.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from components.julia import names, pods, startup
from components.julia.topology import JuliaSession
from components.shared.manifest import CHECKSUM, Manifest, checksum, literal, manifest
from components.shared.objects import Key, PlannedObject
from components.shared.workload import app

STARTED = "jsonpath={.status.startTime}"
"""By itself the provider waits until a Job is complete, however long its script runs. With skipAwait it would not wait
for the end of a Job either that it replaces, and the new one has the same name."""
RUN = "clusters.pulumi/run"
"""Pod annotation with the number of a script's run."""


def objects(session: JuliaSession, component: str, after: Sequence[Key]) -> Iterator[PlannedObject]:
    """StatefulSet or Job. `after` are quota, rights and policies, which a session needs from its first line on."""
    if session.has_prompt:
        timeout = session.settings.manager.start_timeout
        yield PlannedObject(stateful_set(session), component, after=tuple(after), timeout=timeout)
    else:
        yield PlannedObject(job(session), component, after=tuple(after), wait_for=STARTED)


def stateful_set(session: JuliaSession) -> Manifest:
    """An interactive session: its pod has the same name and depot after every restart, on any node."""
    command = ["julia", "-i", "-L", f"{names.CONFIG_DIR}/{startup.startup_file(session)}"]
    template = _template(session, command, stdin=True, tty=True)
    annotations = template["metadata"]["annotations"]
    annotations[CHECKSUM] = checksum(startup.configuration(session)["data"])
    return workload(session, names.session(session.name), 1, template)


def workload(session: JuliaSession, name: str, replicas: int, template: Manifest) -> Manifest:
    """A StatefulSet whose pods apply a changed template as the settings say."""
    immediately = session.settings.manager.updates == "immediately"
    return manifest(
        "apps/v1",
        "StatefulSet",
        name,
        session.namespace,
        labels=app(name),
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": app(name)},
            # serviceName is required before Kubernetes 1.33. Nobody needs the DNS names of such a Service.
            "serviceName": name,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate" if immediately else "OnDelete"},
            "template": template,
        },
    )


def job(session: JuliaSession) -> Manifest:
    """A script. A Job's pods cannot be changed, so a change of the script or of its pod is another run."""
    name, script = names.session(session.name), session.settings.script
    startup_file = f"{names.CONFIG_DIR}/{names.STARTUP_FILE}"
    template = _template(session, ["julia", "-L", startup_file, *map(literal, (session.script, *script.arguments))])
    annotations = template["metadata"]["annotations"]
    annotations[RUN] = str(script.run)
    if script.text:
        annotations[CHECKSUM] = checksum({names.SCRIPT_FILE: script.text})
    template["spec"]["restartPolicy"] = "Never"
    deadline = {"activeDeadlineSeconds": script.deadline} if script.deadline else {}
    spec = {"backoffLimit": script.retries, **deadline, "template": template}
    return manifest("batch/v1", "Job", name, session.namespace, labels=app(name), spec=spec)


def _template(session: JuliaSession, command: list[str], **container: Any) -> Manifest:
    settings, name = session.settings, names.session(session.name)
    return pods.template(
        session,
        name,
        group=settings.manager,
        container={
            "name": names.MANAGER,
            "image": session.image,
            "imagePullPolicy": str(settings.image.pull_policy),
            "command": command,
            "env": pods.session_environment(session),
            **container,
        },
        volumes=pods.session_volumes(session),
        service_account=name,
        token=session.starts_workers,
    )
