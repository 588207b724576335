"""The cluster that a stack names, and the provider for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from components.shared.kube import KubernetesApi

if TYPE_CHECKING:
    import pulumi
    import pulumi_kubernetes as kubernetes

    from components.shared.groups import Target

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
EMBEDDED_CONTEXT: Final = "embedded"
EMBEDDED_DIR_VARIABLE: Final = "CLUSTERS_EMBEDDED_DIR"
"""Environment variable that points at another embedded cluster than the project's own."""


def embedded_kubeconfig() -> Path:
    """Kubeconfig of the embedded control plane (local/cluster writes it)."""
    return Path(os.environ.get(EMBEDDED_DIR_VARIABLE) or PROJECT / ".state" / "cluster") / "kubeconfig"


def kubeconfig(target: Target) -> Path | None:
    """Path of the kubeconfig; None: the client's default."""
    if target.embedded:
        return embedded_kubeconfig()
    return PROJECT / Path(target.kubeconfig).expanduser() if target.kubeconfig else None


def context(target: Target) -> str:
    """Name of the kubeconfig's context."""
    return target.context or EMBEDDED_CONTEXT


def connect(target: Target) -> KubernetesApi:
    """A client for the cluster. Raises Unreachable with a sentence."""
    return KubernetesApi.connect(kubeconfig(target), context(target))


def provider(target: Target, name: str = "kubernetes", parent: pulumi.Resource | None = None) -> kubernetes.Provider:
    """The one provider of a stack, or of a component in another language's stack.

    ConfigMaps and Secrets are updated in place: without the two flags the provider deletes and creates them again
    (pulumi/pulumi-kubernetes issue 2404). The identifier keeps the provider the same when the path of a kubeconfig
    changes. An object that exists is taken over, which the provider itself refuses since 4.29: only the preflight knows
    whether it is of this stack, and a create whose answer was lost is repeated.
    """
    # Imported here: the SDK takes a quarter of a second, and a command that rejects a config registers nothing.
    import pulumi
    import pulumi_kubernetes as kubernetes

    path = kubeconfig(target)
    return kubernetes.Provider(
        name,
        kubeconfig=str(path) if path else None,
        context=context(target),
        cluster_identifier=context(target),
        enable_server_side_apply=True,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        upsert_existing_objects=True,
        opts=pulumi.ResourceOptions(parent=parent, transformations=[] if path else [_default_kubeconfig]),
    )


def _default_kubeconfig(provider: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Keep $KUBECONFIG out of the state: the SDK puts it there, and `--refresh` and `destroy` use the state's.

    In a CI job, it is a temporary file, which no other job has (pulumi/pulumi-kubernetes issue 3217). Without it, the
    provider reads $KUBECONFIG itself.
    """
    import pulumi

    return pulumi.ResourceTransformationResult({**provider.props, "kubeconfig": None}, provider.opts)
