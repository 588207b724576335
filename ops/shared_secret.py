"""The `shared-secret` command: a job manager's shared secret, in either of its forms, as the settings take it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from components.shared import pem
from ops.errors import UsageError

PASSWORD: Final = b"privatepw"
"""MJS's own, the same everywhere: it keeps nothing secret (docs/upstream.md#credentials)."""
OWNER_ONLY: Final = 0o600


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "shared-secret",
        help="read a shared secret, JSON or PKCS#12, and write its CA as matlab.security.authority takes it",
        epilog="docs/data.md says where to get it, and what to do with the output.",
    )
    parser.add_argument("--in", dest="source", type=Path, metavar="FILE", help="the secret; default: standard input")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON file, readable only by you")
    parser.add_argument("--json", action="store_true", help="print mistakes as JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    data = arguments.source.read_bytes() if arguments.source else sys.stdin.buffer.read()
    text = json.dumps(read(data), indent=2) + "\n"
    # Never overwrite a file: others could be able to read it, or it could be the secret itself.
    with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
        file.write(text)
    return 0


def read(data: bytes) -> dict[str, str]:
    """The CA in a shared secret: `serverCert` and `serverKey`, PEM, the key in PKCS#8.

    Raises UsageError with what is wrong, without repeating any of the secret.
    """
    certificate, key = _from_json(data) if data.lstrip().startswith(b"{") else _from_pkcs12(data)
    if problem := _problem(certificate, key):
        raise UsageError(f"The shared secret cannot be used: {problem}.")
    return {"serverCert": certificate, "serverKey": key}


def _problem(certificate: str, key: str) -> str | None:
    try:
        pem.parsed(certificate)
    except ValueError:
        return "its certificate is damaged"
    if problem := pem.authority_problem(certificate) or pem.invalid_now(certificate):
        return f"its certificate {problem}"
    try:
        pem.private_key(key)
    except ValueError as error:
        return f"its key {error}"
    return None if pem.belongs(key, certificate) else "the key is not the key of the certificate"


def _from_json(data: bytes) -> tuple[str, str]:
    try:
        document = json.loads(data)
        return str(document["serverCert"]), str(document["serverKey"])
    except (KeyError, TypeError, ValueError):
        raise UsageError("The shared secret is JSON without serverCert and serverKey.") from None


def _from_pkcs12(data: bytes) -> tuple[str, str]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, PASSWORD)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(
            "The shared secret is neither JSON nor a PKCS#12 file with MJS's password. Was it decoded with `base64 -d`?"
        ) from None
    if key is None or certificate is None:
        raise UsageError("The shared secret is a PKCS#12 file without a key and its certificate.")
    return (
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )
