"""What MathWorks' chart itself rejects: the ranges and choices of its values.schema.json and its template checks.

docs/values.md lists the types; sources are the chart's schema and templates of each version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.matlab.upstream_keys import Key, Kind
from ops.helm_import.chart_versions import Version, rejects_unknown

_PORT: Final = (1024, 65535)
_ANY: Final = (0, None)
_POSITIVE: Final = (1, None)
RANGES: Final[Mapping[str, tuple[int, int | None]]] = {
    **dict.fromkeys(
        ("maxWorkers", "minWorkers", "idleStop", "stopWorkerGracePeriod", "numGPUs", "jobManagerUserID",
         "jobManagerGroupID", "startupProbeInitialDelay"), _ANY,
    ),
    **dict.fromkeys(
        ("workersPerPoolProxy", "autoScalingPeriod", "ldapSynchronizationIntervalSecs", "startupProbePeriod",
         "startupProbeFailureThreshold", "livenessProbePeriod", "livenessProbeInitialDelay", "livenessProbeTimeout",
         "livenessProbeFailureThreshold"), _POSITIVE,
    ),
    **dict.fromkeys(("basePort", "metricsPort", "parallelServerProxyPort", "poolProxyBasePort"), _PORT),
    "logLevel": (0, 6),
    "securityLevel": (0, 2),
}  # fmt: skip
PULL_POLICIES: Final = ("Always", "Never", "IfNotPresent")
_RELEASES: Final = (
    ("r2024a", (1, 3, 0)), ("r2024b", (1, 3, 0)), ("r2025a", (1, 6, 0)), ("r2025b", (1, 7, 0)), ("r2026a", (2, 0, 0)),
)  # fmt: skip
NEVER_ADDITIONAL: Final = "r2026a"


def rejects(key: Key, values: Mapping[str, Any], chart: Version) -> bool:
    """That version of the chart rejects the value of the key. Charts before 1.3.0 have no schema."""
    value = values[key.name]
    if not rejects_unknown(chart):
        return False
    if not fits(key, value):
        return True
    if key.name in RANGES:
        low, high = RANGES[key.name]
        return value < low or (high is not None and value > high)
    return _choice_rejects(key, value, chart) or _rule_rejects(key, values)


def fits(key: Key, value: Any) -> bool:
    """The value is of the type that the schema names."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    whole = number and float(value).is_integer()
    types = {
        Kind.TEXT: isinstance(value, str) or (key.name == "workerLogPVC" and number),
        Kind.INTEGER: whole or (number and key.name == "fileDescriptorUlimit"),
        Kind.BOOLEAN: isinstance(value, bool),
        Kind.QUANTITY: isinstance(value, str) or number,
        Kind.ITEMS: isinstance(value, list) and all(map(_is_item, value)),
        Kind.MAP: isinstance(value, dict) and (key.name == "global" or _holds_text(value)),
    }
    return types[key.kind]


def _is_item(item: Any) -> bool:
    return isinstance(item, str) or (isinstance(item, dict) and _holds_text(item))


def _holds_text(value: Mapping[str, Any]) -> bool:
    return all(isinstance(item, str) for item in value.values())


def _choice_rejects(key: Key, value: Any, chart: Version) -> bool:
    known = [release for release, since in _RELEASES if chart >= since]
    if key.name == "matlabRelease":
        return value not in known
    if key.name == "additionalSupportedReleases":
        return any(item not in known or item == NEVER_ADDITIONAL for item in value)
    return key.name.endswith("PullPolicy") and value not in PULL_POLICIES


def _rule_rejects(key: Key, values: Mapping[str, Any]) -> bool:
    """The chart's rules over several values."""
    if key.name == "openMetricsPortOutsideKubernetes" and values[key.name] is True:
        return values.get("exportMetrics") is not True or values.get("internalClientsOnly") is True
    if key.name == "additionalSupportedReleases":
        return any(item >= str(values.get("matlabRelease", "")) for item in values[key.name])
    return False
