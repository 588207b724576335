"""Which claim moves where, and the two objects that this needs: the new claim, and the Job that copies."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from components.matlab import names, pods
from components.matlab.topology import Topology
from components.shared import security
from components.shared.fields import is_dns_name
from components.shared.groups import AccessMode, Volume
from components.shared.kube import Json
from components.shared.manifest import Manifest, claim, literal_env, manifest, owned_by, resources
from components.shared.quantities import quantity
from components.shared.workload import mount, pod_template
from ops.errors import UsageError

OWN_CLAIMS: Final[Mapping[str, str]] = {"checkpoint": names.CHECKPOINT_CLAIM, "log": names.LOG_CLAIM}
"""The volumes that can move, by their names in the stack file, and the claims that the stack creates for them."""
FROM: Final = "clusters.pulumi/copy-of"
"""Annotation of the Job and of the new claim: the old claim."""
TO: Final = "clusters.pulumi/copy-to"
"""Annotation of the Job: the new claim."""
GENERATION: Final = "clusters.pulumi/job-manager-generation"
"""Annotation of the Job: the generation of the job manager's Deployment, which every start changes."""
DONE: Final = "clusters.pulumi/copied"
"""Annotation of the new claim, once it holds a whole copy: what was copied, and in which state the job manager was."""
OLD_DIR: Final = "/old"
NEW_DIR: Final = "/new"
_COPY: Final = "copy"
_RESULT: Final = "/dev/termination-log"
_SCRIPT: Final = Path(__file__).parent / "copy.sh"
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
"""What uid 0 needs to read what belongs to others, and to give it to them."""


@dataclass(frozen=True)
class Move:
    """The move of one volume of a MATLAB cluster."""

    stack: str
    cluster: Topology
    volume: str
    """A key of OWN_CLAIMS."""
    target: str
    """Name of the new claim."""

    @property
    def settings(self) -> Volume:
        """The volume in the stack file."""
        storage = self.cluster.settings.storage
        return {"checkpoint": storage.checkpoint, "log": storage.log}[self.volume]

    @property
    def source(self) -> str:
        """Name of the old claim."""
        return self.settings.claim or OWN_CLAIMS[self.volume]

    @property
    def path(self) -> str:
        """Config path of the volume."""
        return f"matlab.storage.{self.volume}"

    def new_claim(self, volume: Volume) -> Manifest:
        """The claim to create."""
        made = claim(self.target, self.cluster.namespace, volume, owned_by(self.stack))
        made["metadata"]["annotations"] = {FROM: self.source}
        return made

    def job(self, generation: int) -> Manifest:
        """The Job that copies. It runs where the job manager runs, and as its user, with what it requests."""
        spec = self.cluster.settings.job_manager
        mounts = [
            mount("old", OLD_DIR),
            mount("new", NEW_DIR, read_only=False),
            mount("tmp", pods.RUN_DIR, read_only=False),
        ]
        variables = {
            "OLD": OLD_DIR, "NEW": NEW_DIR, "FROM": self.source, "TO": self.target, "RESULT": _RESULT
        }  # fmt: skip
        container = {
            "name": _COPY,
            "image": self.cluster.job_manager_image,
            "imagePullPolicy": self.cluster.job_manager_pull_policy,
            "command": ["/bin/bash", "-c", _SCRIPT.read_text(encoding="utf-8")],
            "env": literal_env(variables),
            "resources": resources(spec.resources),
            "securityContext": security.container(capabilities=() if spec.user_id else _CAPABILITIES),
            "volumeMounts": mounts,
            # A command that fails has its own message.
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
        template = pod_template(
            {"app": names.MOVE_CLAIM},
            containers=[container],
            volumes=[_volume("old", self.source), _volume("new", self.target), {"name": "tmp", "emptyDir": {}}],
            node_selector=spec.node_selector,
            tolerated=spec.tolerations,
            group=spec,
            **pods.pods(self.cluster),
            restartPolicy="Never",
            securityContext=security.pod(spec.user_id, spec.group_id),
        )
        return manifest(
            "batch/v1",
            "Job",
            names.MOVE_CLAIM,
            self.cluster.namespace,
            labels=owned_by(self.stack),
            annotations={FROM: self.source, TO: self.target, GENERATION: str(generation)},
            spec={
                # A failure is shown to you. Only a pod that was evicted is started again.
                "backoffLimit": 0,
                "podFailurePolicy": {
                    "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]
                },
                "template": template,
            },
        )


def _volume(name: str, claim_name: str) -> Manifest:
    return {"name": name, "persistentVolumeClaim": {"claimName": claim_name}}


ANY_CLAIM: Final[Json] = {"spec": {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}}
"""Stands for the old claim where only the words of the command matter."""


def check(arguments: argparse.Namespace) -> None:
    """Raise UsageError for words that no claim can have, before Pulumi or the cluster is asked."""
    if arguments.cancel and (arguments.size or arguments.storage_class or arguments.access_modes):
        raise UsageError("--cancel creates no claim. Remove --size, --storage-class and --access-modes.")
    if not is_dns_name(arguments.to):
        raise UsageError(f"--to {arguments.to} cannot be the name of a claim.")
    described(arguments, ANY_CLAIM)


def described(arguments: argparse.Namespace, old: Json) -> Volume:
    """The new claim. Raises UsageError for text that is not a size, class or access mode."""
    spec = old["spec"]
    size = arguments.size or max(
        spec["resources"]["requests"]["storage"], (old.get("status", {}).get("capacity") or {}).get("storage", "0"),
        key=quantity,
    )  # fmt: skip
    modes = arguments.access_modes or spec["accessModes"]
    if unknown := set(modes) - {*AccessMode}:
        raise UsageError(f"{', '.join(unknown)} is not an access mode. Write {', '.join(AccessMode)}.")
    given = {
        "size": size,
        "storageClass": arguments.storage_class or spec.get("storageClassName"),
        "accessModes": modes,
    }
    try:
        return Volume.model_validate(given)
    except ValidationError as error:
        raise UsageError("; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())) from error
