"""What the first update after a takeover changes and why, for a person and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ops.adopt.comparison import Change
from ops.adopt.reasons import reason, restart
from ops.adopt.replay import KUBERNETES, Registration
from ops.adopt.takeover import Takeover

LONGEST: Final = 40
"""Characters of a value that a line shows."""
PAUSE: Final = "Before the update, pause the job manager and wait for running jobs (docs/adopt.md)."


def lines(found: Takeover) -> Iterator[str]:
    """The report for a person. Values of Secrets are not in it."""
    changed = _changed(found)
    restarts = _restarts(changed)
    if not changed and not found.created:
        yield "The next `up` changes nothing."
        return
    yield f"The next `up` changes {len(changed)} objects and creates {len(found.created)} resources."
    if restarts:
        yield "Pods:"
        yield from (f"  {title}: {effect}" for title, effect in restarts.items())
        yield f"  {PAUSE}"
    for item, changes in changed:
        yield f"{item.title}:"
        by_reason: dict[str, list[Change]] = {}
        for change in changes:
            by_reason.setdefault(reason(_kind(item), ".".join(change.path)), []).append(change)
        for why, group in by_reason.items():
            yield f"  {why}:"
            yield from (f"    {_line(item, change)}" for change in group)
    if found.created:
        yield "New, because the cluster has nothing to take over for them:"
        yield from (f"  {item.title}" for item in found.created)


def as_json(found: Takeover) -> dict[str, Any]:
    """The same for programs, with no values at all."""
    changed = _changed(found)
    return {
        "release": found.release.name if found.release else None,
        "restarts": _restarts(changed),
        "changes": [
            {
                "object": item.title,
                "fields": [
                    {"path": list(change.path), "reason": reason(_kind(item), ".".join(change.path))}
                    for change in changes
                ],
            }
            for item, changes in changed
        ],
        "created": [item.title for item in found.created],
    }


def _changed(found: Takeover) -> list[tuple[Registration, list[Change]]]:
    return [(item, changes) for item in found.registered if (changes := found.changes.get(item.urn))]


def _restarts(changed: list[tuple[Registration, list[Change]]]) -> dict[str, str]:
    effects = (
        (item.title, restart(_kind(item), item.name, ".".join(change.path)))
        for item, changes in changed
        for change in changes
    )
    return {title: effect for title, effect in effects if effect}


def _kind(item: Registration) -> str:
    return item.type.rpartition(":")[2] if item.type.startswith(KUBERNETES) else item.type


def _line(item: Registration, change: Change) -> str:
    path = ".".join(change.path)
    if _kind(item) == "Secret":
        return path
    if change.before is None:
        return f"{path}: {_short(change.after)} is added"
    if change.after is None:
        return f"{path}: {_short(change.before)} is removed".replace(":  is", " is")
    return f"{path}: {_short(change.before)} → {_short(change.after)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
