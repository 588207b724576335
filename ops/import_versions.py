"""What differs between the chart's versions for whoever comes from an older one (facts §2.9, §9.5)."""

from __future__ import annotations

import re
from typing import Any, Final

from components.matlab.upstream import KEYS
from components.matlab.upstream_keys import FIRST_CHART, NEWEST_CHART, Key
from components.shared.mistakes import did_you_mean
from ops.errors import CommandError

Version = tuple[int, int, int]

FIRST_SCHEMA: Final = "1.3.0"
"""Before it, the chart ignored keys that it did not know; since then it refuses them."""
SECOND_GENERATION: Final = "2.0.0"
"""Since then the job manager belongs to the chart, and a release can be upgraded in place."""
FIRST_CONFIG: Final = "2.1.0"
"""Controllers since this version understand the config.json that the program writes (facts §4.1)."""

_OLD_DEFAULTS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    # from this version on, up to before that one: defaults that chart 2.1.1 no longer has
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
"""READMEs of 1.1 to 1.5 named them by mistake."""
PORTS_PER_WORKER: Final = "portsPerWorker"
ADMIN_PASSWORDS: Final = {"adminpassword", "jobmanageradminpassword", "mjsadminpassword"}


def version(text: str) -> Version:
    """A chart version. Raises CommandError for one that this tool does not know."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    found = (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)
    if not number(FIRST_CHART) <= found <= number(NEWEST_CHART):
        raise CommandError(f"--chart-version {text}: this tool knows the charts {FIRST_CHART} to {NEWEST_CHART}.")
    return found


def number(text: str) -> Version:
    """A version of the tables above."""
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def spelled(chart: Version) -> str:
    """A version as the chart writes it."""
    return ".".join(map(str, chart))


def old_defaults(chart: Version) -> dict[str, Any]:
    """Defaults of that chart that differ from those of 2.1.1."""
    found: dict[str, Any] = {}
    for first, end, defaults in _OLD_DEFAULTS:
        if number(first) <= chart < number(end):
            found |= defaults
    return found


def knows(chart: Version, key: Key) -> bool:
    """The chart of that version had the key."""
    return chart >= number(key.since)


def refuses_unknown(chart: Version) -> bool:
    """The chart of that version refused keys that it did not know, instead of ignoring them."""
    return chart >= number(FIRST_SCHEMA)


def explain_unknown(name: str) -> tuple[str, str]:
    """Why a key is none of the chart's, and what to do."""
    if name in NEVER_EXISTED:
        right = NEVER_EXISTED[name]
        return f"never existed; READMEs of 1.1 to 1.5 named it by mistake for {right}", f"Write {right} instead."
    if name == PORTS_PER_WORKER:
        return "was hidden, worked in 1.0 to 1.2 only, and workers have no port range any more", "Remove it."
    if name.lower() in ADMIN_PASSWORDS:
        return (
            "is no value of the chart, which wants Secret mjs-admin-password",
            "Remove it and set matlab.security.adminPassword as a secret.",
        )
    near = did_you_mean(name, KEYS)
    return "is no value of the chart", f"Did you mean {near}?" if near else "docs/values.md has all of them."


def remarks(chart: Version) -> list[str]:
    """What whoever comes from that version has to know beside the values."""
    if chart >= number(SECOND_GENERATION):
        return []
    if chart < number("1.5.0"):
        place = "the whole checkpoint lies in the claim (1.4 and older)"
    else:
        place = "the database lies directly in the claim (1.5 to 1.7)"
    return [
        (
            f"Chart {spelled(chart)} cannot be taken over in place: uninstall it first (its controller made the job "
            "manager itself, and without preserveSecrets its credentials go with it, so hand out the new profile)."
        ),
        (
            f"Job database: {place}; here it lies in a folder named after the release. Move it there if old jobs must "
            "stay visible (B39)."
        ),
    ]
