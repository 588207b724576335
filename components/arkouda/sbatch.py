"""Options of Slurm's sbatch, which submits the job of a server outside Kubernetes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from pydantic import AfterValidator

from components.arkouda import sbatch_options as known
from components.arkouda.fields import is_option
from components.shared.config_paths import did_you_mean
from components.shared.fields import Line, refuse

_MEMORY: Final = re.compile(r"(?P<number>\d+)(?P<unit>[KMGT]?)B?", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"K": 2**10, "": 2**20, "M": 2**20, "G": 2**30, "T": 2**40}


def name_of(value: str) -> str:
    """The long name of an option. Like getopt_long, sbatch completes a name if only one begins with it."""
    if not value.startswith("--"):
        return known.SHORT.get(value[:2], value[:2])
    name = value.partition("=")[0]
    every = known.WITH_VALUE | known.WITHOUT_VALUE
    longer = [option for option in every if option.startswith(name)]
    return longer[0] if len(longer) == 1 and name not in every else name


def value_of(value: str) -> str:
    """What an option sets."""
    return value.partition("=")[2] if value.startswith("--") else value[2:]


def _sbatch_option(value: str) -> str:
    name, given = name_of(value), value_of(value)
    if name in known.OWN:
        refuse(f"{value!r} is an option that submit.sh sets", f"Remove it; {known.OWN[name]}.")
    if name in known.NO_SERVER:
        refuse(f"{value!r} {known.NO_SERVER[name]}", "Remove it.")
    if not (is_option(value) if value.startswith("--") else re.fullmatch(r"-[A-Za-z]\S*", value)):
        refuse(f"{value!r} is not an option of sbatch", "Write --name=value.")
    if name in known.WITH_VALUE and not given and "=" not in value:
        refuse(f"{value!r} has no value, so sbatch would use the next argument as its value", f"Write {name}=value.")
    if name in ("--time", "--time-min") and _seconds(given) is None:
        refuse(
            f"{value!r} is not a time limit",
            f"Write {name}=minutes, {name}=hours:minutes:seconds or {name}=days-hours.",
        )
    if name in known.MEMORY and not _MEMORY.fullmatch(given):
        refuse(f"{value!r} is not an amount of memory", f"Write {name}=64G: a whole number with K, M, G or T.")
    if name == "--cpus-per-task" and not (given.isdecimal() and int(given)):
        refuse(f"{value!r} is not a number of CPUs", f"Write {name}=4.")
    if name == "--mail-type" and (unknown := sorted({*given.upper().split(",")} - known.MAIL_TYPES)):
        refuse(
            f"{value!r} contains {', '.join(unknown)}, for which sbatch sends no mail", "Write --mail-type=END,FAIL."
        )
    return value


def _together(options: tuple[str, ...]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for option in options:
        name = name_of(option)
        other = first.setdefault(known.SAME.get(name, name), option)
        if other is not option and name not in known.REPEATABLE:
            refuse(f"{other} and {option} cannot be combined", "Remove one of them.")
    return options


def unknown(options: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Options that sbatch does not document, as plug-ins of a site add them, each with the one that looks like it."""
    every = known.WITH_VALUE | known.WITHOUT_VALUE
    for option in options:
        if (name := name_of(option)) not in every:
            yield name, did_you_mean(name, every)


def memory(options: Iterable[str]) -> int | None:
    """The bytes of each node in options of sbatch; None without --mem, and with 0, which is all."""
    found = [_MEMORY.fullmatch(value_of(option)) for option in options if name_of(option) == "--mem"]
    last = found[-1] if found else None
    return int(last["number"]) * _UNITS[last["unit"].upper()] or None if last else None


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
    found = [_seconds(value_of(option)) for option in options if name_of(option) == "--time"]
    return int(found[-1]) if found and found[-1] not in (None, math.inf) else None


SbatchOption = Annotated[Line, AfterValidator(_sbatch_option)]
"""One option of Slurm's sbatch."""
SbatchOptions = Annotated[tuple[SbatchOption, ...], AfterValidator(_together)]
"""Options of one job."""
