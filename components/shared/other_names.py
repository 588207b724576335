"""What Kubernetes and the values of well-known charts call our settings, for people who bring them along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FILES: Final = ("claims", "configMaps", "secrets")
OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "additionalVolumeMounts": _FILES,
    "additionalVolumes": _FILES,
    "claimName": ("claim",),
    "environment": ("env",),
    "existingClaim": ("claim",),
    "extraAnnotations": ("annotations",),
    "extraEnv": ("env",),
    "extraLabels": ("labels",),
    "extraVolumeMounts": _FILES,
    "extraVolumes": _FILES,
    "gpus": ("numGPUs",),
    "imagePullSecrets": ("pullSecrets",),
    "ingress": ("network",),
    "loadBalancerClass": ("class",),
    "loadBalancerSourceRanges": ("sourceRanges",),
    "maxReplicas": ("max",),
    "minReplicas": ("min",),
    "name": ("repository",),
    "persistence": ("storage",),
    "podAnnotations": ("annotations",),
    "podDisruptionBudget": ("surviveDrains",),
    "podLabels": ("labels",),
    "priorityClassName": ("priorityClass",),
    "queueName": ("kueueQueue",),
    "replicas": ("max",),
    "runtimeClassName": ("runtimeClass",),
    "schedulerName": ("scheduler",),
    "service": ("network",),
    "storageClassName": ("storageClass",),
    "volumeMounts": _FILES,
    "volumes": _FILES,
}
"""Their name → names of settings. Only those that the group has are shown."""
