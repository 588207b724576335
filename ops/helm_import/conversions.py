"""Values of the chart that need more than copying, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from components.matlab.upstream_keys import Key
from ops.helm_import import chart_versions
from ops.helm_import.import_result import ImportResult, copy_value, looks_secret

CLAIMS: Final = {"checkpointPVC": "checkpoint", "logPVC": "log", "workerLogPVC": "workerLog"}


def convert(result: ImportResult, key: Key, value: Any) -> None:
    """Turn one value of the chart into settings."""
    if conversion := _CONVERSIONS.get(key.name):
        conversion(result, key, value)
    else:
        copy_value(result, key, value)


def _no_setting(result: ImportResult, key: Key, _: Any) -> None:
    result.leave_out(key.name, key.note, show=False)


def claim(result: ImportResult, key: Key, value: Any) -> None:
    """A claim, or data that is lost with the pod."""
    volume = f"storage.{CLAIMS[key.name]}"
    remarks = []
    if key.name == "logPVC":
        remarks.append("Only the job manager's log; the controller logs to its standard output (B13, B14).")
    if value is None or value == "":
        remarks.append("No claim: the data is lost with the pod.")
        persistent = False
        result.set(key, persistent, *remarks, path=f"{volume}.persistent")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        result.set(key, f"{value:g}", *remarks, "The chart accepts a number as a name (B34).", path=f"{volume}.claim")
    else:
        result.set(key, value, *remarks, path=f"{volume}.claim")


def _whole_image(result: ImportResult, key: Key, value: Any) -> None:
    if not isinstance(value, str) or not value:
        copy_value(result, key, value)
        return
    repository, _, digest = value.partition("@")
    tag = ""
    if ":" in repository.rsplit("/", 1)[-1]:
        repository, _, tag = repository.rpartition(":")
    image = key.paths[0].rpartition(".")[0]
    result.set(key, repository, path=f"{image}.repository")
    if tag:
        result.set(key, tag, path=f"{image}.tag")
    elif not digest:
        remark = "No tag means latest, which may change at each pull. Remove this line for the tested version."
        result.set(key, "latest", remark, path=f"{image}.tag")
    if digest:
        result.set(key, digest, path=f"{image}.digest")


def _controller_tag(result: ImportResult, key: Key, value: Any) -> None:
    match = re.match(r"v?(\d+)\.(\d+)", value) if isinstance(value, str) else None
    if match and (int(match[1]), int(match[2])) < chart_versions.as_numbers(chart_versions.FIRST_CONFIG)[:2]:
        result.leave_out(
            key.name, "controllers before 2.1.0 reject the config.json of this program, so the default is used"
        )
    else:
        copy_value(result, key, value)


def _tolerations(result: ImportResult, key: Key, value: Any) -> None:
    if not isinstance(value, list):
        copy_value(result, key, value)
        return
    remarks: list[str] = []
    items = []
    for item in value:
        if isinstance(item, dict) and re.fullmatch(r"\d+", str(item.get("tolerationSeconds", ""))):
            if isinstance(item["tolerationSeconds"], str):
                remarks = ["tolerationSeconds is a number in Kubernetes; the chart accepts only text (B17)."]
            items.append({**item, "tolerationSeconds": int(item["tolerationSeconds"])})
        else:
            items.append(item)
    result.set(key, items, *remarks)


def _uses_claim(result: ImportResult, key: Key, value: Any) -> None:
    if value is True and not result.values.get("matlabPVC"):
        result.leave_out(key.name, "the chart ignores it without matlabPVC")
    else:
        copy_value(result, key, value)


def _balancer_annotations(result: ImportResult, key: Key, value: Any) -> None:
    if result.values.get("autoCreateLoadBalancer") is False:
        result.leave_out(
            key.name, "the chart ignores it without autoCreateLoadBalancer, because you create the Service"
        )
    else:
        copy_value(result, key, value)


def _descriptors(result: ImportResult, key: Key, value: Any) -> None:
    if value == 0 and not isinstance(value, bool):
        result.leave_out(key.name, "the chart reads 0 as 4096, the default (B15)")
    else:
        copy_value(result, key, value)


def _startup_delay(result: ImportResult, key: Key, value: Any) -> None:
    zero = value == 0 and not isinstance(value, bool)
    copy_value(result, key, value, *(["The chart reads 0 as 5 (B15)."] if zero else []))


def _password(result: ImportResult, key: Key, value: Any) -> None:
    if value is None or value == "":
        result.leave_out(key.name, "empty, so a password is generated")
        return
    path = f"matlab.{key.paths[0]}"
    result.secrets.append(path)
    result.leave_out(key.name, f"a secret, which is not written to the file: set {path}", show=False)


def _environment(result: ImportResult, key: Key, value: Any) -> None:
    copy_value(result, key, value)
    if isinstance(value, dict) and (names := [name for name in value if looks_secret(str(name))]):
        result.notes.append(
            f"{key.name}: {', '.join(names)} looks like a secret. It is readable in the stack file, as it is in the "
            "values. Remove it: workers can read secrets from a mounted claim."
        )


_CONVERSIONS: Final[dict[str, Callable[[ImportResult, Key, Any], None]]] = {
    **dict.fromkeys(CLAIMS, claim),
    **dict.fromkeys(("parallelServerProxyImage", "haproxyImage"), _whole_image),
    **dict.fromkeys(("jobManagerTolerations", "workerTolerations"), _tolerations),
    **dict.fromkeys(("extraWorkerEnv", "extraJobManagerEnv"), _environment),
    **dict.fromkeys(("preserveSecrets", "global"), _no_setting),
    "controllerImageTag": _controller_tag,
    "jobManagerUsesPVC": _uses_claim,
    "loadBalancerAnnotations": _balancer_annotations,
    "fileDescriptorUlimit": _descriptors,
    "startupProbeInitialDelay": _startup_delay,
    "workerPassword": _password,
}
