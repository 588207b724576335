"""From a Helm release to a stack file, and to what the takeover would change. Nothing in the cluster changes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from components.matlab import names
from components.shared.kube import KubernetesApi
from components.shared.placeholders import placeholder
from components.stack import StackConfig, load_stack
from ops.adopt import helm_release
from ops.adopt.first_generation import guide
from ops.adopt.helm_release import Release
from ops.adopt.report import as_json, lines
from ops.adopt.secret_values import secret_values
from ops.adopt.takeover import examine
from ops.errors import CommandError
from ops.exit_codes import REFUSED
from ops.helm_import import command as helm_import
from ops.helm_import.import_result import ImportResult
from ops.helm_import.stack_file_text import nested, put
from ops.helm_import.translation import asks_for_password, differences, translate


def draft(arguments: argparse.Namespace, api: KubernetesApi, context: str) -> int:
    """Write the stack file for the release in `arguments.namespace`, and report what the takeover changes.

    Raises CommandError if there is no release to take over.
    """
    release = helm_release.read(api, arguments.namespace)
    if not release.second_generation:
        raise CommandError(guide(release, arguments.namespace, context, arguments.name))
    result = _translated(api, release, arguments.namespace)
    out = arguments.out / f"Pulumi.{arguments.name}.yaml"
    origin = f"python -m ops adopt from release {release.name}"
    destination = helm_import.Destination(out, arguments.namespace, context)
    written = helm_import.draft(result, origin, destination, helm_import.existing(out))
    helm_import.write(written, out)
    if written.mistakes:
        helm_import.report(written, out, as_json=arguments.json)
        return REFUSED
    found = examine(api, _config(api, result, arguments, context), lambda _: False, transfer=False)
    if arguments.json:
        print(
            json.dumps(
                {"written": str(out), "commands": _next(written.commands, arguments), **as_json(found)}, indent=2
            )
        )
        return 0
    helm_import.report(written, out, as_json=False)
    print("\n".join(lines(found)))
    print("Next:", *(f"  {line}" for line in _next(written.commands, arguments)), sep="\n")
    return 0


def _translated(api: KubernetesApi, release: Release, namespace: str) -> ImportResult:
    result = translate(release.values, release.chart)
    result.keeps_password = True
    differences(result, namespace)
    ldap = secret_values(api, namespace, names.LDAP_SECRET).get(names.LDAP_CERTIFICATE_FILE)
    if ldap and str(release.values.get("ldapURL", "")).startswith("ldaps://"):
        result.add("ldap.certificate", helm_import.pem_lines(ldap), f"From Secret {names.LDAP_SECRET}.")
    return result


def _config(api: KubernetesApi, result: ImportResult, arguments: argparse.Namespace, context: str) -> StackConfig:
    """The config as it will be when the commands of the report have set its secrets."""
    matlab = nested(result.settings)
    for path in result.secrets:
        put(matlab, path.removeprefix("matlab.").split("."), placeholder(path))
    if asks_for_password(result):
        password = secret_values(api, arguments.namespace, names.ADMIN_SECRET).get(names.PASSWORD_KEY)
        matlab.setdefault("security", {})["adminPassword"] = password or placeholder("adminPassword")
    return load_stack(arguments.name, {"kubernetes": {"context": context}, "matlab": matlab}, {"matlab"})


def _next(secrets: list[str], arguments: argparse.Namespace) -> list[str]:
    stack = arguments.name
    moved = [] if arguments.out.resolve() == Path.cwd() else [f"mv {arguments.out}/Pulumi.{stack}.yaml ."]
    return [
        *moved,
        f"pulumi stack init {stack}",
        *secrets,
        f"python -m ops adopt --stack {stack}",
        "pulumi preview && pulumi up",
        f"python -m ops adopt --stack {stack} --finish",
    ]
