"""Types of paths in containers: each refuses a wrong value with the problem and the remedy."""

from __future__ import annotations

import posixpath
import re
from typing import Annotated

from pydantic import AfterValidator

from components.shared.fields import as_it_looks, one_line, refuse

_VARIABLE = re.compile(r"\$[({]|\{\{")
LONGEST_FILE_NAME = 255
"""Bytes (NAME_MAX)."""


def _absolute(value: str) -> str:
    if not value.startswith("/") or ".." in value.split("/") or ":" in value or as_it_looks(one_line(value)) == "/":
        refuse(f"{value!r} is not an absolute path", "Write a path from the root of the container, such as /data.")
    if _VARIABLE.search(value):
        refuse(f"{value!r} contains a variable, and nothing replaces it in a path", "Write the whole path.")
    if any(len(name.encode()) > LONGEST_FILE_NAME for name in value.split("/")):
        refuse(f"has a part of more than {LONGEST_FILE_NAME} bytes", "Write shorter names: Linux allows no more.")
    return f"/{posixpath.normpath(value).lstrip('/')}"


AbsolutePath = Annotated[str, AfterValidator(_absolute)]
"""A path in a container. Neither the kubelet nor MATLAB's path lists allow a colon."""


def _executable(value: str) -> str:
    if re.search(r"\s-", value):
        refuse(f"{value!r} is a command with options", "Write the path of the program alone.")
    return value


Executable = Annotated[AbsolutePath, AfterValidator(_executable)]
"""The path of a program in a container or on a node."""

SYSTEM_FOLDERS = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/share",
    "/var/lib",
    "/var/run",
)
"""Folders of the operating system in a container (Filesystem Hierarchy Standard 3.0)."""


def covers(path: str, folder: str) -> bool:
    """Tell whether a mount at `path` hides `folder`, or is inside it."""
    return f"{path}/".startswith(f"{folder}/") or folder.startswith(f"{path}/")


def _mount_path(value: str) -> str:
    path = _absolute(value)
    if any(covers(path, folder) for folder in SYSTEM_FOLDERS):
        refuse(f"{path} belongs to the operating system of the container", "Mount it elsewhere, such as /data.")
    return path


MountPath = Annotated[str, AfterValidator(_mount_path)]
"""A place in a container for data of its users."""
