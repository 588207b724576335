"""Labels that every kubelet gives its node, and what no node of ours has in them.

https://kubernetes.io/docs/reference/labels-annotations-taints/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

OS_LABELS: Final = ("kubernetes.io/os", "beta.kubernetes.io/os")
ARCHITECTURE_LABEL: Final = "kubernetes.io/arch"
ARCHITECTURE_LABELS: Final = (ARCHITECTURE_LABEL, "beta.kubernetes.io/arch")
ARCHITECTURES: Final = ("amd64", "arm64", "arm", "ppc64le", "riscv64", "s390x")
"""Processors of Linux nodes, as Go names them (GOARCH)."""


def impossible(label: str, values: Iterable[str]) -> tuple[str, str] | None:
    """Problem and remedy if a node for these images never has one of the values in the label; None if it may."""
    given = list(values)
    if label in OS_LABELS and "linux" not in given:
        return f"requires nodes with {', '.join(given)}, but every image here is for Linux", f"Remove {label}."
    if label in ARCHITECTURE_LABELS and not set(given) & {*ARCHITECTURES}:
        return (
            f"requires nodes with {', '.join(map(repr, given))}, which is not a processor architecture",
            f"Write {', '.join(ARCHITECTURES)}, or remove {label}.",
        )
    return None
