"""The settings of `python -m ops doctor`: `clusters:doctor` in a stack file. They change nothing in a cluster."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from components.shared.fields import Line, Model, distinct, refuse

KEY: Final = "doctor"
"""Its key in a stack file."""
_CODE: Final = re.compile(r"[A-Z]{3}[0-9]{3}")


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        refuse(
            f"{value!r} is not a code that `python -m ops doctor` reports",
            "Write a code from docs/runbook.md, such as MJS053.",
        )
    return value


Code = Annotated[str, AfterValidator(_code)]
"""A code of docs/runbook.md. A code that this version of the doctor does not know is a warning, not a mistake."""


class Suppression(Model):
    """A finding that is expected here."""

    code: Code
    """Code of the finding, from docs/runbook.md."""
    reason: Line
    """Why it is expected. The doctor prints it with the finding."""


def _each_code_once(value: tuple[Suppression, ...]) -> tuple[Suppression, ...]:
    distinct(tuple(item.code for item in value))
    return value


class Doctor(Model):
    """What `python -m ops doctor` considers normal in this stack."""

    suppress: Annotated[tuple[Suppression, ...], AfterValidator(_each_code_once)] = ()
    """Findings that are listed as suppressed and do not count."""
