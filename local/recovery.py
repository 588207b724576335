"""Repairs what a killed run of Pulumi leaves behind in a file backend, before the next run starts.

- The lock of the backend stays.
- A create that had begun may have made its object, but the state does not contain it. Depending on the provider's
  version, the next `up` then fails with AlreadyExists. Pulumi's own `refresh --import-pending-creates` forgets the
  object (3.259), so it is added to the state here and then read back from the cluster.
- The backend keeps a second file with attributes next to each file, and does not write it atomically
  (gocloud.dev/blob/fileblob). A truncated one makes the state unreadable; without it, Pulumi uses defaults.

Other backends lock on their server, and nothing here can tell whether an update is still running. They are left alone.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from components.shared.field_manager import notes
from components.shared.kube import RESOURCES, Json
from components.shared.manifest import MANAGED_BY, STACK
from components.shared.target import connect
from components.stack import PROJECT_NAME, StackConfig
from local.stack_command import StackCommand, backend_folder, state_file

CREATING: Final = "creating"
LOCKS: Final = Path(".pulumi") / "locks" / "organization" / PROJECT_NAME


class Recovery:
    """A stack whose last run may have been killed."""

    def __init__(self, pulumi: StackCommand, stack: StackConfig) -> None:
        """Nothing is changed before `run`."""
        self._pulumi, self._stack = pulumi, stack

    def run(self) -> None:
        """Remove a stale lock and adopt the objects that a killed run had created; prints what it did.

        A stack that another run is working on is left alone: Pulumi rejects the second run and names the first.
        Raises CommandError if a `pulumi` command fails.
        """
        folder = backend_folder(self._pulumi.environment)
        if folder is None or self._pulumi.state_file is None:
            return
        locks = list(read_locks(folder, self._stack.name))
        if not all(map(is_stale, locks)):
            return
        _remove_truncated_attributes(folder, self._stack.name)
        if locks:
            self._pulumi.read("cancel", "--yes")
            _say(f"Removed the lock of a run that was killed: {'; '.join(map(describe, locks))}")
        if self._pulumi.state().get("pending_operations"):
            self._adopt()

    def _adopt(self) -> None:
        document: Json = json.loads(self._pulumi.read("stack", "export"))
        deployment = document["deployment"]
        pending = deployment.get("pending_operations") or []
        known = {entry["urn"] for entry in deployment.get("resources") or ()}
        creates = [entry["resource"] for entry in pending if entry["type"] == CREATING]
        adopted = {
            create["urn"]: entry
            for create in creates
            if create["urn"] not in known and (entry := self._state_entry(create))
        }
        deployment["pending_operations"] = []
        deployment["resources"] = [*(deployment.get("resources") or ()), *adopted.values()]
        self._pulumi.read("stack", "import", text=json.dumps(document))
        if adopted:
            targets = [word for urn in adopted for word in ("--target", urn)]
            self._pulumi.read("refresh", "--yes", "--skip-preview", "--non-interactive", *targets)
            names = ", ".join(f"{entry['inputs']['kind']} {entry['id']}" for entry in adopted.values())
            _say(f"Added to the state what a killed run had created: {names}")
        if repeated := len(pending) - len(adopted):
            what, them = ("operation", "it") if repeated == 1 else ("operations", "them")
            _say(f"A killed run left {repeated} unfinished {what}; Pulumi repeats {them}")

    def _state_entry(self, create: Json) -> Json | None:
        """What the state would contain had the create been recorded; None if this stack has no such object."""
        manifest = create.get("inputs") or {}
        if not create["type"].startswith("kubernetes:") or "metadata" not in manifest:
            return None
        metadata = manifest["metadata"]
        collection = RESOURCES[manifest["kind"]].path(metadata.get("namespace"))
        # The cluster may not even have the kind.
        live = connect(self._stack.target).get(f"{collection}/{metadata['name']}")
        if live is None or not _made_by_this_stack(manifest, live):
            return None
        identity = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
        return {**create, "id": identity, "outputs": {**manifest, **notes(live, manifest["apiVersion"])}}


def _made_by_this_stack(manifest: Json, live: Json) -> bool:
    planned = manifest["metadata"].get("labels") or {}
    found = live["metadata"].get("labels") or {}
    owner = planned.get(STACK)
    return owner is not None and found.get(STACK) == owner and found.get(MANAGED_BY) == planned.get(MANAGED_BY)


def _remove_truncated_attributes(folder: Path, stack: str) -> None:
    file = state_file(folder, stack)
    locks = (folder / LOCKS / stack).glob("*.attrs")
    for path in (file.with_name(f"{file.name}.attrs"), file.with_name(f"{file.name}.bak.attrs"), *locks):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            path.unlink()


def read_locks(folder: Path, stack: str) -> Iterator[Json]:
    """The locks that a file backend holds for a stack, as Pulumi wrote them."""
    for path in sorted((folder / LOCKS / stack).glob("*.json")):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # that run has just ended
        except ValueError:
            yield {}


def is_stale(lock: Mapping[str, Any]) -> bool:
    """True if its process ran on this host and is dead. The owner of an unreadable or foreign lock may be alive."""
    pid = lock.get("pid")
    if not isinstance(pid, int) or lock.get("hostname") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # Linux reuses process ids, and keeps a dead process until its parent has read its exit code.
    try:
        status = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return False
    name, _, rest = status.partition("(")[2].rpartition(") ")
    return not name.startswith("pulumi") or rest[0] in "ZX"


def describe(lock: Mapping[str, Any]) -> str:
    """Whose lock it is."""
    return f"{lock['username']}, process {lock['pid']} on {lock['hostname']} since {lock['timestamp']}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
