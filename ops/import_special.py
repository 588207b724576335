"""Values of the chart that need more than being copied, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from components.matlab.upstream_keys import Key
from ops import import_versions
from ops.import_draft import Draft, looks_secret, plain

CLAIMS: Final = {"checkpointPVC": "checkpoint", "logPVC": "log", "workerLogPVC": "workerLog"}


def take(draft: Draft, key: Key, value: Any) -> None:
    """Take one value over in the way that it needs."""
    if special := _SPECIAL.get(key.name):
        special(draft, key, value)
    else:
        plain(draft, key, value)


def _no_setting(draft: Draft, key: Key, _: Any) -> None:
    draft.leave(key.name, key.note, show=False)


def claim(draft: Draft, key: Key, value: Any) -> None:
    """A claim, or data that live in the pod."""
    volume = f"storage.{CLAIMS[key.name]}"
    remarks = []
    if key.name == "logPVC":
        remarks.append("The job manager's log alone; the controller logs to its standard output (B13, B14).")
    if value is None or value == "":
        remarks.append("No claim: the data live and die with the pod.")
        persistent = False
        draft.set(key, persistent, *remarks, path=f"{volume}.persistent")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        draft.set(key, f"{value:g}", *remarks, "The chart takes numbers for names (B34).", path=f"{volume}.claim")
    else:
        draft.set(key, value, *remarks, path=f"{volume}.claim")


def _whole_image(draft: Draft, key: Key, value: Any) -> None:
    if not isinstance(value, str) or not value:
        plain(draft, key, value)
        return
    repository, _, digest = value.partition("@")
    tag = ""
    if ":" in repository.rsplit("/", 1)[-1]:
        repository, _, tag = repository.rpartition(":")
    image = key.paths[0].rpartition(".")[0]
    draft.set(key, repository, path=f"{image}.repository")
    if tag:
        draft.set(key, tag, path=f"{image}.tag")
    elif not digest:
        remark = "No tag means latest: whatever is newest at each pull. Remove the line for the tested version."
        draft.set(key, "latest", remark, path=f"{image}.tag")
    if digest:
        draft.set(key, digest, path=f"{image}.digest")


def _controller_tag(draft: Draft, key: Key, value: Any) -> None:
    match = re.match(r"v?(\d+)\.(\d+)", value) if isinstance(value, str) else None
    if match and (int(match[1]), int(match[2])) < import_versions.number(import_versions.FIRST_CONFIG)[:2]:
        draft.leave(key.name, "controllers before 2.1.0 refuse today's config.json, so the default counts")
    else:
        plain(draft, key, value)


def _tolerations(draft: Draft, key: Key, value: Any) -> None:
    if not isinstance(value, list):
        plain(draft, key, value)
        return
    remarks: list[str] = []
    items = []
    for item in value:
        if isinstance(item, dict) and re.fullmatch(r"\d+", str(item.get("tolerationSeconds", ""))):
            if isinstance(item["tolerationSeconds"], str):
                remarks = ["tolerationSeconds is a number for Kubernetes; the chart takes text only (B17)."]
            items.append({**item, "tolerationSeconds": int(item["tolerationSeconds"])})
        else:
            items.append(item)
    draft.set(key, items, *remarks)


def _uses_claim(draft: Draft, key: Key, value: Any) -> None:
    if value is True and not draft.values.get("matlabPVC"):
        draft.leave(key.name, "the chart ignores it without matlabPVC")
    else:
        plain(draft, key, value)


def _balancer_annotations(draft: Draft, key: Key, value: Any) -> None:
    if draft.values.get("autoCreateLoadBalancer") is False:
        draft.leave(key.name, "the chart ignores it without autoCreateLoadBalancer: the Service is yours")
    else:
        plain(draft, key, value)


def _descriptors(draft: Draft, key: Key, value: Any) -> None:
    if value == 0 and not isinstance(value, bool):
        draft.leave(key.name, "the chart takes 0 for 4096, the default (B15)")
    else:
        plain(draft, key, value)


def _startup_delay(draft: Draft, key: Key, value: Any) -> None:
    zero = value == 0 and not isinstance(value, bool)
    plain(draft, key, value, *(["The chart takes 0 for 5 (B15)."] if zero else []))


def _password(draft: Draft, key: Key, value: Any) -> None:
    if value is None or value == "":
        draft.leave(key.name, "empty, so a password is generated")
        return
    path = f"matlab.{key.paths[0]}"
    draft.secrets.append(path)
    draft.leave(key.name, f"a secret, not written in clear: it goes to {path}", show=False)


def _environment(draft: Draft, key: Key, value: Any) -> None:
    plain(draft, key, value)
    if isinstance(value, dict) and (found := [name for name in value if looks_secret(str(name))]):
        draft.notes.append(
            f"{key.name}: {', '.join(found)} looks like a secret and stands in clear in the stack file, as in the "
            "values. Environment variables are no place for secrets: mount a Secret or remove it."
        )


_SPECIAL: Final[dict[str, Callable[[Draft, Key, Any], None]]] = {
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
