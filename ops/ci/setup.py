"""What a job was not given, and what Pulumi's words about it mean: a secret that is missing is an empty text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import yaml

from components import stack_file
from ops.errors import CommandError
from ops.where import target_of

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - a name
TOKEN: Final = "PULUMI_ACCESS_TOKEN"  # noqa: S105 - a name
BACKEND: Final = "PULUMI_BACKEND_URL"
SALT: Final = re.compile(r"^encryptionsalt:", re.MULTILINE)
ENCRYPTION: Final = re.compile(r"^(encryptionsalt|secretsprovider):", re.MULTILINE)
WHERE: Final = "docs/pull-requests.md says where secrets and variables are set."
MEANINGS: Final = {
    "incorrect passphrase": f"{PASSPHRASE} is not the passphrase with which the stack was created. {WHERE}",
    "no stack named": (
        f"The backend has no such stack. Create it with `pulumi stack init`, or correct {BACKEND}. If you renamed the "
        "file, run `pulumi stack rename` too."
    ),
    "invalid access token": f"Pulumi Cloud rejects {TOKEN}: it is wrong, or has expired. {WHERE}",
}
"""Pulumi's own messages: they may contain secrets, so a comment gets only what they mean."""


def meaning(said: str) -> str:
    """What a message of Pulumi means for whoever set the job up; empty if it is none of those above."""
    return next((sentence for words, sentence in MEANINGS.items() if words in said), "")


def missing(file: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """What the job of a stack was not given. An earlier step may have done it in another way."""
    kubeconfig = target_of(file).get("kubeconfig") or environment.get("KUBECONFIG")
    if not (kubeconfig or Path("~/.kube/config").expanduser().exists()):
        yield "The secret CLUSTER_KUBECONFIG is empty or missing."
    if not (environment.get(TOKEN) or _backend(file, environment)):
        yield f"{TOKEN} and {BACKEND} are both empty or missing: one of them says where the state is."
    if SALT.search(_text(file)) and not environment.get(PASSPHRASE) and not environment.get(f"{PASSPHRASE}_FILE"):
        yield f"The secret {PASSPHRASE} is empty or missing, and {file.name} is encrypted with a passphrase."


def require_encryption(file: Path, environment: Mapping[str, str]) -> None:
    """Refuse a stack file from which Pulumi cannot tell how the stack is encrypted.

    It makes a salt for whatever passphrase the job has, even an empty one, and the salt is lost with the checkout.
    """
    url = _backend(file, environment)
    if file.exists() and url and urlsplit(url).scheme not in {"http", "https"} and not ENCRYPTION.search(_text(file)):
        stack = stack_file.stack_name(file)
        raise CommandError(
            f"{file.name} has no `encryptionsalt`, so Pulumi would encrypt the stack's secrets with whatever "
            f"passphrase this job has. Run `pulumi preview --stack {stack}` on your machine, with the passphrase of "
            f"the stack, and commit the line that it adds to {file.name}. Nothing was changed."
        )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def _backend(file: Path, environment: Mapping[str, str]) -> str:
    """Where the state is, if the environment or Pulumi.yaml says so."""
    project = yaml.safe_load(_text(file.with_name("Pulumi.yaml"))) or {}
    return environment.get(BACKEND) or str((project.get("backend") or {}).get("url") or "")
