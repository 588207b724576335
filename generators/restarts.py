"""docs/restarts.md: which pods restart and which objects change with each setting.

Each setting is changed in several configs, and the objects before and after are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from components import doctor_settings, price_settings
from components.doctor_settings import Doctor
from components.price_settings import Prices
from generators import arkouda_changes, julia_changes, matlab_changes
from generators.changes import NAMESPACE, Effects
from generators.settings import listed

GENERATED: Final = (
    "<!-- Written by `python -m generators`. Edit generators/restarts.py and *_changes.py there instead. -->"
)
NONE: Final = "-"
EVERY: Final = "every object"

_INTRODUCTIONS: Final[Mapping[str, str]] = {
    "arkouda": """\
- A **server** that restarts loses every array in its memory, and its clients. So does one whose **locales**
  restart.
- An **exporter** can restart at any time.
- A server outside Kubernetes keeps its old settings until you write the files again with
  `python -m ops arkouda-files` and submit the job again.
""",
    "julia": """\
- A running **session** and the **workers of a pool** apply a change when you delete their pods, or at once
  if `manager.updates` is `immediately`. Everything in their memory is lost; the depot stays.
- A **script** runs again: Kubernetes replaces its Job. A script that is still running is ended first.

Every setting of `julia.defaults` has the same effects in `julia.sessions.NAME`.
""",
}
"""What to know of a system before its table. The page begins with MATLAB."""
TARGET: Final[Mapping[str, str]] = {
    "kubernetes.context": "another cluster: rejected while this one holds protected objects",
    "kubernetes.kubeconfig": "none, if the context still names the same cluster",
    "kubernetes.embedded": "another cluster: rejected while this one holds protected objects",
    "kubernetes.labels": "every object gets the new labels; no pod restarts",
}
"""The provider handles these; no manifest changes (components/shared/target.py)."""
_WITHOUT_OBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "kubernetes": TARGET,
    "doctor": dict.fromkeys(
        (one.path for one in listed(Doctor, doctor_settings.KEY)), "none: only `python -m ops doctor` reads it"
    ),
    "prices": dict.fromkeys((one.path for one in listed(Prices, price_settings.KEY)), "only the output `costPerHour`"),
}


def page() -> str:
    """The whole page."""
    lines = [
        GENERATED,
        "",
        "# What restarts when a setting changes",
        "",
        "The program that writes this page changes each setting in several configs, and compares the pods before and",
        "after. For changes that you are about to deploy, run `python -m ops impact`: [impact.md](impact.md).",
        "",
        "- The **job manager** shuts down cleanly and starts again with its database. Jobs that still run are",
        "  interrupted; queued and finished jobs are kept.",
        "- The controller replaces **workers** at its next check, all at once, busy or not.",
        "- Before either, `up` pauses the queue and waits for running jobs ([updates.md](updates.md)).",
        "- The **controller** can restart at any time without anyone noticing.",
        "- **HAProxy**, the **parallel server proxy** and **pool proxies** drop the connections that they carry.",
        "",
        "Whether a pod exists depends on the proxy mode. *In some cases* depends on the values or on other settings.",
        "",
    ]
    found = {f"matlab.{path}": what for path, what in matlab_changes.examine().items()}
    found |= arkouda_changes.examine() | julia_changes.examine()
    lines += _groups(found)
    for key, effect_of in _WITHOUT_OBJECTS.items():
        lines += ["", f"## {key}", "", "| Setting | Effect |", "|---|---|"]
        lines += [f"| `{path}` | {effect} |" for path, effect in effect_of.items()]
    lines += _objects(found)
    text = "\n".join(lines) + "\n"
    return text.replace("\n\n\n", "\n\n")


def _groups(found: Mapping[str, Effects]) -> Iterator[str]:
    group = ""
    for path, what in found.items():
        first, *rest = path.split(".")
        heading = f"{first}.{rest[0]}" if len(rest) > 1 else first
        if heading != group:
            group = heading
            yield from ("", f"## {group}", "", _INTRODUCTIONS.get(group, ""))
            yield from ("| Setting | Restarts | In some cases also | Other effects |", "|---|---|---|---|")
        yield _row(path, what.always(), what.sometimes(), sorted(what.notes))


def _objects(found: Mapping[str, Effects]) -> Iterator[str]:
    yield from (
        "",
        "## Objects",
        "",
        "The Kubernetes objects that a preview may show when only this setting changes, with kubectl's short names for",
        "the kinds. No other object changes in any config (`tests/unit/test_any_change.py`). Keys, certificates and",
        "passwords change with the Secrets that hold them. NAME is the name of an Arkouda server.",
        "",
        "| Setting | Objects that are created, changed or deleted |",
        "|---|---|",
    )
    for path, what in found.items():
        cells = EVERY if NAMESPACE in what.notes else ", ".join(f"`{name}`" for name in sorted(what.objects))
        yield f"| `{path}` | {cells or NONE} |"


def _row(path: str, always: list[str], sometimes: list[str], notes: list[str]) -> str:
    cells = (f"`{path}`", ", ".join(always) or NONE, ", ".join(sometimes) or NONE, "; ".join(notes) or NONE)
    return f"| {' | '.join(cells)} |"
