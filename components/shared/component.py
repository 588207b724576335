"""From manifests to Pulumi resources: the one place where Kubernetes objects are registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.shared.manifest import Manifest, owned_by

SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}
"""An awaited Service costs ten seconds and more, and nobody needs to wait for one inside the cluster."""
PATCH_FORCE: Final = {"pulumi.com/patchForce": "true"}
"""Takes fields back from another writer."""


class KubernetesObject(pulumi.CustomResource):
    """One object, registered as its manifest says.

    The SDK's own classes would add another spelling of every field, and importing those of core/v1 alone takes half of
    the time that the whole program needs (docs/adr/0005-manifests.md).
    """

    def __init__(self, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it under its own name; a Secret's values are secret in whatever the engine keeps or prints."""
        version, kind = manifest["apiVersion"], manifest["kind"]
        props = dict(manifest)
        if kind == "Secret":
            props["data"] = pulumi.Output.secret(manifest["data"])
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["data"]))
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{kind}", manifest["metadata"]["name"], props, opts)


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
    ) -> KubernetesObject:
        """Register one object. `data` are a Secret's values; `timeout` is in seconds, for becoming ready.

        Names are literal everywhere and order is explicit, so that a preview can check every object (facts §3.2).
        """
        metadata = dict(manifest["metadata"])
        metadata["labels"] = {**metadata.get("labels", {}), **owned_by(self.context.stack)}
        if annotations:
            metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        seconds = f"{timeout}s" if timeout else None
        return KubernetesObject(
            {**manifest, "metadata": metadata, **({} if data is None else {"data": data})},
            pulumi.ResourceOptions(
                parent=self,
                provider=self.context.provider,
                depends_on=[*self.context.after, *after],
                protect=protect,
                custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds) if seconds else None,
            ),
        )
