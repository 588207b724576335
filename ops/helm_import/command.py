"""`python -m ops import-values`: turns values of MathWorks' chart into a stack file.

The stack file deploys what the chart would have deployed, apart from its bugs. Nothing is dropped silently: every key
becomes settings, or a comment and a line of the report that say why it does not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.matlab.upstream import KEYS
from components.matlab.upstream_keys import NEWEST_CHART, Key
from components.shared.mistakes import NO_EFFECT, ConfigError, Mistake
from components.shared.placeholders import placeholder
from components.stack import load_stack
from components.stack_file import stack_name
from ops.errors import CommandError
from ops.exit_codes import REFUSED
from ops.helm_import import chart_schema, chart_versions
from ops.helm_import.chart_versions import spelled
from ops.helm_import.import_result import ImportResult
from ops.helm_import.stack_file_text import SettingPath, document, nested
from ops.helm_import.translation import asks_for_password, commands, differences, translate
from ops.helm_import.values_file import read_all

NO_CONTEXT: Final = "not-chosen-yet"
"""Takes the place of the context, to check the rest of a stack file that names no cluster yet."""
LDAP_CERTIFICATE: Final = "matlab.ldap.certificate"


@dataclass(frozen=True)
class StackFileDraft:
    """What the command writes and reports."""

    text: str
    result: ImportResult
    notes: list[str]
    mistakes: list[Mistake]
    commands: list[str]


@dataclass(frozen=True)
class Destination:
    """Where the stack file goes, and what it names."""

    out: Path
    namespace: str
    context: str | None


def add_command(subcommands: Any) -> None:
    """Add the command to the parser of `python -m ops`."""
    parser = subcommands.add_parser("import-values", help="make a stack file from values of MathWorks' Helm chart")
    parser.add_argument(
        "values", type=Path, nargs="+", metavar="VALUES.yaml", help="values files; later ones override earlier ones"
    )
    parser.add_argument("--chart-version", default=NEWEST_CHART, metavar="V", help=f"default: {NEWEST_CHART}")
    parser.add_argument("--namespace", default="mjs", metavar="NAME", help="namespace of the release; default: mjs")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: a comment to fill in")
    parser.add_argument(
        "--ldap-certificate", type=Path, metavar="FILE", help="cert.pem of Secret mjs-ldap-secret, for ldaps://"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="Pulumi.NAME.yaml", help="stack file to write")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """The command. Raises CommandError for what cannot be read or written."""
    chart = chart_versions.chart_version(arguments.chart_version)
    before = existing(arguments.out)
    values, remarks = read_all(arguments.values)
    result = translate(values, chart)
    result.notes[:0] = remarks
    differences(result, arguments.namespace)
    if arguments.ldap_certificate:
        certificate = _certificate(arguments.ldap_certificate)
        result.add(
            "ldap.certificate", pem_lines(certificate), "From --ldap-certificate; in the chart, Secret mjs-ldap-secret."
        )
    origin = f"python -m ops import-values from {', '.join(path.name for path in arguments.values)}"
    drafted = draft(result, origin, Destination(arguments.out, arguments.namespace, arguments.context), before)
    write(drafted, arguments.out)
    report(drafted, arguments.out, as_json=arguments.json)
    return REFUSED if drafted.mistakes else 0


def write(drafted: StackFileDraft, out: Path) -> None:
    """Write the stack file. Raises CommandError if that fails."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(drafted.text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.") from error


def _certificate(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"--ldap-certificate {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"--ldap-certificate {path} is not a PEM file. Convert it with openssl x509.") from error
    return text


def pem_lines(text: str) -> str:
    """PEM without the white space around lines, which it ignores: a stack file is easier to read without it."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def existing(out: Path) -> list[str]:
    """What `pulumi stack init` has written into the stack file. Raises CommandError for a file with a config."""
    if not out.exists():
        return []
    try:
        lines = out.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{out} exists and cannot be read. Choose another name. Nothing was written.") from error
    if any(re.match(r"[\"']?config[\"']?\s*:", line) for line in lines):
        raise CommandError(f"{out} already has a config. Choose another name, or delete it. Nothing was written.")
    return lines


def draft(result: ImportResult, origin: str, destination: Destination, before: list[str]) -> StackFileDraft:
    """The stack file that a translation becomes; `before` is what the file holds already."""
    stack = stack_name(destination.out)
    mistakes = sorted({*result.mistakes, *_check(result, stack, destination.context)})
    notes = [*chart_versions.migration_notes(result.chart), *result.notes]
    if not destination.context:
        notes.append("kubernetes: the file names no cluster yet. Write the context where the comment says.")
    secrets = commands(result, stack, destination.namespace)
    head = _head(result, origin, notes, mistakes, secrets)
    text = document(head, _target(destination.context), result.settings, before)
    return StackFileDraft(text, result, notes, mistakes, secrets)


def _head(
    result: ImportResult, origin: str, notes: list[str], mistakes: list[Mistake], secrets: list[str]
) -> list[str]:
    head = [f"Written by {origin}, chart {spelled(result.chart)}."]
    for title, lines in _sections(result, notes, mistakes, secrets):
        head += ["", f"{title}:", *(f"  {line}" for line in lines)]
    return head


def _sections(
    result: ImportResult, notes: list[str], mistakes: list[Mistake], secrets: list[str]
) -> Iterator[tuple[str, list[str]]]:
    for title, lines in (
        ("Values without a setting", result.left_out),
        ("Notes", notes),
        (f"To correct ({len(mistakes)})", [str(mistake) for mistake in mistakes]),
        ("Secrets to set after `pulumi stack init`", secrets),
    ):
        if lines:
            yield title, lines


def _target(context: str | None) -> list[str]:
    if context:
        return ["  clusters:kubernetes:", f"    context: {json.dumps(context, ensure_ascii=False)}"]
    return [
        "  # The cluster to deploy to. Name a context of your kubeconfig (kubectl config get-contexts):",
        "  # clusters:kubernetes:",
        "  #   context: NAME",
    ]


def _check(result: ImportResult, stack: str, context: str | None) -> list[Mistake]:
    """What the program rejects in the settings, in terms of the chart. Drops settings that have no effect."""
    while True:
        matlab = nested(result.settings)
        if asks_for_password(result):
            # One of the commands of the report sets it.
            matlab.setdefault("security", {})["adminPassword"] = placeholder("set later")
        values = {"kubernetes": {"context": context or NO_CONTEXT}, "matlab": matlab}
        try:
            stack_config = load_stack(stack, values, {"matlab"})
        except ConfigError as error:
            pointless = {
                path: mistake
                for mistake in error.mistakes
                if mistake.code == NO_EFFECT and (path := _setting(mistake.path)) in result.settings
            }
            if not pointless:
                return [_explained(mistake, result) for mistake in error.mistakes]
            for path, mistake in pointless.items():
                result.drop(path, mistake.problem)
        else:
            settings = stack_config.systems.get("matlab")
            if isinstance(settings, Settings) and Topology(settings).secure_metrics:
                result.notes.append(
                    "metrics: if you created Secret mjs-metrics-secret yourself, set "
                    "matlab.metrics.bringOwnCertificates: true."
                )
            return []


def _setting(path: str) -> SettingPath:
    return tuple(path.removeprefix("matlab.").split("."))


def _explained(mistake: Mistake, result: ImportResult) -> Mistake:
    if mistake.path == LDAP_CERTIFICATE and ("ldap", "certificate") not in result.settings:
        return Mistake(
            mistake.path,
            "is required. The chart reads it from Secret mjs-ldap-secret; here it is a setting",
            'Save it: kubectl get secret mjs-ldap-secret --output \'go-template={{index .data "cert.pem" | '
            "base64decode}}' > cert.pem, and add --ldap-certificate cert.pem.",
            mistake.code,
        )
    key = _key_of(mistake.path, result.values)
    if key is None:
        return mistake
    rejected = chart_schema.rejects(key, result.values, result.chart)
    verdict = f"the chart also rejects {key.name}" if rejected else f"the chart accepts it as {key.name}"
    return Mistake(mistake.path, f"{mistake.problem}; {verdict}", mistake.remedy, mistake.code)


def _key_of(path: str, values: Mapping[str, Any]) -> Key | None:
    """The key of the values that the setting comes from."""
    setting = path.removeprefix("matlab.")
    for key in KEYS.values():
        for known in key.paths:
            related = (
                setting == known or setting.startswith((f"{known}.", f"{known}[")) or known.startswith(f"{setting}.")
            )
            if related and key.name in values:
                return key
    return None


def report(drafted: StackFileDraft, out: Path, *, as_json: bool) -> None:
    """Print what became of each value."""
    result = drafted.result
    if as_json:
        report = {
            "written": str(out),
            "became": result.outcomes,
            "notes": drafted.notes,
            "mistakes": [asdict(mistake) for mistake in drafted.mistakes],
            "commands": drafted.commands,
        }
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return
    print(f"{out}: {len(result.outcomes)} values read, {len(result.settings)} settings written.", file=sys.stderr)
    for title, lines in _sections(result, drafted.notes, drafted.mistakes, drafted.commands):
        print(f"{title}:", *(f"  {line}" for line in lines), sep="\n", file=sys.stderr)
