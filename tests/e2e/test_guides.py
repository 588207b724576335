"""The tutorial and the how-to guides: every command that a reader types, on a real API server."""

from __future__ import annotations

import os
import shutil

from local.pulumi import Toolchain
from tests.conftest import PROJECT
from tests.e2e.checkout import Checkout
from tests.e2e.guide import follow

DOCS = PROJECT / "docs"


def environment(checkout: Checkout) -> dict[str, str]:
    """What a reader's terminal has: the checkout's environment, `kubectl`, and no answer to questions."""
    folders = (str(checkout.control_plane.binaries["kubectl"].parent), os.environ["PATH"])
    return checkout.environment() | {"PATH": os.pathsep.join(folders)}


def prepare(checkout: Checkout, stack: str) -> None:
    """Make the copy what a clone is to `make`."""
    for part in ("Makefile", "stack.schema.json"):
        shutil.copy(PROJECT / part, checkout.root / part)
    # Older than the environment that the tests run in, so that `make` installs nothing into it.
    os.utime(checkout.root / "requirements.txt", (0, 0))
    checkout.stack_file.unlink()
    checkout.name_stack(stack)


def test_the_tutorial_works_as_it_is_written(checkout: Checkout) -> None:
    prepare(checkout, "lab")
    follow(DOCS / "tutorial.md", checkout.root, environment(checkout))
