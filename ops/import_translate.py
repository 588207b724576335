"""From the chart's values to settings of the stack file: every given key becomes a setting, or a reason why not."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from components.matlab import names
from components.matlab.upstream import KEYS
from components.matlab.upstream_keys import Key, Kind
from components.shared.mistakes import Mistake, dotted
from ops import import_versions
from ops.import_draft import Draft, looks_secret
from ops.import_special import CLAIMS, claim, take
from ops.import_versions import Version, spelled
from ops.import_write import Path


def translate(values: Mapping[str, Any], chart: Version) -> Draft:
    """Settings for what the chart of that version makes of the values."""
    draft = Draft(values, chart)
    defaults = import_versions.old_defaults(chart)
    for name, key in KEYS.items():
        if name not in values:
            if name in defaults:
                take(draft, key, defaults[name])
        elif import_versions.knows(chart, key):
            take(draft, key, values[name])
        elif import_versions.refuses_unknown(chart):
            draft.mistakes.append(
                Mistake(
                    name,
                    f"is known since chart {key.since}, and chart {spelled(chart)} refuses it",
                    "It was taken over. Name the version that the values are for with --chart-version, or remove it.",
                )
            )
            take(draft, key, values[name])
        else:
            draft.leave(name, f"chart {spelled(chart)} did not know it yet and ignored it", show=not looks_secret(name))
    _missing_claims(draft)
    _unknown(draft)
    for path in draft.settings:
        _encrypted_look(draft, path)
    return draft


def fits(key: Key, value: Any) -> bool:
    """The chart's schema takes the value, as far as its type goes."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {
        Kind.TEXT: isinstance(value, str) or (key.name == "workerLogPVC" and number),
        Kind.INTEGER: number and (whole or key.name == "fileDescriptorUlimit"),
        Kind.BOOLEAN: isinstance(value, bool),
        Kind.QUANTITY: isinstance(value, str) or number,
        Kind.ITEMS: isinstance(value, list),
        Kind.MAP: isinstance(value, dict),
    }[key.kind]


def _missing_claims(draft: Draft) -> None:
    for name in CLAIMS:
        if name in draft.values:
            continue
        if import_versions.refuses_unknown(draft.chart):
            draft.mistakes.append(
                Mistake(
                    f"matlab.storage.{CLAIMS[name]}",
                    f"the chart requires {name}, and the values lack it",
                    "Write claim: NAME there, or persistent: false; without either the stack makes a new claim.",
                )
            )
        else:
            claim(draft, KEYS[name], "")


def _unknown(draft: Draft) -> None:
    for name, value in draft.values.items():
        if name in KEYS:
            continue
        problem, remedy = import_versions.explain_unknown(name)
        if import_versions.refuses_unknown(draft.chart):
            draft.mistakes.append(Mistake(name, problem, remedy))
            draft.leave(name, f"{problem}. {remedy}", show=not looks_secret(name, value))
        else:
            ignored = "" if name == import_versions.PORTS_PER_WORKER else "; this chart ignored it"
            draft.leave(name, f"{problem}{ignored}. {remedy}", show=not looks_secret(name, value))


def _encrypted_look(draft: Draft, path: Path) -> None:
    value = draft.settings[path].value
    if isinstance(value, dict) and list(value) == ["secure"]:
        draft.mistakes.append(
            Mistake(
                dotted(["matlab", *path]),
                "its only entry is called secure, which Pulumi takes for an encrypted value",
                "Add a second entry, or rename it.",
            )
        )


def differences(draft: Draft, namespace: str) -> None:
    """Write out what our defaults would do otherwise than the chart does."""
    draft.own("namespace.name", namespace, "The release's namespace (--namespace).")
    draft.own("namespace.create", value=False, remark="It exists: the claims are in it.")
    for what in ("userID", "groupID"):
        draft.own(
            f"jobManager.{what}", 0, "The chart's default. Remove it for 1000 where the volumes may be written by it."
        )
    draft.own("jobManager.terminationGracePeriod", 120, "The chart leaves 30 seconds, too few to stop in order (B27).")
    draft.own(
        "haproxy.idleTimeout", 86400, "The chart closes a connection after 300 silent seconds, idle pools too (B31)."
    )
    draft.own(
        "network.policies.enabled",
        value=False,
        remark="The chart makes no NetworkPolicy. Remove this for the default: only the connections that MJS needs.",
    )


def commands(draft: Draft, stack: str, namespace: str) -> list[str]:
    """How the secrets get into the stack, never through an argument."""
    config = f"pulumi config set --stack {shlex.quote(stack)} --secret --path"
    found = [f"{config} {path} < FILE    # or without < FILE: it asks" for path in draft.secrets]
    level = draft.settings.get(("security", "level"))
    if level is None or level.value == 2:  # noqa: PLR2004 - MJS's own scale
        found.append(
            f"kubectl get secret {names.ADMIN_SECRET} --namespace {shlex.quote(namespace)} "
            f"--output 'jsonpath={{.data.password}}' | base64 --decode | {config} matlab.security.adminPassword"
        )
    return found
