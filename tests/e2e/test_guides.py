"""The tutorial and the how-to guides: every command that a reader types, on a real API server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from local.pulumi import Toolchain
from tests.conftest import PROJECT
from tests.e2e.checkout import Checkout
from tests.e2e.guide import follow
from tests.tools.helm import helm

DOCS: Final = PROJECT / "docs"
STACK: Final = "prod"


def own_kubeconfig(checkout: Checkout) -> Path:
    """The reader's kubeconfig."""
    return checkout.root / "kubeconfig"


def deployed(checkout: Checkout) -> None:
    """Stack prod is deployed."""
    checkout.write()
    # The reader writes it with an editor.
    (checkout.root / "admin-password.txt").write_text("of the administrator\n")
    checkout.run("up")


PREPARED: Final[Mapping[str, Callable[[Checkout], None]]] = {
    "add-ldap": deployed,
}
"""What a reader of each guide has."""


def copy(checkout: Checkout, stack: str) -> None:
    """Make the copy what a clone is to `make`."""
    for part in ("Makefile", "stack.schema.json"):
        shutil.copy(PROJECT / part, checkout.root / part)
    # Older than the environment that the tests run in, so that `make` installs nothing into it.
    os.utime(checkout.root / "requirements.txt", (0, 0))
    checkout.stack_file.unlink()
    checkout.name_stack(stack)


def environment(checkout: Checkout, toolchain: Toolchain) -> dict[str, str]:
    """What a reader's terminal has. YES answers the question of `make up`, as a reader does after the preview."""
    folders = (
        *(str(binary.parent) for binary in (checkout.control_plane.binaries["kubectl"], helm("3"), toolchain.command)),
        os.environ["PATH"],
    )
    return {
        **checkout.environment(),
        **toolchain.environment,
        "KUBECONFIG": str(own_kubeconfig(checkout)),
        "PATH": os.pathsep.join(folders),
        "YES": "1",
    }


def test_the_tutorial_works_as_it_is_written(checkout: Checkout, toolchain: Toolchain) -> None:
    copy(checkout, "lab")
    follow(DOCS / "tutorial.md", checkout.root, environment(checkout, toolchain))


@pytest.fixture
def prod(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A reader's folder, with stack prod."""
    copy(checkout, STACK)
    monkeypatch.setenv("KUBECONFIG", str(own_kubeconfig(checkout)))
    return checkout


@pytest.mark.parametrize("guide", sorted(path.stem for path in (DOCS / "howto").glob("*.md") if path.stem != "index"))
def test_a_guide_works_as_it_is_written(prod: Checkout, toolchain: Toolchain, guide: str) -> None:
    PREPARED[guide](prod)
    given = environment(prod, toolchain)
    # The list of the guides tells the reader to activate it.
    given["PATH"] = os.pathsep.join((str(prod.root / ".venv" / "bin"), given["PATH"]))
    follow(DOCS / "howto" / f"{guide}.md", prod.root, given)
