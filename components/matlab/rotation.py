"""Which credentials a deployment replaces: names in the state, which numbers are possible, what the users notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from components.matlab.access_settings import Authority, Security
from components.shared.manifest import checksum
from components.shared.mistakes import Mistake

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


@dataclass(frozen=True)
class Deployed:
    """The credentials in the state."""

    authority: int
    """Generation of the CA."""
    leaf: int
    """Generation of the certificates that it signs."""
    marks: AbstractSet[str]
    """Marks of the given authorities that sign in its place."""


def _deployed(certificates: AbstractSet[str]) -> Deployed | None:
    before = [match.groups() for name in certificates if (match := _PROFILE_CERTIFICATE.fullmatch(name))]
    if not before:
        return None
    latest = max(int(authority) for authority, _, _ in before)
    current = [(int(leaf or 1), mark) for authority, leaf, mark in before if int(authority) == latest]
    # The stack's own certificates are in the state even if an authority is given.
    return Deployed(latest, max(leaf for leaf, _ in current), {mark for _, mark in current if mark} or {""})


def objections(security: Security, certificates: AbstractSet[str]) -> Iterator[Mistake]:
    """Generations that the state rules out; `certificates` are the names in the state.

    Those of the current generation are protected until they are the generation before. Pulumi rejects to delete them
    only when it comes to them: an `up` without a preview has replaced the CA by then.
    """
    if not (before := _deployed(certificates)):
        return
    for name, old, new in (
        ("credentialsGeneration", before.authority, security.credentials_generation),
        ("leafGeneration", before.leaf, security.leaf_generation),
    ):
        if new not in {old, old + 1}:
            yield Mistake(
                f"matlab.security.{name}",
                f"is {new}, but the stack has credentials of generation {old}, and can only keep or replace them",
                f"Write {old} to keep them, or {old + 1} to replace them.",
            )


def announcement(security: Security, certificates: AbstractSet[str]) -> Iterator[str]:
    """What a deployment with these settings replaces, if it does; `certificates` are the names in the state."""
    if not (before := _deployed(certificates)) or any(objections(security, certificates)):
        return
    mark = given_mark(security.authority)
    if before.authority != security.credentials_generation or mark not in before.marks:
        yield (
            "This deployment replaces the CA of the MATLAB cluster: every profile that you handed out becomes invalid. "
            "Hand out the new one."
        )
    elif leaf_name(authority_name(before.authority), CLIENT, security.leaf_generation, mark) not in certificates:
        yield (
            "This deployment replaces the certificates of job manager, proxy and profile. The CA stays: profiles that "
            "you handed out stay valid until their own certificate expires."
        )
