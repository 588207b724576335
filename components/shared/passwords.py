"""Passwords that the stack config gives, or that the stack makes."""

from __future__ import annotations

import hashlib

import pulumi
import pulumi_random as random
from pydantic import SecretStr

GENERATED_LENGTH = 24
MARK_DIGITS = 5


def password(name: str, given: SecretStr | None, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The given password, or a generated one that stays in the state; a secret output in both cases."""
    # Always made: it is protected, so giving a password later must not remove it.
    generated = random.RandomPassword(
        name,
        length=GENERATED_LENGTH,
        special=False,
        opts=pulumi.ResourceOptions(parent=parent, protect=True),
    )
    return pulumi.Output.secret(given.get_secret_value() if given else generated.result)


def mark(given: SecretStr | None, salt: str) -> str:
    """A word that changes with the password, for the annotation that makes pods read it anew.

    A slow hash, of which 20 bits are kept: too few to confirm a guess with, enough to notice a change.
    """
    if not given:
        return "generated"
    digest = hashlib.scrypt(given.get_secret_value().encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=16)
    return digest.hex()[:MARK_DIGITS]
