"""What stands: `.state/<stack>.json`, written whole and atomically after each object, secrets encrypted one by one."""

from __future__ import annotations

import graphlib
import json
import os
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.engine import passphrase
from local.engine.errors import EngineError
from local.engine.values import SECRET, SIGNATURE, Json, Secret

VERSION = 1
CREATING = "creating"
"""The create call was about to be made: the object may exist or not. Pulumi's engine calls it a pending operation."""
CREATED = "created"
"""The object exists but was not seen ready; the next `up` waits again."""
READY = "ready"


@dataclass
class Resource:
    """One resource of the stack."""

    urn: str
    type: str
    name: str
    custom: bool
    id: str = ""
    parent: str = ""
    provider: str = ""
    protect: bool = False
    status: str = READY
    deleted_with: str = ""
    delete_timeout: float | None = None
    dependencies: list[str] = field(default_factory=list)
    inputs: Json = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)

    def needs(self) -> set[str]:
        """The URNs that must stand as long as this one does."""
        provider = self.provider.rpartition("::")[0]
        return {urn for urn in (self.parent, provider, *self.dependencies) if urn}


class State:
    """The state file of one stack. Safe to use from several threads."""

    def __init__(self, path: Path, project: str, stack: str, salt: str | None = None) -> None:
        self.path, self.project, self.stack = path, project, stack
        self.resources: dict[str, Resource] = {}
        self._salt = salt
        self._crypter: passphrase.Crypter | None = None
        self._lock = threading.RLock()
        self._written = b""
        self._texts: dict[str, str] = {}
        """Each resource as it stands in the file: to encode all of them whenever one changes takes quadratic time."""

    @classmethod
    def load(cls, path: Path, project: str, stack: str, salt: str | None = None) -> State:
        """Read a state; a missing file is an empty one. `salt` is the stack file's, for a state that has none yet."""
        state = cls(path, project, stack, salt)
        try:
            state._written = path.read_bytes()
        except FileNotFoundError:
            return state
        try:
            document = json.loads(state._written)
        except ValueError as error:
            raise EngineError(f"the state {path} is damaged: {error}") from error
        if document.get("version") != VERSION:
            raise EngineError(f"the state {path} has version {document.get('version')}, this engine knows {VERSION}")
        if (document["project"], document["stack"]) != (project, stack):
            raise EngineError(f"the state {path} is of stack {document['stack']} of project {document['project']}")
        state._salt = document["encryptionsalt"] or salt
        for entry in document["resources"]:
            entry.update({key: state._decoded(entry[key]) for key in ("inputs", "outputs")})
            state.resources[entry["urn"]] = Resource(**entry)
        return state

    def put(self, resource: Resource) -> None:
        """Record a resource, then write the file."""
        with self._lock:
            self.resources[resource.urn] = resource
            self._texts.pop(resource.urn, None)
            self._save()

    def remove(self, urn: str) -> None:
        """Forget a resource, then write the file."""
        with self._lock:
            self.resources.pop(urn, None)
            self._texts.pop(urn, None)
            self._save()

    def _save(self) -> None:
        """Write the file if its contents changed: never half, never readable to others, and on the disk on return."""
        with self._lock:
            # First, for it may be what makes the salt.
            resources = ",\n".join([self._text(resource) for resource in self.resources.values()])
            head = {"version": VERSION, "project": self.project, "stack": self.stack, "encryptionsalt": self._salt}
            data = f'{json.dumps(head, indent=1)[:-2]},\n "resources": [\n{resources}\n ]\n}}'.encode()
            if data != self._written:
                write_atomically(self.path, data)
                self._written = data

    def _text(self, resource: Resource) -> str:
        if resource.urn not in self._texts:
            self._texts[resource.urn] = json.dumps(self._encoded(vars(resource)), indent=1, ensure_ascii=False)
        return self._texts[resource.urn]

    def crypter(self) -> passphrase.Crypter:
        """The stack's crypter. Derived when first needed, for it takes long and needs the passphrase."""
        with self._lock:
            if self._crypter is None:
                phrase = passphrase.passphrase_from()
                self._salt = self._salt or passphrase.new_salt(phrase)
                self._crypter = passphrase.crypter(phrase, self._salt)
            return self._crypter

    def _encoded(self, value: Any) -> Any:
        if isinstance(value, Secret):
            # Encrypted once: another nonce for an unchanged value would make each write a new file.
            if value.ciphertext is None:
                value.ciphertext = self.crypter().encrypt(json.dumps(value.value))
            return {SIGNATURE: SECRET, "ciphertext": value.ciphertext}
        if isinstance(value, dict):
            return {key: self._encoded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._encoded(item) for item in value]
        return value

    def _decoded(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get(SIGNATURE) == SECRET:
                return Secret(ciphertext=value["ciphertext"], decrypt=lambda text: self.crypter().decrypt(text))
            return {key: self._decoded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._decoded(item) for item in value]
        return value

    def in_use(self, kept: Iterable[str]) -> set[str]:
        """`kept` with all that it needs, which is what --exclude-protected leaves standing."""
        found: set[str] = set()
        rest = list(kept)
        while rest:
            urn = rest.pop()
            if urn in self.resources and urn not in found:
                found.add(urn)
                rest += self.resources[urn].needs()
        return found

    def deletion_order(self, urns: Iterable[str]) -> graphlib.TopologicalSorter[str]:
        """A prepared sorter that yields a resource when nothing among `urns` needs it any more."""
        chosen = set(urns)
        sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter(dict.fromkeys(chosen, ()))
        for urn in chosen:
            for needed in self.resources[urn].needs() & chosen:
                sorter.add(needed, urn)
        sorter.prepare()
        return sorter


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by one of mode 0600 in one step."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp's mode is 0600. A killed run leaves at worst a file that nobody reads.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
