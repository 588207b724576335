"""What a run says, in lines for people or as one JSON object."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from typing import Any, TextIO

from local.engine.kubernetes_api import title
from local.engine.registration import Outcome
from local.engine.state import Resource
from local.engine.values import Json, plain, redacted

PROVIDER = "pulumi:providers:"
"""What the type of a provider resource begins with."""
_SIGNS = {"create": "+", "update": "~", "replace": "±", "wait": "…", "delete": "-", "same": "="}
_DONE = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "wait": "ready",
    "delete": "deleted",
    "same": "unchanged",
}
_LONGEST_VALUE = 120


class Report:
    """Collects and prints the steps of a run. Safe to use from several threads."""

    def __init__(self, *, dry_run: bool, as_json: bool = False, silent_steps: bool = False) -> None:
        self.dry_run, self._json, self._silent = dry_run, as_json, silent_steps
        self.steps: list[Json] = []
        self.errors: list[str] = []
        self._lock = threading.Lock()
        self._begin = time.monotonic()

    @property
    def text(self) -> TextIO:
        """Where text for people goes; stdout belongs to the JSON where there is one."""
        return sys.stderr if self._json else sys.stdout

    def line(self, text: str, stream: TextIO | None = None) -> None:
        """Print one line at once."""
        with self._lock:
            print(text, file=stream or self.text, flush=True)

    def note(self, text: str) -> None:
        """Something worth knowing while it goes on."""
        self.line(f"  … {text}")

    def warning(self, text: str) -> None:
        """Something wrong that stops nothing."""
        self.line(f"warning: {text}", sys.stderr)

    def error(self, text: str) -> None:
        """The reason why the run fails."""
        self.errors.append(text)
        self.line(f"error: {text}", sys.stderr)

    def step(self, outcome: Outcome, kind: str, inputs: Json, name: str, elapsed: float) -> None:
        """One resource is done, or, in a preview, known."""
        entry = {"operation": outcome.operation, "type": kind, "name": name, "object": label(kind, inputs, name),
                 "changes": [{"path": path, "old": old, "new": new} for path, old, new in outcome.changes],
                 "seconds": round(elapsed, 3)}  # fmt: skip
        with self._lock:
            self.steps.append(entry)
        if outcome.operation != "same" and not self._silent:
            self.line(self._described(entry))

    def deleted(self, resource: Resource, elapsed: float = 0.0) -> None:
        """One resource is gone, or, in a preview, will be."""
        if resource.custom and not resource.type.startswith(PROVIDER):
            self.step(Outcome("delete", "", {}), resource.type, resource.inputs, resource.name, elapsed)

    def count(self) -> Counter[str]:
        """How many steps of each operation."""
        return Counter(step["operation"] for step in self.steps)

    def has_changes(self) -> bool:
        """Whether anything differs from what stands."""
        return any(step["operation"] != "same" for step in self.steps)

    def _described(self, entry: Json) -> str:
        operation = entry["operation"]
        word = operation if self.dry_run else _DONE[operation]
        time_taken = "" if self.dry_run else f"  ({entry['seconds']:.1f} s)"
        first = f"  {_SIGNS[operation]} {word:<9} {entry['object']}{time_taken}"
        rest = [
            f"        {change['path']}: {_value(change['old'])} → {_value(change['new'])}"
            for change in entry["changes"]
        ]
        return "\n".join([first, *rest])

    def summary(self, outputs: Json | None, calls: Counter[str]) -> None:
        """The end of a run that went through."""
        count = self.count()
        if self._json:
            document = {"steps": self.steps, "summary": dict(count), "outputs": redacted(outputs or {}),
                        "apiCalls": dict(calls), "seconds": round(time.monotonic() - self._begin, 3),
                        "errors": self.errors}  # fmt: skip
            print(json.dumps(document, ensure_ascii=False, indent=1), flush=True)
            return
        if count["same"]:
            self.line(f"  = {count['same']} unchanged")
        parts = [
            f"{count[operation]} {word}"
            for operation, word in _DONE.items()
            if count[operation] and operation != "same"
        ]
        if self.dry_run:
            parts = [
                f"{count[operation]} to {operation}" for operation in _DONE if count[operation] and operation != "same"
            ]
        self.line(f"{', '.join(parts) or 'no changes'} ({time.monotonic() - self._begin:.1f} s)")
        if outputs and not self.dry_run:
            self.line("outputs:")
            for name, value in sorted(redacted(outputs).items()):
                self.line(f"  {name}: {_value(value)}")


def label(kind: str, inputs: Json, name: str) -> str:
    """How a resource is named in every line: an object of the cluster by kind and name, others by type and name."""
    return title(plain(inputs)) if kind.startswith("kubernetes:") else f"{kind.rpartition(':')[2]} {name}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"
