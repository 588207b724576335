"""The two ways in which a run ends early."""

from __future__ import annotations


class EngineError(Exception):
    """A sentence for the person at the keyboard: what is wrong and what to do."""


class NeedsCli(EngineError):  # noqa: N818 - reads as the sentence that it is
    """The program asks for something that only the full Pulumi CLI does."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: the small engine does not do this, the full Pulumi CLI is needed")


class Stopped(Exception):  # noqa: N818 - not an error of its own
    """Another resource failed or the run was interrupted; this one is not begun, or no longer waited for."""
