"""Rules about the people of a session: names that match nobody or everybody, or that are of the other kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from components.julia.settings import Settings
from components.julia.topology import sessions
from components.shared.fields import is_dns_name
from components.shared.mistakes import Mistake, Rule

EVERYBODY: Final = ("system:anonymous", "system:authenticated", "system:serviceaccounts", "system:unauthenticated")
"""Users and groups that anybody, or any pod, belongs to."""
_ACCOUNT: Final = "system:serviceaccount:"
_GROUPS: Final = ("system:masters", "system:nodes", "system:monitoring")
"""https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings"""
_ACCOUNTS: Final = "system:serviceaccounts:"


def _people(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for field, given in (("users", session.settings.users), ("groups", session.settings.groups)):
            for name in given:
                if found := _problem(field, name):
                    yield Mistake(f"{session.path}.{field}", *found)


def _problem(field: str, name: str) -> tuple[str, str] | None:
    """Problem and remedy."""
    if name in EVERYBODY:
        return f"{name} includes everybody or every pod, and a session gives its users a shell", "Name users or groups."
    if name == "*":
        return "* matches nobody: RBAC has no wildcard for users and groups", "Name users or groups."
    if len([part for part in re.split(r"[,;\s]+", name) if "@" in part.strip("@")]) > 1:
        return f"{name} contains several names", "Write one item for each."
    return _no_user(name) if field == "users" else _no_group(name)


def _no_group(name: str) -> tuple[str, str] | None:
    return (f"{name} is a user", "Name it in users.") if name.startswith(_ACCOUNT) else None


def _no_user(name: str) -> tuple[str, str] | None:
    if name.startswith(_ACCOUNTS) or name in _GROUPS:
        return f"{name} is a group", "Name it in groups."
    if name.startswith(_ACCOUNT):
        namespace, colon, account = name.removeprefix(_ACCOUNT).partition(":")
        if not (colon and is_dns_name(namespace) and is_dns_name(account)):
            return f"{name} is not the name of a ServiceAccount", f"Write {_ACCOUNT}NAMESPACE:NAME."
    return None


RULES: tuple[Rule[Settings], ...] = (_people,)
