"""What a Kubernetes cluster says against the namespace of a system."""

from __future__ import annotations

from collections.abc import Iterator

from components.shared.groups import Namespace
from components.shared.inventory import Inventory, owner
from components.shared.mistakes import Mistake


def objections(path: str, namespace: Namespace, inventory: Inventory) -> Iterator[Mistake]:
    """A namespace that is missing, ends, or belongs to somebody else. `path` is the config path of its settings."""
    name = namespace.name
    if not inventory.namespace_readable:
        return
    if inventory.namespace is None:
        if not namespace.create:
            yield Mistake(
                f"{path}.name", f"namespace {name} does not exist", f"Create it, or set {path}.create to true."
            )
    elif inventory.namespace.get("status", {}).get("phase") == "Terminating":
        yield Mistake(f"{path}.name", f"namespace {name} is being deleted", "Wait until it is gone, then try again.")
    elif namespace.create and not inventory.is_ours("Namespace", name):
        yield Mistake(
            f"{path}.create",
            f"is true, but namespace {name} exists and belongs to {owner(inventory.namespace)}",
            "Set it to false to use that namespace as it is, or choose another name.",
        )
