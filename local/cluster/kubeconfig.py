"""Kubeconfigs: for the administrator, and for each component its own."""

from __future__ import annotations

from pathlib import Path
from string import Template

from components.shared.target import EMBEDDED_CONTEXT
from local.cluster.certificates import AUTHORITY, certificate_path, embedded, key_path
from local.cluster.layout import FILES, LOOPBACK, PRIVATE_FILE, write_private


def server(port: int) -> str:
    """Return the address of kube-apiserver."""
    return f"https://{LOOPBACK}:{port}"


def write_kubeconfig(path: Path, pki: Path, user: str, port: int) -> None:
    """Write a kubeconfig, unless the existing one names the same server and user.

    So what a person added to it, such as a default namespace, survives.
    """
    values = {
        "server": server(port),
        "certificate_authority": embedded(certificate_path(pki, AUTHORITY)),
        "client_certificate": embedded(certificate_path(pki, user)),
        "client_key": embedded(key_path(pki, user)),
    }
    if path.exists() and path.stat().st_mode & 0o777 == PRIVATE_FILE:
        words = set(path.read_text(encoding="utf-8").split())
        if words.issuperset(values.values()):
            return
    template = Template((FILES / "kubeconfig.yaml").read_text(encoding="utf-8"))
    write_private(path, template.substitute(values, cluster=EMBEDDED_CONTEXT, context=EMBEDDED_CONTEXT, user=user))
