"""The tutorial and the how-to guides: every command that a reader types, on a real API server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml

from components.shared.target import EMBEDDED_CONTEXT
from local.pulumi import Toolchain
from tests.conftest import PROJECT
from tests.e2e.adoption import Installation
from tests.e2e.checkout import Checkout
from tests.e2e.guide import follow
from tests.tools.helm import helm

DOCS: Final = PROJECT / "docs"
STACK: Final = "prod"
CONTEXT: Final = "research-cluster"
"""The context that the guides name."""
RELEASE_NAMESPACE: Final = "matlab"
"""Where the release is that the guide takes over."""


def own_kubeconfig(checkout: Checkout) -> Path:
    """The reader's kubeconfig."""
    return checkout.root / "kubeconfig"


def deployed(checkout: Checkout) -> None:
    """Stack prod is deployed."""
    checkout.write()
    # The reader writes it with an editor.
    (checkout.root / "admin-password.txt").write_text("of the administrator\n")
    checkout.run("up")


def of_the_release_before(checkout: Checkout) -> None:
    """Stack prod runs an older release."""
    checkout.matlab["release"] = "r2025b"
    deployed(checkout)


def without_state(checkout: Checkout) -> None:
    """Stack prod is deployed, and its state is lost."""
    deployed(checkout)
    shutil.rmtree(checkout.root / ".state")


def of_helm(checkout: Checkout) -> None:
    """A release of Helm's, in a cluster that is the reader's own."""
    kubeconfig = yaml.safe_load(checkout.control_plane.kubeconfig.read_text())
    (context,) = (context for context in kubeconfig["contexts"] if context["name"] == EMBEDDED_CONTEXT)
    kubeconfig["contexts"] = [{**context, "name": CONTEXT}]
    own_kubeconfig(checkout).write_text(yaml.safe_dump({**kubeconfig, "current-context": CONTEXT}))
    installation = Installation(checkout, RELEASE_NAMESPACE)
    installation.install("3")
    installation.control()


PREPARED: Final[Mapping[str, Callable[[Checkout], None]]] = {
    "add-ldap": deployed,
    "move-from-helm": of_helm,
    "restore-state": without_state,
    "rotate-credentials": deployed,
    "upgrade-release": of_the_release_before,
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
        *(str(binary.parent) for binary in (checkout.control_plane.kubectl, helm("3"), toolchain.command)),
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
def prod(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """A reader's folder, with stack prod, and without what another guide left."""
    copy(checkout, STACK)
    monkeypatch.setenv("KUBECONFIG", str(own_kubeconfig(checkout)))
    yield checkout
    if checkout.api.get(f"/api/v1/namespaces/{RELEASE_NAMESPACE}"):
        checkout.api.request("DELETE", f"/api/v1/namespaces/{RELEASE_NAMESPACE}")
        checkout.wait_until_gone(RELEASE_NAMESPACE)


@pytest.mark.parametrize("guide", sorted(path.stem for path in (DOCS / "howto").glob("*.md") if path.stem != "index"))
def test_a_guide_works_as_it_is_written(prod: Checkout, toolchain: Toolchain, guide: str) -> None:
    PREPARED[guide](prod)
    given = environment(prod, toolchain)
    # The list of the guides tells the reader to activate it.
    given["PATH"] = os.pathsep.join((str(prod.root / ".venv" / "bin"), given["PATH"]))
    follow(DOCS / "howto" / f"{guide}.md", prod.root, given)
