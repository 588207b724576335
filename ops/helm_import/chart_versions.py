"""What differs between the versions of the chart."""

from __future__ import annotations

import re
from typing import Any, Final

from components.matlab.upstream import KEYS
from components.matlab.upstream_keys import FIRST_CHART, NEWEST_CHART, Key
from components.shared.mistakes import did_you_mean
from ops.errors import CommandError

Version = tuple[int, int, int]

FIRST_SCHEMA: Final = "1.3.0"
"""Earlier charts ignore unknown keys; since this version the chart rejects them."""
SECOND_GENERATION: Final = "2.0.0"
"""Since this version the chart creates the job manager, and a release can be upgraded in place."""
FIRST_CONFIG: Final = "2.1.0"
"""Controllers since this version understand the config.json that the program writes (docs/upstream.md, config.json)."""

_OLD_DEFAULTS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    # First version, first version without it, and defaults that chart 2.1.1 no longer has
    (FIRST_CHART, SECOND_GENERATION, {
        "matlabRelease": "r2024a",
        "jobManagerMemoryRequest": "4Gi",
        "haproxyImage": "haproxy",
    }),
    (FIRST_CHART, "1.5.0", {
        "controllerCPURequest": "", "controllerMemoryRequest": "", "haproxyCPURequest": "", "haproxyMemoryRequest": "",
    }),
    (SECOND_GENERATION, "2.1.1", {"parallelServerProxyImage": "ghcr.io/mathworks/parallel-server-proxy:v1.0.0"}),
    (FIRST_CONFIG, "2.1.1", {"controllerImageTag": "2.1.0"}),
)  # fmt: skip

NEVER_EXISTED: Final = {"workerImage": "matlabImage", "workerImageTag": "matlabImageTag"}
"""The READMEs of 1.1 to 1.5 name them by mistake."""
PORTS_PER_WORKER: Final = "portsPerWorker"
ADMIN_PASSWORDS: Final = {"adminpassword", "jobmanageradminpassword", "mjsadminpassword"}


def chart_version(text: str) -> Version:
    """A chart version as numbers. Raises CommandError for an unknown one."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    found = (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)
    if not as_numbers(FIRST_CHART) <= found <= as_numbers(NEWEST_CHART):
        raise CommandError(f"--chart-version {text}: the supported versions are {FIRST_CHART} to {NEWEST_CHART}.")
    return found


def as_numbers(text: str) -> Version:
    """A version in the tables above, as numbers."""
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def spelled(chart: Version) -> str:
    """A version as the chart writes it."""
    return ".".join(map(str, chart))


def old_defaults(chart: Version) -> dict[str, Any]:
    """Defaults of that chart that differ from those of 2.1.1."""
    found: dict[str, Any] = {}
    for first, end, defaults in _OLD_DEFAULTS:
        if as_numbers(first) <= chart < as_numbers(end):
            found |= defaults
    return found


def has_key(chart: Version, key: Key) -> bool:
    """That version of the chart has the key."""
    return chart >= as_numbers(key.since)


def rejects_unknown(chart: Version) -> bool:
    """That version of the chart rejects unknown keys instead of ignoring them."""
    return chart >= as_numbers(FIRST_SCHEMA)


def explain_unknown(name: str) -> tuple[str, str]:
    """Why the chart has no such key, and what to do."""
    if name in NEVER_EXISTED:
        right = NEVER_EXISTED[name]
        return (
            f"never existed; the READMEs of 1.1 to 1.5 name it by mistake instead of {right}",
            f"Write {right} instead.",
        )
    if name == PORTS_PER_WORKER:
        return "is hidden, works only in 1.0 to 1.2, and workers no longer have a port range", "Remove it."
    if name.lower() in ADMIN_PASSWORDS:
        return (
            "is not a value of the chart, which uses Secret mjs-admin-password",
            "Remove it and set matlab.security.adminPassword as a secret.",
        )
    near = did_you_mean(name, KEYS)
    return "is not a value of the chart", f"Did you mean {near}?" if near else "docs/values.md lists all of them."


def migration_notes(chart: Version) -> list[str]:
    """What you need to know when you come from that version."""
    if chart >= as_numbers(SECOND_GENERATION):
        return []
    if chart < as_numbers("1.5.0"):
        place = "the claim holds the whole checkpoint folder (1.4 and older)"
    else:
        place = "the database is at the top of the claim (1.5 to 1.7)"
    return [
        (
            f"Chart {spelled(chart)} cannot be replaced in place. Uninstall it first: its controller creates the job "
            "manager. Unless preserveSecrets is true, its credentials are deleted too, so hand out the new profile."
        ),
        (
            f"Job database: {place}. Here it is in a folder named after the release. Move it there to keep old jobs "
            "visible (B39)."
        ),
    ]
