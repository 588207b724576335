"""What a killed run of the Pulumi CLI leaves in a file backend, put right before the next run.

The lock of the backend stays. So do creates that were begun: their objects exist, but the state does not have them,
and the next `up` would fail with AlreadyExists; the CLI's own `refresh --import-pending-creates` forgets them (3.259),
so they are written into the state and then read back from the cluster. And beside each file the backend keeps one with
attributes that is not written in one step (gocloud.dev/blob/fileblob): half of it makes the state unreadable, while
without it the defaults hold.

Other backends lock on their server, where nobody here can see whether an update still runs; they are left alone.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from components.shared.target import PROJECT, connect
from components.stack import PROJECT_NAME
from components.stack import StackConfig as Stack
from local.engine.errors import EngineError
from local.engine.kubernetes_api import Api, is_ours, title

FILE_BACKEND: Final = "file"
CREATING: Final = "creating"
LOCKS: Final = Path(".pulumi") / "locks" / "organization" / PROJECT_NAME

Json = dict[str, Any]


class Recovery:
    """The CLI's stack, seen after a run that may have been killed."""

    def __init__(self, cli: str, stack: Stack, environment: Mapping[str, str]) -> None:
        """Nothing is touched before `run`."""
        self._cli, self._stack, self._environment = cli, stack, environment

    def run(self) -> None:
        """Clear a stale lock, and take over what a killed run had begun; says what it did.

        A stack that somebody works on is left alone: the CLI refuses it with the owner's name. Raises EngineError when
        the CLI does not do its part.
        """
        folder = backend_folder(self._environment)
        if folder is None or not state_file(folder, self._stack.name).exists():
            return
        locks = list(read_locks(folder, self._stack.name))
        if not all(map(is_stale, locks)):
            return
        _remove_broken_attributes(folder, self._stack.name)
        if locks:
            self._pulumi("cancel", "--yes")
            owners = "; ".join(map(described, locks))
            _say(f"Removed the lock of a run that was killed: {owners}")
        self._take_over()

    def _take_over(self) -> None:
        document: Json = json.loads(self._pulumi("stack", "export"))
        deployment = document["deployment"]
        begun = deployment.get("pending_operations")
        if not begun:
            return
        known = {entry["urn"] for entry in deployment.get("resources") or ()}
        creates = [entry["resource"] for entry in begun if entry["type"] == CREATING]
        found = {
            entry["urn"]: entry
            for create in creates
            if create["urn"] not in known and (entry := self._standing(create))
        }
        deployment["pending_operations"] = []
        deployment["resources"] = [*(deployment.get("resources") or ()), *found.values()]
        self._pulumi("stack", "import", text=json.dumps(document))
        if found:
            targets = [word for urn in found for word in ("--target", urn)]
            self._pulumi("refresh", "--yes", "--skip-preview", "--non-interactive", *targets)
            names = ", ".join(title(entry["inputs"]) for entry in found.values())
            _say(f"Took over what a killed run had made without recording it: {names}")
        if gone := len(begun) - len(found):
            _say(f"Forgot {gone} unfinished operation{'s' if gone > 1 else ''} of a killed run; they are done again")

    def _standing(self, create: Json) -> Json | None:
        """The state's entry of an object whose create was begun; None where no object of this stack is found."""
        manifest = create.get("inputs") or {}
        if not create["type"].startswith("kubernetes:") or "metadata" not in manifest:
            return None
        api = Api(connect(self._stack.target), "default")
        if not api.knows(manifest):
            return None
        manifest = api.located(manifest)
        live = api.get(api.path(manifest))
        if live is None or not is_ours(manifest, live):
            return None
        metadata = manifest["metadata"]
        identity = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
        return {**create, "id": identity, "outputs": create["inputs"]}

    def _pulumi(self, *words: str, text: str | None = None) -> str:
        command = [self._cli, *words, "--stack", self._stack.name]
        answer = subprocess.run(
            command, cwd=PROJECT, env=self._environment, input=text, capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise EngineError(f"pulumi {' '.join(words[:2])} failed: {answer.stdout}{answer.stderr}".strip())
        return answer.stdout


def backend_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of a file backend, None for any other."""
    url = environment.get("PULUMI_BACKEND_URL", "")
    if not url:
        login = Path.home() / ".pulumi" / "credentials.json"
        url = json.loads(login.read_text(encoding="utf-8")).get("current", "") if login.exists() else ""
    parts = urlsplit(url)
    # file://~ is the home folder, in the CLI's own reading.
    return Path(f"{parts.netloc}{parts.path}").expanduser() if parts.scheme == FILE_BACKEND else None


def state_file(folder: Path, stack: str) -> Path:
    """Where a file backend keeps the state of a stack."""
    return folder / ".pulumi" / "stacks" / PROJECT_NAME / f"{stack}.json"


def _remove_broken_attributes(folder: Path, stack: str) -> None:
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
    """The locks that a file backend holds for a stack, as the CLI wrote them."""
    for path in sorted((folder / LOCKS / stack).glob("*.json")):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # that run has just ended
        except ValueError:
            yield {}


def is_stale(lock: Mapping[str, Any]) -> bool:
    """True when its process was on this host and is dead; a lock that cannot be read, or of another host, may live."""
    pid = lock.get("pid")
    if not isinstance(pid, int) or lock.get("hostname") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # Linux gives process ids out again, and keeps one that is dead until its parent has asked for its end.
    try:
        status = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return False
    name, _, rest = status.partition("(")[2].rpartition(") ")
    return not name.startswith("pulumi") or rest[0] in "ZX"


def described(lock: Mapping[str, Any]) -> str:
    """Whose lock it is."""
    return f"{lock['username']}, process {lock['pid']} on {lock['hostname']} since {lock['timestamp']}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
