"""Passwords that the stack config gives, or that the stack generates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from components.shared.objects import Fingerprint

if TYPE_CHECKING:
    import pulumi

GENERATED_LENGTH: Final = 24
FINGERPRINT_DIGITS: Final = 5


def password(name: str, given: SecretStr | None, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The given password, or a generated one that is kept in the state; a secret output in both cases."""
    import pulumi

    # Generated even where one is given: it is protected, so a password that is set later must not remove it.
    result = generated(name, parent, protect=True)
    return pulumi.Output.secret(given.get_secret_value() if given else result)


def generated(
    name: str, parent: pulumi.Resource, *, length: int = GENERATED_LENGTH, protect: bool = False
) -> pulumi.Output[str]:
    """Random letters and digits that are kept in the state; a secret output."""
    import pulumi
    import pulumi_random as random

    options = pulumi.ResourceOptions(parent=parent, protect=protect)
    return pulumi.Output.secret(random.RandomPassword(name, length=length, special=False, opts=options).result)


def fingerprints(salt: str) -> Fingerprint:
    """Words that change with a password, for the annotations that make pods read it again.

    A slow hash of which 20 bits are kept: enough to notice a change, too few to confirm a guess. `salt` differs from
    namespace to namespace. The name of the stack is not in it: a rename must not restart pods.
    """

    def fingerprint(given: SecretStr | None, purpose: str) -> str:
        if not given:
            return "generated"
        text = given.get_secret_value().encode()
        digest = hashlib.scrypt(text, salt=f"{salt}/{purpose}".encode(), n=2**14, r=8, p=1, dklen=16)
        return digest.hex()[:FINGERPRINT_DIGITS]

    return fingerprint


def plain_fingerprint(given: SecretStr | None, _purpose: str) -> str:
    """The password itself, for comparisons in memory that never leave the process: the slow hash is not needed."""
    return given.get_secret_value() if given else "generated"
