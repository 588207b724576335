"""From manifests to Pulumi resources: the one place where Kubernetes objects are registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from components.shared.manifest import Manifest, owned_by

SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}
"""An awaited Service costs ten seconds and more, and nobody needs to wait for one inside the cluster."""
PATCH_FORCE: Final = {"pulumi.com/patchForce": "true"}
"""Takes fields back from another writer."""


def _kind(api_version: str, kind: str) -> Callable[..., pulumi.CustomResource]:
    """The SDK's class for a kind. Looked up late: each API group of the SDK costs a tenth of a second to import."""
    group = {
        "v1": lambda: kubernetes.core.v1,
        "apps/v1": lambda: kubernetes.apps.v1,
        "rbac.authorization.k8s.io/v1": lambda: kubernetes.rbac.v1,
        "networking.k8s.io/v1": lambda: kubernetes.networking.v1,
    }[api_version]()
    found: Callable[..., pulumi.CustomResource] = getattr(group, kind)
    return found


@dataclass(frozen=True)
class Context:
    """Where a stack's objects go: its name, which every object carries as a label, and its provider."""

    stack: str
    provider: pulumi.ProviderResource
    after: Sequence[pulumi.Resource] = field(default=())
    """What every object waits for: the namespace."""


class Part(pulumi.ComponentResource):
    """A thing that a user can point at, and the Kubernetes objects that it consists of."""

    def __init__(self, token: str, name: str, context: Context, parent: pulumi.Resource) -> None:
        """Register the component `token`, such as clusters:matlab:JobManager."""
        super().__init__(token, name, None, pulumi.ResourceOptions(parent=parent))
        self.context = context

    def add(  # noqa: PLR0913 - the options of a resource
        self,
        manifest: Manifest,
        *,
        after: Sequence[pulumi.Resource] = (),
        annotations: Mapping[str, str] | None = None,
        data: Mapping[str, pulumi.Input[str]] | None = None,
        protect: bool = False,
        timeout: int | None = None,
    ) -> Any:
        """Register one object. `data` are a Secret's values; `timeout` is in seconds, for becoming ready.

        Names are literal everywhere and order is explicit, so that a preview can check every object (facts §3.2).
        """
        metadata = dict(manifest["metadata"])
        metadata["labels"] = {**metadata.get("labels", {}), **owned_by(self.context.stack)}
        if annotations:
            metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        rest = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind", "metadata"}}
        if data is not None:
            rest["data"] = data
        if "roleRef" in rest:
            rest["role_ref"] = rest.pop("roleRef")
        seconds = f"{timeout}s" if timeout else None
        return _kind(manifest["apiVersion"], manifest["kind"])(
            manifest["metadata"]["name"],
            metadata=metadata,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self.context.provider,
                depends_on=[*self.context.after, *after],
                protect=protect,
                custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds) if seconds else None,
            ),
            **rest,
        )
