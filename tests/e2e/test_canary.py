"""Secrets that would be recognised anywhere: they arrive in their Secrets, and nowhere else.

Read from the state's files and from the cluster itself: the CLI masks what it prints.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from components.matlab.settings import Settings
from components.secret_settings import secrets
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import COLLECTIONS, a_policy_against, descendants, started
from tests.unit.test_secrets import PATHS

ADMINISTRATOR = "Canary-Administrator-7f3a9c51d2e8"
NEXT_ADMINISTRATOR = "Canary-Next-Administrator-52b8e0c7d1"
WORKER = "Canary-Worker-User-b04e6d17a95c"
MORE_KINDS = {
    "Event": "/api/v1/events",
    "Pod": "/api/v1/pods",
    "ReplicaSet": "/apis/apps/v1/replicasets",
}


def authority() -> tuple[str, str]:
    """Certificate and key of a CA, PEM, as an administrator brings one back."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    clear = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), clear.decode()


def spellings(secret: str) -> Iterator[bytes]:
    """How a secret may stand in a text: as it is, and as part of something that was base64-encoded."""
    text = secret.encode()
    yield text
    for offset in range(3):
        # What stands before moves the encoding by up to two bytes; both ends depend on the neighbours.
        yield b64encode(b" " * offset + text)[4:-4]


def test_secret_values_stand_in_their_secrets_and_nowhere_else(checkout: Checkout) -> None:
    """Upstream writes a password into two ConfigMaps (B20); a log or a state in clear is a leak too."""
    certificate, key = authority()
    canaries = (ADMINISTRATOR, NEXT_ADMINISTRATOR, WORKER, key.splitlines()[7])
    checkout.matlab["security"] = {"authority": {"certificate": certificate}}
    checkout.matlab["workers"] |= {"username": "worker"}
    checkout.set_secret("matlab.security.adminPassword", ADMINISTRATOR)
    checkout.set_secret("matlab.security.authority.key", key)
    checkout.set_secret("matlab.workers.password", WORKER)
    # A new secret setting belongs here (test_every_secret_of_the_model_has_its_canary).
    assert {path for path, _ in secrets(Settings, checkout.matlab, "matlab")} == PATHS
    said = [watched(checkout, "preview")]
    with a_policy_against(checkout.api, "Secret", "mjs-admin-password"):
        said.append(watched(checkout, "up", code=1))
    assert "not in this cluster" in said[-1].output
    said.append(watched(checkout, "up"))
    assert checkout.secret("mjs-admin-password")["password"] == ADMINISTRATOR
    assert checkout.secret("mjs-worker-user")["password"] == WORKER
    assert json.loads(checkout.secret("mjs-shared-secret")["secret.json"])["serverKey"].strip() == key.strip()
    # The difference between two secrets is where a preview is most likely to talk.
    checkout.set_secret("matlab.security.adminPassword", NEXT_ADMINISTRATOR)
    said += [watched(checkout, "preview"), watched(checkout, "up")]
    assert checkout.secret("mjs-admin-password")["password"] == NEXT_ADMINISTRATOR
    checkout.matlab["workers"]["max"] = "many"
    checkout.write()
    said.append(watched(checkout, "up", code=2))

    places = {
        "what was printed": "".join(run.output for run in said).encode(),
        "the arguments of a process": b"".join(run.arguments for run in said),
        **cluster_texts(checkout),
        **files(checkout),
    }
    assert any("state" in place for place in places)
    for place, text in places.items():
        for canary in canaries:
            for spelling in spellings(canary):
                assert spelling not in text, f"{spelling!r} stands in {place}"


class Watched(NamedTuple):
    """A command that was run: what it printed, and the arguments of all processes that were seen in it."""

    output: str
    arguments: bytes


def watched(checkout: Checkout, action: str, code: int = 0) -> Watched:
    """Run a command and look at its processes: everybody on a machine may read their arguments."""
    seen: dict[int, bytes] = {}
    with started(checkout, action) as process:
        while process.poll() is None:
            for pid in (process.pid, *descendants(process.pid)):
                with contextlib.suppress(OSError):
                    # Empty as soon as it has ended.
                    seen[pid] = (Path("/proc") / str(pid) / "cmdline").read_bytes() or seen.get(pid, b"")
            time.sleep(0.02)
        output, _ = process.communicate()
    assert process.returncode == code, output
    assert any(action.encode() in line for line in seen.values())
    return Watched(output, b"\n".join(seen.values()))


def cluster_texts(checkout: Checkout) -> dict[str, bytes]:
    """Every object of the namespace, the values of Secrets apart."""
    found = {}
    for kind, path in {**COLLECTIONS, **MORE_KINDS}.items():
        for item in checkout.api.request("GET", path)["items"]:
            if item["metadata"].get("namespace", NAMESPACE) == NAMESPACE:
                item.pop("data" if kind == "Secret" else "", None)
                found[f"{kind} {item['metadata']['name']}"] = json.dumps(item).encode()
    assert "ConfigMap mjs-controller-config" in found
    return found


def files(checkout: Checkout) -> dict[str, bytes]:
    """The state with its history and backups, the stack file, and the logs of the control plane and of Pulumi."""
    folders = (checkout.root / ".state", checkout.control_plane.layout.logs, Path.home() / ".pulumi")
    paths = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "plugins" not in path.relative_to(folder).parts
    ]
    return {str(path): path.read_bytes() for path in (*paths, checkout.control_plane.audit_log, checkout.stack_file)}


@pytest.mark.parametrize("secret", [ADMINISTRATOR, WORKER])
def test_a_leak_would_be_seen(secret: str) -> None:
    """A check that finds nothing proves nothing unless it finds what is there."""
    for before in ("", "a", "bc", "{ "):
        leak = b64encode(f"{before}{secret} and more".encode())
        assert any(spelling in leak for spelling in spellings(secret))
