"""Options of Slurm's sbatch, which submits the job of a server outside Kubernetes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator

from components.arkouda.fields import is_option
from components.shared.fields import Line, refuse

_OWN_SBATCH: Final = {
    "--dependency": "only one job at a time may have the server's address",
    "--job-name": "it is the server's name",
    "--nodes": "set locales",
    "--ntasks": "set locales",
    "--ntasks-per-node": "each locale has a node of its own",
    "--parsable": "submit.sh prints the number of the job",
    "--signal": "set stopMargin",
}
"""Options of sbatch that submit.sh sets, and why or how to change them. https://slurm.schedmd.com/sbatch.html"""
_NO_SERVER: Final = {
    "--array": "starts several jobs, and a server is one",
    "--help": "prints a text and submits nothing",
    "--test-only": "submits nothing",
    "--usage": "prints a text and submits nothing",
    "--version": "prints a text and submits nothing",
    "--wrap": "replaces the script of the job",
}
"""Options of sbatch that keep the server from running."""
_SHORT: Final = {
    "-a": "--array",
    "-d": "--dependency",
    "-h": "--help",
    "-J": "--job-name",
    "-n": "--ntasks",
    "-N": "--nodes",
    "-V": "--version",
    "-t": "--time",
}


def _sbatch_name(value: str) -> str:
    name = value.partition("=")[0] if value.startswith("--") else value[:2]
    return _SHORT.get(name, name)


def _sbatch_option(value: str) -> str:
    name = _sbatch_name(value)
    if name in _OWN_SBATCH:
        refuse(f"{value!r} is an option that submit.sh sets", f"Remove it; {_OWN_SBATCH[name]}.")
    if name in _NO_SERVER:
        refuse(f"{value!r} {_NO_SERVER[name]}", "Remove it.")
    if not (is_option(value) if value.startswith("--") else re.fullmatch(r"-[A-Za-z]\S*", value)):
        refuse(f"{value!r} is not an option of sbatch", "Write --name=value.")
    if name == "--time" and _seconds(_time(value)) is None:
        refuse(
            f"{value!r} is not a time limit", "Write --time=minutes, --time=hours:minutes:seconds or --time=days-hours."
        )
    return value


def _time(value: str) -> str:
    return value.partition("=")[2] if value.startswith("--") else value[2:]


def _seconds(text: str) -> float | None:
    """A time limit as Slurm writes it: minutes, minutes:seconds, hours:minutes:seconds, and days- before hours."""
    if text.lower() in ("infinite", "unlimited") or text in ("0", "-1"):
        return math.inf
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text, re.ASCII)
    if not match:
        return None
    days, *parts = match.groups()
    given = [int(part) for part in parts if part is not None]
    if days is not None:
        hours, minutes, seconds = [*given, 0, 0][:3]
    else:
        hours, minutes, seconds = given if len(given) == 3 else (0, *[*given, 0][:2])  # noqa: PLR2004 - with the hours
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def time_limit(options: Iterable[str]) -> int | None:
    """The time limit in options of sbatch, in seconds; None without one."""
    found = [_seconds(_time(option)) for option in options if _sbatch_name(option) == "--time"]
    return int(found[-1]) if found and found[-1] not in (None, math.inf) else None


SbatchOption = Annotated[Line, AfterValidator(_sbatch_option)]
"""One option of Slurm's sbatch."""
