"""Who can no longer get in: addresses, ports, profiles, passwords, tokens, rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from components.arkouda import names as arkouda
from components.arkouda.objects import SERVER_TYPE
from components.matlab import names as matlab
from components.matlab import rotation
from components.shared.manifest import Manifest
from ops.impact.findings import Finding
from ops.impact.plan import Change, Operation, Plan

NEW_PROFILE: Final = "new-profile"
SECRETS: Final = {
    matlab.PROFILE_SECRET: NEW_PROFILE,
    matlab.PROFILE_PRE_R2026A_SECRET: NEW_PROFILE,
    matlab.ADMIN_SECRET: "administrator-password",
    matlab.METRICS_CLIENT_SECRET: "metrics-certificates",
}
"""What follows when the content of a Secret changes."""
ADDRESS_FIELDS: Final = ("type", "loadBalancerClass", "loadBalancerIP", "externalIPs", "clusterIP")
RANDOM: Final = "random:index/randomPassword:RandomPassword"
CERTIFICATE: Final = "tls:index/locallySignedCert:LocallySignedCert"
PEM: Final = "-----BEGIN CERTIFICATE-----"
PEOPLE: Final = {"User", "Group"}


def findings(plan: Plan) -> Iterator[Finding]:
    """Findings about access."""
    yield from _credentials(plan)
    for change in plan.of("Service", matlab.INGRESS_PROXY):
        yield from _entrance(change)
    for change in plan.changes:
        if change.parent_type == SERVER_TYPE:
            yield from _server(change, plan)
    for change in plan.of("RoleBinding"):
        if lost := _people(change.old) - _people(change.new):
            yield Finding("access-removed", change, f"{', '.join(sorted(lost))}.")
    for change in plan.of("NetworkPolicy"):
        if _narrower(change, plan):
            yield Finding("connections-refused", change)


def _credentials(plan: Plan) -> Iterator[Finding]:
    invalid = False
    for change in plan.of("Secret", matlab.SHARED_SECRET):
        if change.removes or (_file_changes(change, matlab.SHARED_SECRET_FILE) and not _authority_stays(plan)):
            invalid = True
            yield Finding("profiles-invalid", change)
    for change in plan.of("Secret"):
        code = SECRETS.get(change.name)
        if not code or not (change.removes or change.touches("data")):
            continue
        if code != NEW_PROFILE:
            yield Finding(code, change)
        elif not invalid:
            renewed = not change.removes and _authority_stays(plan) and not _way_in_changes(plan)
            yield Finding("profile-renewed" if renewed else NEW_PROFILE, change)


def _way_in_changes(plan: Plan) -> bool:
    """Whether a profile may name another address. What it describes, the controller's config holds too.

    The preview hides the profile itself. Of both at once, users have to know this one.
    """
    config = any(change.removes or change.touches("data") for change in plan.of("ConfigMap", matlab.CONTROLLER_CONFIG))
    return config or any(
        change.removes or change.touches("spec") for change in plan.of("Service", matlab.INGRESS_PROXY)
    )


def _authority_stays(plan: Plan) -> bool:
    """Whether only certificates are new, and the CA that is in use signs them.

    The preview of a Secret with one unknown value calls all its values unknown, so the Secret itself does not tell.
    """
    made, gone = set(), set()
    for change in plan.changes:
        mark = rotation.mark_in(change.name) if change.type == CERTIFICATE else None
        if mark is None:
            continue
        if change.operation is Operation.CREATE:
            if not str(change.new.get("caCertPem")).startswith(PEM):
                return False
            made.add(mark)
        elif change.removes:
            gone.add(mark)
    # Certificates of our own CA are made even where the settings name another one, which then is the one in use.
    return bool(made) and made - {""} == gone - {""}


def _file_changes(change: Change, file: str) -> bool:
    """Whether one value of a Secret changes. A preview hides the values, and the provider names the keys."""
    inside = [path for path in change.paths if path.startswith("data")]
    return any(file in path or path == "data" for path in inside) or (not inside and change.touches("data"))


def _entrance(change: Change) -> Iterator[Finding]:
    if change.removes:
        yield Finding("address-changes", change, "The Service is deleted.")
        return
    if change.operation is not Operation.UPDATE:
        return
    moved = [field for field in ADDRESS_FIELDS if change.touches("spec", field)]
    if moved:
        old, new = change.old.get("spec") or {}, change.new.get("spec") or {}
        changes = (f"{field}: {old.get(field, 'default')} → {new.get(field, 'default')}" for field in moved)
        yield Finding("address-changes", change, f"{', '.join(changes)}.")
    elif change.touches("metadata", "annotations"):
        yield Finding("load-balancer-annotations", change)
    if gone := _ports(change.old) - _ports(change.new):
        yield Finding("ports-change", change, f"No longer open: {', '.join(map(str, sorted(gone)))}.")
    before, after = (
        set((item.get("spec") or {}).get("loadBalancerSourceRanges") or ()) for item in (change.old, change.new)
    )
    if after and (not before or before - after):
        detail = f"Accepted: {', '.join(sorted(after))}; before: {', '.join(sorted(before)) or 'every address'}."
        yield Finding("clients-excluded", change, detail)


def _ports(service: Manifest) -> set[int]:
    return {int(port["port"]) for port in (service.get("spec") or {}).get("ports") or ()}


def _server(change: Change, plan: Plan) -> Iterator[Finding]:
    server = change.parent.removeprefix("arkouda-")
    account = f"{server}{arkouda.REGISTRAR_SUFFIX}"
    if change.kind == "EndpointSlice" and (change.removes or change.touches("endpoints") or change.touches("ports")):
        yield Finding("server-moves", change)
    elif change.kind == "Service" and change.name == server and change.operation is not Operation.CREATE:
        if change.removes or _ports(change.old) - _ports(change.new):
            yield Finding("server-moves", change)
    elif change.kind in {"ServiceAccount", "Secret", "Role"} and change.name == account and change.removes:
        yield Finding("job-account", change)
    elif change.kind == "Secret" and change.name == f"{server}{arkouda.TOKEN_SUFFIX}":
        if change.removes or change.touches("data"):
            yield Finding("new-token", change)
    elif change.type == RANDOM and change.removes and _is_renewed(change, plan):
        yield Finding("new-token", change)


def _is_renewed(old: Change, plan: Plan) -> bool:
    """Whether a token outside the cluster gets a successor; one with a Secret is announced with that."""
    own = [change for change in plan.changes if change.parent == old.parent]
    in_secret = any(change.kind == "Secret" and change.name.endswith(arkouda.TOKEN_SUFFIX) for change in own)
    return not in_secret and any(change.type == RANDOM and change.operation is Operation.CREATE for change in own)


def _people(binding: Manifest) -> set[str]:
    subjects = binding.get("subjects") or ()
    return {f"{one['kind']} {one['name']}" for one in subjects if one.get("kind") in PEOPLE}


def _narrower(change: Change, plan: Plan) -> bool:
    """Whether a policy forbids what was allowed before."""
    old, new = change.old.get("spec") or {}, change.new.get("spec") or {}
    if change.operation is Operation.CREATE:
        # Only the first policy for pods closes something, and only if they exist.
        opens = new.get("ingress") or new.get("egress")
        begins = ("Namespace", change.namespace)
        created = {(one.kind, one.name) for one in plan.objects if one.operation is Operation.CREATE}
        return not opens and begins not in created
    if change.operation is Operation.DELETE:
        return False
    kept: list[Any] = [(way, rule) for way in ("ingress", "egress") for rule in new.get(way) or ()]
    before = [(way, rule) for way in ("ingress", "egress") for rule in old.get(way) or ()]
    more_types = set(new.get("policyTypes") or ()) - set(old.get("policyTypes") or ())
    return bool(more_types) or any(rule not in kept for rule in before)
