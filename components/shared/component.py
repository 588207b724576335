"""From planned objects to Pulumi resources: the one place where Kubernetes objects are registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components.shared import rollout
from components.shared.kube import KubernetesApi
from components.shared.manifest import Manifest, owned_by
from components.shared.objects import Key, PlannedObject, by_key, dependencies

SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}
"""The provider waits ten seconds and more for a Service with a selector."""
WAIT_FOR: Final = "pulumi.com/waitFor"
PATCH_FORCE: Final = {"pulumi.com/patchForce": "true"}


class KubernetesObject(pulumi.CustomResource):
    """One object, registered as its manifest says.

    The type is the one that the SDK's class would register, so a state does not tell the difference. The reasons for
    plain manifests are in docs/adr/0005-manifests.md.
    """

    def __init__(self, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it under its own name. A Secret's values are secret in everything that Pulumi keeps or prints."""
        version, kind = manifest["apiVersion"], manifest["kind"]
        props = dict(manifest)
        if kind == "Secret":
            # Kubernetes fills some Secrets itself. None makes the SDK return what the provider has read.
            data = manifest.get("data")
            props["data"] = data if data is None else pulumi.Output.secret(data)
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["data"]))
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{kind}", manifest["metadata"]["name"], props, opts)

    def output(self, field: str) -> pulumi.Output[Any]:
        """A top-level field as the Kubernetes cluster has it, such as a UID in `metadata`; unknown before creation."""
        found: pulumi.Output[Any] = getattr(self, field)
        return found


class SystemComponent(pulumi.ComponentResource):
    """A deployed system: a component for each thing that a user can point at, and the objects that it consists of."""

    def __init__(  # noqa: PLR0913 - what it is, and where it is deployed
        self,
        token: str,
        name: str,
        opts: pulumi.ResourceOptions | None,
        *,
        components: Mapping[str, str],
        planned: Sequence[PlannedObject],
        labels: Mapping[str, str] | None,
        api: KubernetesApi | None = None,
    ) -> None:
        """Register the system itself.

        `components` maps the name of each component to its Pulumi type; `labels` are for every object. `api` is the
        API server that is asked for what the provider does not wait for.
        """
        super().__init__(token, name, None, opts)
        self.hooks: Mapping[Key, pulumi.ResourceHookBinding] = {}
        """What Pulumi calls when it changes an object, by kind and name."""
        self.resources: dict[Key, KubernetesObject] = {}
        """What is registered so far, by kind and name."""
        self._planned = by_key(planned)
        self._labels = labels or {}
        self._api = api
        self._components = {
            own: pulumi.ComponentResource(components[own], own, None, pulumi.ResourceOptions(parent=self))
            for own in dict.fromkeys(item.component for item in planned)
        }

    def component(self, name: str) -> pulumi.ComponentResource:
        """The component with this name, as a parent for resources that are not Kubernetes objects."""
        return self._components[name]

    def register(self, item: PlannedObject, data: Mapping[str, pulumi.Input[str]] | None = None) -> None:
        """Register one object; `data` are a Secret's values in base64.

        Names are literal and the order is explicit: a preview then checks every object, because the provider skips an
        object that holds a value which is not known yet.
        """
        seconds = f"{item.timeout}s" if item.timeout else None
        home = self.resources.get(("Namespace", item.manifest["metadata"].get("namespace", "")))
        needed = [self.resources[key] for key in dependencies(item, self._planned)]
        self.resources[item.key] = KubernetesObject(
            {**_labelled(item, self._labels, pulumi.get_stack()), **({} if data is None else {"data": data})},
            pulumi.ResourceOptions(
                parent=self._components[item.component],
                depends_on=[*([home] if home else []), *needed],
                protect=item.protect,
                hooks=self.hooks.get(item.key),
                ignore_changes=list(item.left_to_others) or None,
                custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds) if seconds else None,
            ),
        )

    def complete(self, outputs: Mapping[str, Any]) -> None:
        """Register the outputs of the system and of its components: every component names its objects.

        Then the run goes on until the pods are Ready.
        """
        if self._api:
            for key, resource in self.resources.items():
                if rollout.is_needed(self._planned[key]):
                    rollout.awaited(self._api, self._planned[key], resource)
        for name, component in self._components.items():
            own = ["/".join(key) for key in self.resources if self._planned[key].component == name]
            component.register_outputs({"objects": own})
        self.register_outputs(dict(outputs))


def _labelled(item: PlannedObject, labels: Mapping[str, str], stack: str) -> Manifest:
    metadata = dict(item.manifest["metadata"])
    metadata["labels"] = {**labels, **metadata.get("labels", {}), **owned_by(stack)}
    annotations = {
        **metadata.get("annotations", {}),
        **(SKIP_AWAIT if item.skip_await else {}),
        **({WAIT_FOR: item.wait_for} if item.wait_for else {}),
        **(PATCH_FORCE if item.take_back else {}),
    }
    if annotations:
        metadata["annotations"] = annotations
    return {**item.manifest, "metadata": metadata}
