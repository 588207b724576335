"""Objects that a config names and the user brings: claims, Secrets, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.shared.inventory import OF_THE_CLUSTER, Inventory
from components.shared.mistakes import MISSING, Mistake


def missing(kind: str, named: Iterable[tuple[str, str]], namespace: str, inventory: Inventory) -> Iterator[Mistake]:
    """A mistake for each named object that does not exist, if you may read its kind.

    `named` has the config path and the name of each; the namespace plays no part for kinds of the whole cluster.
    """
    existing = inventory.of(kind)
    if existing is None:
        return
    where = "the cluster" if kind in OF_THE_CLUSTER else f"namespace {namespace}"
    for path, name in named:
        if name not in existing:
            yield Mistake(path, f"{where} has no {kind} {name}", "Create it, or correct the name.", MISSING)
