"""Which credentials a deployment replaces: names in the state, and what the users notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from components.matlab.access_settings import Authority, Security
from components.shared.manifest import checksum

CLIENT: Final = "client"
"""The certificate in the profile."""
_PROFILE_CERTIFICATE: Final = re.compile(rf"mjs-(\d+)-{CLIENT}(?:-(\d{{1,7}}))?(?:-([0-9a-f]{{8}}))?")


def authority_name(generation: int) -> str:
    """The name in the state of a CA."""
    return f"mjs-{generation}"


def leaf_name(authority: str, leaf: str, generation: int, given: str = "") -> str:
    """The name in the state of a certificate; `given` is the mark of the authority that signs it in place of ours."""
    return "-".join([authority, leaf, *([str(generation)] if generation > 1 else []), *([given] if given else [])])


def given_mark(authority: Authority) -> str:
    """A short mark of an authority in the settings; empty without one."""
    return checksum({"": authority.certificate})[:8] if authority.certificate else ""


def mark_in(name: str) -> str | None:
    """The mark in the name of a profile's certificate, empty if our authority signs it; None for any other name."""
    match = _PROFILE_CERTIFICATE.fullmatch(name)
    return (match[3] or "") if match else None


def announcement(security: Security, certificates: AbstractSet[str]) -> Iterator[str]:
    """What a deployment with these settings replaces, if it does; `certificates` are the names in the state."""
    before = [match.groups() for name in certificates if (match := _PROFILE_CERTIFICATE.fullmatch(name))]
    if not before:
        return
    latest = max(int(generation) for generation, _, _ in before)
    # The stack's own certificates are in the state even if an authority is given.
    marks = {mark for generation, _, mark in before if int(generation) == latest and mark}
    mark = given_mark(security.authority)
    leaf = max(int(number or 1) for generation, number, _ in before if int(generation) == latest)
    numbers = {
        "credentialsGeneration": (latest, security.credentials_generation),
        "leafGeneration": (leaf, security.leaf_generation),
    }
    if jumps := [name for name, (old, new) in numbers.items() if new not in {old, old + 1}]:
        for name in jumps:
            old, new = numbers[name]
            yield (
                f"matlab.security.{name}: the stack has credentials of generation {old}, and {new} would delete them, "
                f"which Pulumi rejects: they are protected. Write {old} to keep them, or {old + 1} to replace them."
            )
    elif latest != security.credentials_generation or mark not in (marks or {""}):
        yield (
            "This deployment replaces the CA of the MATLAB cluster: every profile that you handed out becomes invalid. "
            "Hand out the new one."
        )
    elif leaf_name(authority_name(latest), CLIENT, security.leaf_generation, mark) not in certificates:
        yield (
            "This deployment replaces the certificates of job manager, proxy and profile. The CA stays: profiles that "
            "you handed out stay valid until their own certificate expires."
        )
