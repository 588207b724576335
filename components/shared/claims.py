"""Checks the claims of a stack against its Kubernetes cluster. `path` is the config path of the volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.shared.groups import AccessMode, Volume
from components.shared.inventory import Inventory
from components.shared.kube import Json
from components.shared.mistakes import MISSING, Mistake
from components.shared.quantities import quantity

ONE_NODE_PROVISIONERS: Final = {
    "disk.csi.azure.com",
    "docker.io/hostpath",
    "ebs.csi.aws.com",
    "kubernetes.io/aws-ebs",
    "kubernetes.io/azure-disk",
    "kubernetes.io/gce-pd",
    "pd.csi.storage.gke.io",
    "rancher.io/local-path",
}
"""Provisioners of block or local storage: a claim that many nodes must mount stays Pending for ever."""


def changed(path: str, name: str, volume: Volume, claim: Json) -> Iterator[Mistake]:
    """Changes that would replace a claim, and so lose its data."""
    spec = claim["spec"]
    keep = "Keep it, or move the data as docs/data.md says."
    if sorted(spec.get("accessModes", [])) != sorted(map(str, volume.access_modes)):
        modes = ", ".join(spec.get("accessModes", []))
        yield Mistake(f"{path}.accessModes", f"claim {name} has {modes}, which cannot be changed", keep)
    if volume.storage_class and volume.storage_class != spec.get("storageClassName"):
        given = spec.get("storageClassName")
        yield Mistake(f"{path}.storageClass", f"claim {name} has {given}, which cannot be changed", keep)
    size = spec.get("resources", {}).get("requests", {}).get("storage", "0")
    if quantity(volume.size) < quantity(size):
        yield Mistake(f"{path}.size", f"claim {name} has {size}, and a claim cannot shrink", f"Write {size} or more.")


def storage_class(path: str, volume: Volume, inventory: Inventory) -> Iterator[Mistake]:
    """Why no volume would be made for a new claim."""
    classes = inventory.of("StorageClass")
    if classes is None:
        return
    known = ", ".join(sorted(classes)) or "none"
    name = volume.storage_class or inventory.default_storage_class()
    if name is None:
        yield Mistake(
            f"{path}.storageClass",
            "the cluster has no default StorageClass",
            f"Name one of its classes ({known}), or an existing claim in {path}.claim.",
            MISSING,
        )
    elif name not in classes:
        yield Mistake(
            f"{path}.storageClass",
            f"the cluster has no StorageClass {name}",
            f"Name one of its classes: {known}.",
            MISSING,
        )
    elif (
        AccessMode.READ_WRITE_MANY in volume.access_modes and classes[name].get("provisioner") in ONE_NODE_PROVISIONERS
    ):
        provisioner = classes[name]["provisioner"]
        yield Mistake(
            f"{path}.storageClass",
            f"class {name} ({provisioner}) provides storage for one node, but this claim is for many (ReadWriteMany)",
            f"Name a class of a shared file system, or set {path}.persistent to false.",
        )
