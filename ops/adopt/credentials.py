"""Answers for resources of the providers `tls` and `random`: those that had made the credentials in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from components.shared.recovery import Recovered
from local.pulumi import credentials
from local.pulumi.credentials import Made
from ops.adopt.values import is_known
from ops.errors import CommandError

OPENSSH = "-----BEGIN OPENSSH"


def known(kind: str, name: str, inputs: Mapping[str, Any], found: Recovered) -> Made | None:
    """The resource as its provider would have left it; None if its value is not in the cluster.

    Raises CommandError for a Secret that holds a damaged key or certificate.
    """
    if not is_known(dict(inputs)):
        return None
    try:
        return _known(kind.rpartition(":")[2], name, inputs, found)
    except ValueError as error:
        raise CommandError(
            f"A Secret of the cluster holds a damaged key or certificate ({name}: {error}). Restore it, or delete the "
            "Secret: the next `up` then makes a new one. Nothing was changed."
        ) from error


def _known(kind: str, name: str, inputs: Mapping[str, Any], found: Recovered) -> Made | None:
    if kind == "RandomPassword" and name in found.passwords:
        return credentials.known_password(inputs, found.passwords[name])
    if kind == "PrivateKey" and name in found.keys:
        return _private_key(inputs, found.keys[name])
    if kind == "CertRequest":
        return credentials.certificate_request(inputs)
    if kind in {"SelfSignedCert", "LocallySignedCert"} and name in found.certificates:
        text = found.certificates[name]
        made = credentials.known_certificate(inputs, x509.load_pem_x509_certificate(text.encode()))
        algorithm = "keyAlgorithm" if kind == "SelfSignedCert" else "caKeyAlgorithm"
        return Made(made.id, {**made.outputs, algorithm: "RSA", "certPem": text})
    return None


def _private_key(inputs: Mapping[str, Any], text: str) -> Made:
    of_ssh = text.startswith(OPENSSH)
    load = serialization.load_ssh_private_key if of_ssh else serialization.load_pem_private_key
    key = load(text.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("is not an RSA key")  # noqa: TRY004 - what is wrong is the text
    made = credentials.known_private_key(inputs, key)
    # Byte for byte: an OpenSSH key holds random bytes, and another PEM would be an update of the Secret.
    return Made(made.id, {**made.outputs, "privateKeyOpenssh" if of_ssh else "privateKeyPemPkcs8": text})
