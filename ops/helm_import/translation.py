"""Translates the chart's values: every key becomes settings, or a reason why it does not."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from components.matlab import names
from components.matlab.upstream import KEYS
from components.shared.mistakes import Mistake, dotted
from components.stack_file import is_encrypted
from ops.helm_import import chart_versions
from ops.helm_import.chart_versions import Version, spelled
from ops.helm_import.conversions import CLAIMS, claim, convert
from ops.helm_import.import_result import ImportResult, looks_secret
from ops.helm_import.values_file import PLACEHOLDER, TEMPLATE, texts

TEMPLATE_CODE: Final = "template"


def translate(values: Mapping[str, Any], chart: Version) -> ImportResult:
    """The settings that deploy what that version of the chart deploys for the values."""
    result = ImportResult(values, chart)
    defaults = chart_versions.old_defaults(chart)
    for name, key in KEYS.items():
        if name not in values:
            if name in defaults:
                convert(result, key, defaults[name])
        elif chart_versions.has_key(chart, key):
            convert(result, key, values[name])
        elif chart_versions.rejects_unknown(chart):
            result.mistakes.append(
                Mistake(
                    name,
                    f"exists since chart {key.since}, and chart {spelled(chart)} rejects it",
                    "It is imported. Give the version that the values are for (--chart-version), or remove it.",
                )
            )
            convert(result, key, values[name])
        else:
            result.leave_out(
                name, f"chart {spelled(chart)} does not have it yet and ignores it", show=not looks_secret(name)
            )
    _missing_claims(result)
    _unknown(result)
    _templates(result)
    _encrypted_look(result)
    return result


def _missing_claims(result: ImportResult) -> None:
    for name in CLAIMS:
        if name in result.values:
            continue
        if chart_versions.rejects_unknown(result.chart):
            result.mistakes.append(
                Mistake(
                    f"matlab.storage.{CLAIMS[name]}",
                    f"the chart requires {name}, and the values do not set it",
                    "Write claim: NAME, or persistent: false. Without either, the stack creates a new claim.",
                )
            )
        else:
            claim(result, KEYS[name], "")


def _unknown(result: ImportResult) -> None:
    for name, value in result.values.items():
        if name in KEYS:
            continue
        problem, remedy = chart_versions.explain_unknown(name)
        if chart_versions.rejects_unknown(result.chart):
            result.mistakes.append(Mistake(name, problem, remedy))
            result.leave_out(name, f"{problem}. {remedy}", show=not looks_secret(name, value))
        else:
            ignored = "" if name == chart_versions.PORTS_PER_WORKER else "; this chart ignores it"
            result.leave_out(name, f"{problem}{ignored}. {remedy}", show=not looks_secret(name, value))


def _templates(result: ImportResult) -> None:
    for name, value in result.values.items():
        for at, text in texts(value, name):
            if TEMPLATE.search(text):
                result.mistakes.append(
                    Mistake(
                        dotted(at),
                        "is a template that is not rendered (`{{ … }}`), and this command renders no templates",
                        "Import the rendered values (helm get values RELEASE --output yaml), or write the value.",
                        TEMPLATE_CODE,
                    )
                )
            elif PLACEHOLDER.fullmatch(text):
                result.mistakes.append(
                    Mistake(
                        dotted(at),
                        "is a placeholder, and this command replaces none",
                        "Import the final values (helm get values RELEASE --output yaml), or write the value.",
                        TEMPLATE_CODE,
                    )
                )


def _encrypted_look(result: ImportResult) -> None:
    for path, setting in result.settings.items():
        if is_encrypted(setting.value):
            result.mistakes.append(
                Mistake(
                    dotted(["matlab", *path]),
                    "its only entry is named secure, which makes it an encrypted value for Pulumi",
                    "Rename the entry, or add a second one.",
                )
            )


def differences(result: ImportResult, namespace: str) -> None:
    """Write the settings whose defaults differ from what the chart does."""
    result.add("namespace.name", namespace, "The namespace of the release (--namespace).")
    result.add("namespace.create", value=False, remark="It exists, with the claims in it.")
    for what in ("userID", "groupID"):
        result.add(
            f"jobManager.{what}",
            0,
            "The chart's default. Remove it to use 1000, if that user can write to the volumes.",
        )
    result.add(
        "jobManager.terminationGracePeriod", 120, "The chart allows 30 seconds, too few for a clean shutdown (B27)."
    )
    result.add(
        "haproxy.idleTimeout",
        86400,
        "The chart closes a connection, even of an idle pool, after 300 seconds without traffic (B31).",
    )
    result.add(
        "network.policies.enabled",
        value=False,
        remark="The chart creates no NetworkPolicy. Remove this for the default, which creates them (docs/network.md).",
    )


def commands(result: ImportResult, stack: str, namespace: str) -> list[str]:
    """The commands that set the secrets, none of them through an argument."""
    config = f"pulumi config set --stack {shlex.quote(stack)} --path --secret"
    lines = [f"{config} {path} < FILE    # without < FILE it prompts" for path in result.secrets]
    if asks_for_password(result):
        lines.append(
            f"kubectl get secret {names.ADMIN_SECRET} --namespace {shlex.quote(namespace)} "
            f"--output 'jsonpath={{.data.password}}' | base64 --decode | {config} matlab.security.adminPassword"
        )
    return lines


def asks_for_password(result: ImportResult) -> bool:
    """The chart reads the administrator's password from a Secret, which it does at security level 2.

    With a directory service the password is the user's there, and never a generated one.
    """
    level = result.settings.get(("security", "level"))
    needed = level is None or level.value == 2  # noqa: PLR2004 - MJS's own scale
    return needed and not (result.keeps_password and ("ldap", "url") not in result.settings)
