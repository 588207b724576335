"""The stack in Pulumi: its decrypted config and its state."""

from __future__ import annotations

import json
from typing import Any

from components import config_source, stack_file
from components.shared.kube import Json
from components.stack import KEYS, StackConfig, load_stack
from local.run import create_stack, pulumi_command, start_embedded_cluster
from ops import where
from ops.errors import CommandError


class PulumiStack:
    """A stack of this project, created in its backend if it is not there."""

    def __init__(self, name: str) -> None:
        """Find `pulumi` and the stack. Raises ConfigError for a rejected stack file, CommandError without a backend."""
        draft = where.load_stack(name)
        self._name, self._pulumi = name, pulumi_command(draft)
        if draft.target.embedded:
            start_embedded_cluster()
        create_stack(self._pulumi)
        self.config = self._config()
        """The config with its secrets in clear."""

    def _config(self) -> StackConfig:
        answer: dict[str, Any] = json.loads(self._pulumi.read("config", "--show-secrets", "--json"))
        values: dict[str, Any] = {}
        secret: set[str] = set()
        for full, entry in answer.items():
            key = stack_file.own_key(full) or full
            values[key] = entry.get("objectValue", entry.get("value"))
            if entry.get("secret"):
                secret.add(key)
        file = stack_file.read(config_source.config_file(where.file_of(self._name)))
        return load_stack(self._name, {key: value for key, value in values.items() if key in KEYS}, secret, file)

    def state(self) -> Json:
        """The exported state; secrets stay encrypted."""
        document: Json = json.loads(self._pulumi.read("stack", "export"))
        return document

    def settled_state(self) -> Json:
        """The exported state. Raises CommandError if the last run was interrupted."""
        document = self.state()
        if (document.get("deployment") or {}).get("pending_operations"):
            raise CommandError(
                f"The last run of stack {self._name} was interrupted. Run `make up` or `pulumi refresh` first."
            )
        return document

    def replace_state(self, document: Json) -> None:
        """Import a state in one step."""
        self._pulumi.read("stack", "import", text=json.dumps(document))
