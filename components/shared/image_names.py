"""Names of container images: registry, repository, tag and digest."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Annotated, Final

from pydantic import AfterValidator

from components.shared.fields import HIGHEST_PORT, refuse

_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = (
    r"(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\]"
)
# https://github.com/distribution/reference/blob/main/reference.go
_REPOSITORY = re.compile(rf"(?:(?:{_DOMAIN})(?::[0-9]+)?/)?{_PATH}(?:/{_PATH})*", re.ASCII)
_REPOSITORY_LENGTH = 255
_HOST = re.compile(rf"(?:{_DOMAIN})(?::(?P<port>[0-9]+))?", re.ASCII)
_OF_WINDOWS: Final = ("nanoserver", "windowsservercore")
_OF_NOTHING: Final = f"sha256:{sha256().hexdigest()}"
"""What scripts write that got no answer."""


def _repository(value: str) -> str:
    name, at, digest = value.partition("@")
    last = name.rsplit("/", 1)[-1]
    if at or ":" in last:
        alone, _, tag = last.partition(":")
        parts = [f"repository: {name.removesuffix(last)}{alone}"]
        parts += [f'tag: "{tag}"'] if tag else []
        parts += [f"digest: {digest}"] if digest else []
        refuse(f"{value!r} contains a tag or digest, which have settings of their own", f"Write {', '.join(parts)}.")
    if not _REPOSITORY.fullmatch(value) or len(value) > _REPOSITORY_LENGTH or not _has_possible_host(value):
        refuse(
            f"{value!r} is not an image repository",
            "Write registry/path with the path in lower case and without a scheme, such as registry.example.org/mjs.",
        )
    return value


def _tag(value: str) -> str:
    if not re.fullmatch(r"\w[\w.-]{0,127}", value, re.ASCII):
        refuse(f"{value!r} is not an image tag", "Use up to 128 letters, digits, underscores, dots and dashes.")
    if any(word in value for word in _OF_WINDOWS):
        refuse(f"{value!r} is an image for Windows", "Write the tag of an image for Linux.")
    return value


def _digest(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        refuse(f"{value!r} is not an image digest", "Write sha256: and 64 hexadecimal digits.")
    if value == _OF_NOTHING:
        refuse("is the digest of an empty file", "Write the digest of the image, as `docker pull` prints it.")
    return value


def _registry(value: str) -> str:
    host = value.partition("/")[0]
    if not (_REPOSITORY.fullmatch(f"{value}/image") and _is_host(host) and _has_possible_host(f"{value}/image")):
        refuse(f"{value!r} is not a registry", "Write its host, and a path if there is one, without a scheme.")
    return value


def _has_possible_host(repository: str) -> bool:
    host, slash, _ = repository.partition("/")
    if not slash or not _is_host(host):
        return True
    # A host with an underscore is a folder of Docker Hub to the grammar, but the kubelet takes it for a host.
    match = _HOST.fullmatch(host)
    return match is not None and (match["port"] is None or 0 < int(match["port"]) <= HIGHEST_PORT)


def _is_host(text: str) -> bool:
    # https://github.com/distribution/reference/blob/main/normalize.go: anything else is a folder of Docker Hub.
    return "." in text or ":" in text or text == "localhost"


def path_of(repository: str) -> str:
    """The path of an image in its registry."""
    host, _, path = repository.partition("/")
    return path if _is_host(host) else repository


DOCKER_HUB: Final = ("", "docker.io", "index.docker.io", "registry-1.docker.io")
"""Its hosts; an image without a host is there too."""
_PARTS_OF_DOCKER_HUB: Final = 2


def is_impossible_on_docker_hub(repository: str) -> bool:
    """Tell whether a repository would be on Docker Hub, whose names are USER/NAME: its host is probably missing."""
    path = path_of(repository)
    host = repository.removesuffix(path).rstrip("/")
    return host in DOCKER_HUB and len(path.split("/")) > _PARTS_OF_DOCKER_HUB


Registry = Annotated[str, AfterValidator(_registry)]
Repository = Annotated[str, AfterValidator(_repository)]
Tag = Annotated[str, AfterValidator(_tag)]
Digest = Annotated[str, AfterValidator(_digest)]
