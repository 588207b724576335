"""Secrets of a stack: AES-256-GCM with a key from the stack's passphrase, in the Pulumi CLI's own format.

The format is that of pulumi/pulumi sdk/go/common/resource/config/crypt.go and pkg/secrets/passphrase/manager.go:
`encryptionsalt` is `v1:<salt>:v1:<nonce>:<the word "pulumi", encrypted>`, a value is `v1:<nonce>:<ciphertext>`.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.engine.errors import EngineError

ROUNDS = 1_000_000
SALT_BYTES = 8
NONCE_BYTES = 12
PARTS_OF_A_VALUE = 3


class Crypter:
    """Encrypts and decrypts single values."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def encrypt(self, text: str) -> str:
        """One value, with a nonce of its own."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return f"v1:{_b64(nonce)}:{_b64(self._cipher.encrypt(nonce, text.encode(), None))}"

    def decrypt(self, value: str) -> str:
        """The text of one value. Raises EngineError when it was made with another key or is no such value."""
        parts = value.split(":")
        if len(parts) != PARTS_OF_A_VALUE or parts[0] != "v1":
            raise EngineError("an encrypted value has not the form v1:<nonce>:<ciphertext>")
        try:
            nonce, text = (base64.b64decode(part, validate=True) for part in parts[1:])
            return self._cipher.decrypt(nonce, text, None).decode()
        except (InvalidTag, ValueError) as error:
            raise EngineError("an encrypted value does not belong to this passphrase") from error


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@functools.lru_cache
def _key(passphrase: str, salt: bytes) -> bytes:
    # A million rounds take a good part of a second, so each key is derived once in a process.
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, 32)


def new_salt(passphrase: str) -> str:
    """The `encryptionsalt` of a new stack."""
    salt = secrets.token_bytes(SALT_BYTES)
    return f"v1:{_b64(salt)}:{Crypter(_key(passphrase, salt)).encrypt('pulumi')}"


def crypter(passphrase: str, encryption_salt: str) -> Crypter:
    """The crypter of a stack. Raises EngineError when the passphrase is not the one that the salt was made with."""
    version, _, rest = encryption_salt.partition(":")
    salt, _, proof = rest.partition(":")
    if version != "v1" or not proof:
        raise EngineError("encryptionsalt has not the form v1:<salt>:v1:<nonce>:<ciphertext>")
    found = Crypter(_key(passphrase, base64.b64decode(salt)))
    try:
        right = found.decrypt(proof) == "pulumi"
    except EngineError:
        right = False
    if not right:
        raise EngineError(
            "the passphrase is not the one that this stack was made with (PULUMI_CONFIG_PASSPHRASE or _FILE)"
        )
    return found


def passphrase_from(environment: Mapping[str, str] = os.environ) -> str:
    """PULUMI_CONFIG_PASSPHRASE, which may be empty, or the first line's worth of PULUMI_CONFIG_PASSPHRASE_FILE."""
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    if file := environment.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EngineError(f"PULUMI_CONFIG_PASSPHRASE_FILE cannot be read: {error}") from error
    raise EngineError(
        "the stack's secrets need its passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a "
        "file that holds it"
    )
