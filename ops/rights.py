"""The `rights` command: RBAC manifests for the account that deploys a stack, or that only previews it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from components.registry import SYSTEMS
from components.shared import rbac
from components.shared.fields import is_dns_name
from components.shared.manifest import Manifest, manifest
from components.shared.passwords import plain_fingerprint
from components.shared.rights import Right, needed_rights, optional_rights, preview_rights
from components.shared.survey import NOTHING
from components.shared.yaml_for_go import Dumper
from components.stack import StackConfig
from ops import where
from ops.errors import UsageError

SUBJECT: Final = re.compile(r"(?P<kind>User|Group):(?P<name>.+)|ServiceAccount:(?P<namespace>[^/]+)/(?P<account>[^/]+)")
_CREATES: Final = """\
# The stack creates these namespaces, so the ClusterRole allows all of this in every namespace: {}.
# To keep it to these, create them yourself and set `create: false` in the stack file.
"""


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "rights", help="print the Roles for the account that deploys a stack", epilog="docs/rights.md explains them."
    )
    parser.add_argument("--stack", metavar="NAME", required=True, help="the stack, by the name in Pulumi.NAME.yaml")
    parser.add_argument("--preview", action="store_true", help="for an account that only runs `pulumi preview`")
    parser.add_argument(
        "--subject",
        metavar="KIND:NAME",
        help="bind the Roles to User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON List instead of YAML")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    subject = _subject(arguments.subject) if arguments.subject else None
    stack = where.load_stack(arguments.stack)
    if not stack.systems:
        raise UsageError(f"Stack {arguments.stack} deploys no system, so it needs no rights.")
    items = manifests(stack, preview=arguments.preview, subject=subject)
    if arguments.json:
        print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2))
        return 0
    if created := created_namespaces(planned(stack)):
        print(_CREATES.format(", ".join(sorted(created))), end="")
    print(yaml.dump_all(items, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=110), end="")
    return 0


def _subject(text: str) -> Manifest:
    found = SUBJECT.fullmatch(text)
    if found is None or not all(map(_can_be_a_name, found.groupdict().items())):
        raise UsageError(
            f"--subject {text} is not an account. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME."
        )
    if found["account"]:
        return rbac.service_account(found["account"], found["namespace"])
    return {"apiGroup": rbac.GROUP, "kind": found["kind"], "name": found["name"]}


def _can_be_a_name(part: tuple[str, str | None]) -> bool:
    """The part of a subject, if it is there, names one person, group or account. RBAC knows no wildcards for them."""
    which, text = part
    if text is None:
        return True
    if which in ("namespace", "account"):
        return is_dns_name(text)
    return text == text.strip() and text != "*"


def planned(stack: StackConfig) -> list[Manifest]:
    """Every Kubernetes object of the stack."""
    return [
        item.manifest
        for key, settings in stack.systems.items()
        for item in SYSTEMS[key].objects(settings, plain_fingerprint, NOTHING)
    ]


def besides(stack: StackConfig) -> list[Right]:
    """What a deployment needs in addition to writing and deleting its objects."""
    return [right for key, settings in stack.systems.items() for right in SYSTEMS[key].rights(settings)]


def optional(stack: StackConfig, objects: Iterable[Manifest], *, preview: bool) -> list[Right]:
    """What lets an account check everything; a few checks are skipped without it."""
    own = (right for key, settings in stack.systems.items() for right in SYSTEMS[key].optional_rights(settings))
    return [*optional_rights(objects, preview=preview), *own]


def created_namespaces(objects: Iterable[Manifest]) -> set[str]:
    """The namespaces that the stack creates. No Role can be in them before."""
    return {item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"}


def manifests(stack: StackConfig, *, preview: bool, subject: Manifest | None = None) -> list[Manifest]:
    """The Roles, and with a subject their bindings: one per namespace, and one for the whole cluster if need be."""
    objects = planned(stack)
    needed = preview_rights(objects) if preview else [*needed_rights(objects), *besides(stack)]
    rights = [*needed, *optional(stack, objects, preview=preview)]
    created = created_namespaces(objects)
    by_place: dict[str, set[Right]] = {}
    for right in rights:
        place = "" if right.namespace in created else right.namespace
        by_place.setdefault(place, set()).add(right._replace(namespace=place))
    name = f"clusters-{stack.name}-{'preview' if preview else 'deploy'}"
    found = []
    for place, own in sorted(by_place.items()):
        kind = "Role" if place else "ClusterRole"
        version, where = f"{rbac.GROUP}/v1", place or None
        found.append(manifest(version, kind, name, where, rules=rules(own)))
        if subject:
            reference = {"apiGroup": rbac.GROUP, "kind": kind, "name": name}
            found.append(manifest(version, f"{kind}Binding", name, where, subjects=[subject], roleRef=reference))
    return found


def rules(rights: Iterable[Right]) -> list[Manifest]:
    """The fewest rules that say the same: resources with the same verbs share one, and so do names."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for right in sorted(rights):
        verbs.setdefault((right.group, right.resource, right.name), []).append(right.verb)
    names: dict[tuple[str, str, tuple[str, ...], bool], list[str]] = {}
    for (group, resource, name), allowed in verbs.items():
        names.setdefault((group, resource, tuple(allowed), bool(name)), []).append(name)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (group, resource, each, has_names), listed in names.items():
        resources.setdefault((group, each, tuple(listed) if has_names else ()), []).append(resource)
    return [
        {
            "apiGroups": [group],
            "resources": together,
            "verbs": list(each),
            **({"resourceNames": list(listed)} if listed else {}),
        }
        for (group, each, listed), together in resources.items()
    ]
