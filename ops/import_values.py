"""`python -m ops import-values`: from the values of MathWorks' chart to a stack file.

What the result deploys is what the chart would have deployed, its bugs aside. Nothing is dropped silently: each given
key ends as a setting, or as a comment and a line of the report that say why not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.matlab.upstream import KEYS
from components.matlab.upstream_keys import NEWEST_CHART, Key
from components.shared.mistakes import ConfigError, Mistake
from components.stack import load_stack
from ops import import_versions
from ops.errors import CommandError
from ops.import_draft import Draft
from ops.import_helm import gather
from ops.import_translate import commands, differences, fits, translate
from ops.import_versions import spelled
from ops.import_write import document
from ops.stack_values import stack_name

REFUSED: Final = 2
STAND_IN: Final = "chosen-later"
"""Checks the rest of a stack file whose cluster the person still has to name."""
_SAME_IN_THE_CHART: Final = re.compile(
    r"is too (small|large)|is not one of the choices|is not a whole number|is neither true nor false|is not text|"
    r"is not a (list|map)|is required|is not a MATLAB release|is too old|openPort|no metrics are exported|"
    r"closes every way in|the chart requires"
)


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    text: str
    draft: Draft
    notes: list[str]
    mistakes: list[Mistake]
    commands: list[str]


def add_command(commands_: Any) -> None:
    """Add the command to the parser of `python -m ops`."""
    parser = commands_.add_parser("import-values", help="make a stack file from values of MathWorks' Helm chart")
    parser.add_argument("values", type=Path, nargs="*", metavar="VALUES.yaml", help="values files, in Helm's order")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="K=V", help="as helm --set")
    parser.add_argument(
        "--set-string", action="append", default=[], dest="strings", metavar="K=V", help="as helm --set-string"
    )
    parser.add_argument("--chart-version", default=NEWEST_CHART, metavar="V", help=f"default: {NEWEST_CHART}")
    parser.add_argument("--namespace", default="mjs", metavar="NAME", help="namespace of the release; default: mjs")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: a comment to fill in")
    parser.add_argument(
        "--ldap-certificate", type=Path, metavar="FILE", help="cert.pem of Secret mjs-ldap-secret, for ldaps://"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="Pulumi.NAME.yaml", help="stack file to write")
    parser.add_argument("--json", action="store_true", help="report as JSON on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """The command. Raises CommandError for what cannot be read or written."""
    chart = import_versions.version(arguments.chart_version)
    before = _existing(arguments.out)
    if not (arguments.values or arguments.sets or arguments.strings):
        raise CommandError("import-values: give a values file, --set or --set-string.")
    values, remarks = gather(arguments.values, arguments.sets, arguments.strings)
    draft = translate(values, chart)
    draft.notes[:0] = remarks
    differences(draft, arguments.namespace)
    if arguments.ldap_certificate:
        try:
            text = arguments.ldap_certificate.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--ldap-certificate {arguments.ldap_certificate}: {error}") from error
        draft.own("ldap.certificate", text, "From --ldap-certificate; the chart has it in Secret mjs-ldap-secret.")
    sources = [path.name for path in arguments.values] + (["--set"] if arguments.sets or arguments.strings else [])
    result = _finish(draft, arguments, sources, before)
    arguments.out.write_text(result.text, encoding="utf-8")
    _report(result, arguments.out, as_json=arguments.json)
    return REFUSED if result.mistakes else 0


def _existing(out: Path) -> list[str]:
    """What `pulumi stack init` has written into the stack file. Raises CommandError for a file with a config."""
    if not out.exists():
        return []
    lines = out.read_text(encoding="utf-8").splitlines()
    if any(re.match(r"[\"']?config[\"']?\s*:", line) for line in lines):
        raise CommandError(f"{out} has a config already; choose another name, or remove it. Nothing was written.")
    return lines


def _finish(draft: Draft, arguments: argparse.Namespace, sources: Sequence[str], before: list[str]) -> Imported:
    stack = stack_name(arguments.out)
    mistakes = sorted({*draft.mistakes, *_check(draft, stack, arguments.context)})
    notes = [*import_versions.remarks(draft.chart), *draft.notes]
    if not arguments.context:
        notes.append("kubernetes: no cluster is named yet. Write its context where the comment says.")
    told = commands(draft, stack, arguments.namespace)
    head = [
        (
            f"Made by python -m ops import-values from {', '.join(sources)}, read as values of chart "
            f"{spelled(draft.chart)}. The chart's key stands beside each setting; docs/values.md has all of them."
        )
    ]
    if draft.left_out:
        head += ["", "Values that became no setting:", *(f"  {line}" for line in draft.left_out)]
    if notes:
        head += ["", "To know:", *(f"  {line}" for line in notes)]
    if mistakes:
        head += ["", "To correct:", *(f"  {mistake}" for mistake in mistakes)]
    if told:
        head += ["", "Secrets are never written in clear. Set them:", *(f"  {line}" for line in told)]
    if arguments.context:
        target = ["  clusters:kubernetes:", f"    context: {json.dumps(arguments.context)}"]
    else:
        target = [
            "  # The cluster to deploy to. Name a context of your kubeconfig (kubectl config get-contexts):",
            "  # clusters:kubernetes:",
            "  #   context: NAME",
        ]
    return Imported(document(head, target, draft.settings, before), draft, notes, mistakes, told)


def _check(draft: Draft, stack: str, context: str | None) -> Iterator[Mistake]:
    """What the program says against the settings, in words of the chart."""
    values = {"kubernetes": {"context": context or STAND_IN}, "matlab": draft.tree()}
    try:
        loaded = load_stack(stack, values, set())
    except ConfigError as error:
        for mistake in error.mistakes:
            yield _explained(mistake, draft)
    else:
        settings = loaded.systems.get("matlab")
        if isinstance(settings, Settings) and Topology(settings).secure_metrics:
            draft.notes.append(
                "metrics: if Secret mjs-metrics-secret is your own, set matlab.metrics.bringOwnCertificates: true."
            )


def _explained(mistake: Mistake, draft: Draft) -> Mistake:
    if mistake.path == "matlab.ldap.certificate" and "required" in mistake.problem:
        return Mistake(
            mistake.path,
            "the chart takes it from Secret mjs-ldap-secret, here it is a setting",
            'Save it: kubectl get secret mjs-ldap-secret --output \'go-template={{index .data "cert.pem" | '
            "base64decode}}' > cert.pem, and give --ldap-certificate cert.pem.",
        )
    key = _key_of(mistake.path)
    if key is None or key.name not in draft.values:
        return mistake
    starts = mistake.problem.startswith(("is ", "has ", "needs ", "names ", "would ", "describes ", "its "))
    problem = f"it {mistake.problem}" if starts else mistake.problem
    same = _SAME_IN_THE_CHART.search(mistake.problem) and key.name != "fileDescriptorUlimit"
    if not fits(key, draft.values[key.name]) or same or mistake.path.startswith("matlab.additionalSupportedReleases["):
        return Mistake(mistake.path, f"the chart refuses {key.name} too: {problem}", mistake.remedy)
    return Mistake(mistake.path, f"the chart accepted {key.name}, but {problem}", mistake.remedy)


def _key_of(path: str) -> Key | None:
    below = path.removeprefix("matlab.")
    for key in KEYS.values():
        for known in key.paths:
            if below == known or below.startswith((f"{known}.", f"{known}[")) or known.startswith(f"{below}."):
                return key
    return None


def _report(result: Imported, out: Path, *, as_json: bool) -> None:
    draft = result.draft
    if as_json:
        report = {
            "written": str(out),
            "became": draft.became,
            "notes": result.notes,
            "mistakes": [asdict(mistake) for mistake in result.mistakes],
            "commands": result.commands,
        }
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return
    print(f"{out}: {len(draft.became)} values read, {len(draft.settings)} settings written.", file=sys.stderr)
    sections = (
        ("Values that became no setting", draft.left_out),
        ("To know", result.notes),
        (f"To correct, {len(result.mistakes)}", [str(mistake) for mistake in result.mistakes]),
        ("Secrets, to set after pulumi stack init", result.commands),
    )
    for title, lines in sections:
        if lines:
            print(f"{title}:", *(f"  {line}" for line in lines), sep="\n", file=sys.stderr)
