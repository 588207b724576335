"""The last step of a takeover: Helm forgets the release."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from components.registry import SYSTEMS
from components.shared.inventory import HELM_RELEASE
from components.shared.kube import RESOURCES, Json, KubernetesApi
from components.stack import StackConfig
from ops.adopt import helm_release
from ops.adopt.helm_release import Release
from ops.errors import CommandError


def finish(api: KubernetesApi, stack: StackConfig, state: Json, confirm: Callable[[str], None]) -> Release:
    """Delete the records of the release that the stack has taken over. `confirm` ends with an error to say no.

    Deleting a record deletes no object of the release. Raises CommandError while the release still owns one.
    """
    settings = stack.systems.get("matlab")
    if settings is None:
        raise CommandError(f"Stack {stack.name} deploys no MATLAB cluster, so it took over no Helm release.")
    (namespace,) = SYSTEMS["matlab"].namespaces(settings)
    release = helm_release.read(api, namespace)
    if still := sorted(_still_owned(api, namespace, release, state)):
        raise CommandError(
            f"Release {release.name} still owns {len(still)} objects: {', '.join(still)}. "
            f"Run `python -m ops adopt --stack {stack.name}` and `pulumi up` first. Nothing was deleted."
        )
    confirm(release.name)
    for name in release.records:
        api.request("DELETE", f"{RESOURCES['Secret'].path(namespace)}/{name}")
    return release


def _still_owned(api: KubernetesApi, namespace: str, release: Release, state: Json) -> Iterator[str]:
    """Objects that carry the release's name, or that the state does not know."""
    known = {(entry["type"].rpartition(":")[2], entry.get("id")) for entry in state.get("resources") or ()}
    for kind, name in release.objects:
        live = api.get(f"{RESOURCES[kind].path(namespace)}/{name}")
        if live is None:
            continue
        annotations = live["metadata"].get("annotations") or {}
        if annotations.get(HELM_RELEASE) == release.name or (kind, f"{namespace}/{name}") not in known:
            yield f"{kind}/{name}"
