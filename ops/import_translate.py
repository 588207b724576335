"""From the chart's values to settings of the stack file: every given key becomes a setting, or a reason why not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

from components.matlab import names
from components.matlab.upstream import KEYS, Key, Kind
from components.shared.mistakes import Mistake, dotted
from ops import import_versions
from ops.import_versions import Version, spelled
from ops.import_write import Path, Setting, one_line

SECRET_NAME: Final = re.compile(r"passw|secret|token|credential|api_?key|private", re.IGNORECASE)
CLAIMS: Final = {"checkpointPVC": "checkpoint", "logPVC": "log", "workerLogPVC": "workerLog"}


class Draft:
    """What an import has found so far."""

    def __init__(self, values: Mapping[str, Any], chart: Version) -> None:
        self.values, self.chart = values, chart
        self.settings: dict[Path, Setting] = {}
        self.became: dict[str, str] = {}
        """Chart key → config path, or the reason why it has none. Every given key stands here."""
        self.left_out: list[str] = []
        self.notes: list[str] = []
        self.mistakes: list[Mistake] = []
        self.secrets: list[str] = []
        """Config paths of secrets that the values hold in clear."""

    def set(self, key: Key, value: Any, *remarks: str, path: str | None = None) -> None:
        """Take a value over."""
        where = path or key.paths[0]
        given = key.name in self.values
        origin = key.name if given else f"{key.name}, default of chart {spelled(self.chart)}"
        self.settings[tuple(where.split("."))] = Setting(value, origin, list(remarks))
        if given:
            known = self.became.get(key.name)
            self.became[key.name] = f"{known}, matlab.{where}" if known else f"matlab.{where}"

    def leave(self, name: str, reason: str, *, show: bool = True) -> None:
        """Say why a key becomes no setting."""
        if name in self.values:
            value = self.values[name]
            self.became[name] = reason
            self.left_out.append(f"{name}: {one_line(value)} - {reason}" if show else f"{name} - {reason}")

    def own(self, path: str, value: Any, remark: str) -> None:
        """Write a setting that no value gave, and say why."""
        self.settings.setdefault(tuple(path.split(".")), Setting(value, "", [remark]))

    def tree(self) -> dict[str, Any]:
        """The settings as the stack file nests them."""
        root: dict[str, Any] = {}
        for path, setting in self.settings.items():
            place = root
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = setting.value
        return root


def translate(values: Mapping[str, Any], chart: Version) -> Draft:
    """Settings for what the chart of that version makes of the values."""
    draft = Draft(values, chart)
    defaults = import_versions.old_defaults(chart)
    for name, key in KEYS.items():
        if name not in values:
            if name in defaults:
                _take(draft, key, defaults[name])
        elif import_versions.knows(chart, key):
            _take(draft, key, values[name])
        elif import_versions.refuses_unknown(chart):
            draft.mistakes.append(
                Mistake(
                    name,
                    f"is known since chart {key.since}, and chart {spelled(chart)} refuses it",
                    "It was taken over. Name the version that the values are for with --chart-version, or remove it.",
                )
            )
            _take(draft, key, values[name])
        else:
            draft.leave(name, f"chart {spelled(chart)} did not know it yet and ignored it", show=not _secret(name))
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


def _take(draft: Draft, key: Key, value: Any) -> None:
    if special := _SPECIAL.get(key.name):
        special(draft, key, value)
    else:
        _plain(draft, key, value)


def _plain(draft: Draft, key: Key, value: Any, *remarks: str) -> None:
    if key.kind is Kind.QUANTITY and (value is None or value in ("", 0)):
        draft.set(key, None, *remarks)
    elif value is None:
        draft.leave(key.name, "null takes a value away, so the default counts")
    elif key.kind is Kind.TEXT and value == "":
        draft.leave(key.name, "empty, so the default counts")
    elif key.kind is Kind.QUANTITY and isinstance(value, (int, float)) and not isinstance(value, bool):
        draft.set(key, str(int(value)) if float(value).is_integer() else str(value), *remarks)
    elif key.kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        draft.set(key, int(value), *remarks)
    elif key.kind is Kind.MAP and isinstance(value, dict) and None in value.values():
        gone = ", ".join(name for name, item in value.items() if item is None)
        kept = {name: item for name, item in value.items() if item is not None}
        draft.set(key, kept, *remarks, f"null took {gone} away.")
    else:
        draft.set(key, value, *remarks)


def _no_setting(draft: Draft, key: Key, _: Any) -> None:
    draft.leave(key.name, key.note, show=False)


def _claim(draft: Draft, key: Key, value: Any) -> None:
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
            _claim(draft, KEYS[name], "")


def _whole_image(draft: Draft, key: Key, value: Any) -> None:
    if not isinstance(value, str) or not value:
        _plain(draft, key, value)
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
        _plain(draft, key, value)


def _tolerations(draft: Draft, key: Key, value: Any) -> None:
    if not isinstance(value, list):
        _plain(draft, key, value)
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
        _plain(draft, key, value)


def _balancer_annotations(draft: Draft, key: Key, value: Any) -> None:
    if draft.values.get("autoCreateLoadBalancer") is False:
        draft.leave(key.name, "the chart ignores it without autoCreateLoadBalancer: the Service is yours")
    else:
        _plain(draft, key, value)


def _descriptors(draft: Draft, key: Key, value: Any) -> None:
    if value == 0 and not isinstance(value, bool):
        draft.leave(key.name, "the chart takes 0 for 4096, the default (B15)")
    else:
        _plain(draft, key, value)


def _startup_delay(draft: Draft, key: Key, value: Any) -> None:
    zero = value == 0 and not isinstance(value, bool)
    _plain(draft, key, value, *(["The chart takes 0 for 5 (B15)."] if zero else []))


def _password(draft: Draft, key: Key, value: Any) -> None:
    if value is None or value == "":
        draft.leave(key.name, "empty, so a password is generated")
        return
    path = f"matlab.{key.paths[0]}"
    draft.secrets.append(path)
    draft.leave(key.name, f"a secret, not written in clear: it goes to {path}", show=False)


def _environment(draft: Draft, key: Key, value: Any) -> None:
    _plain(draft, key, value)
    if isinstance(value, dict) and (found := [name for name in value if _secret(str(name))]):
        draft.notes.append(
            f"{key.name}: {', '.join(found)} looks like a secret and stands in clear in the stack file, as in the "
            "values. Environment variables are no place for secrets: mount a Secret or remove it."
        )


def _unknown(draft: Draft) -> None:
    for name, value in draft.values.items():
        if name in KEYS:
            continue
        problem, remedy = import_versions.explain_unknown(name)
        if import_versions.refuses_unknown(draft.chart):
            draft.mistakes.append(Mistake(name, problem, remedy))
            draft.leave(name, f"{problem}. {remedy}", show=not _secret(name, value))
        else:
            ignored = "" if name == import_versions.PORTS_PER_WORKER else "; this chart ignored it"
            draft.leave(name, f"{problem}{ignored}. {remedy}", show=not _secret(name, value))


def _secret(name: str, value: Any = None) -> bool:
    if isinstance(value, dict) and any(_secret(str(inner), item) for inner, item in value.items()):
        return True
    if isinstance(value, list) and any(_secret("", item) for item in value):
        return True
    return SECRET_NAME.search(name) is not None


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


_SPECIAL: Final[dict[str, Callable[[Draft, Key, Any], None]]] = {
    **dict.fromkeys(CLAIMS, _claim),
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
            f"kubectl get secret {names.ADMIN_SECRET} --namespace {shlex.quote(namespace)} --output 'jsonpath={{.data.password}}' | "
            f"base64 --decode | {config} matlab.security.adminPassword"
        )
    return found
