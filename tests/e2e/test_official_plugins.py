"""A stack moves between the stand-ins of this project and Pulumi's own plugins, where these are present."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from components.shared.target import EMBEDDED_DIR_VARIABLE
from local.pulumi import Toolchain
from local.pulumi import toolchain as search
from local.pulumi.plugins import KUBERNETES, providers
from local.run import EMBEDDED_PASSPHRASE
from tests.e2e.checkout import STACK, Checkout
from tests.e2e.disturbance import exported, in_the_state


def stand_ins(official: Toolchain) -> Toolchain:
    """The official command with plugins of this project: all of them if they are built, else those that need no Go."""
    every = providers()
    built = search.provider_build(every).cached()
    return search._with_plugins_of_ours(
        official.command, [plugin for plugin in every if built or plugin.name != KUBERNETES], print
    )


def pulumi(checkout: Checkout, chosen: Toolchain, *words: str) -> str:
    """Run `pulumi` as a user does, without the make targets, and return what it prints."""
    environment = {
        **os.environ,
        **chosen.environment,
        EMBEDDED_DIR_VARIABLE: str(checkout.control_plane.kubeconfig.parent),
        "PULUMI_BACKEND_URL": f"file://{checkout.root / '.state'}",
        "PULUMI_CONFIG_PASSPHRASE": EMBEDDED_PASSPHRASE,
        "PULUMI_STACK": STACK,
    }
    done = subprocess.run(
        [chosen.command, *words, "--non-interactive"],
        cwd=checkout.root, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def has_a_stand_in(checkout: Checkout, chosen: Toolchain, name: str) -> bool:
    """Whether Pulumi can only choose our plugin of this name, which its version says."""
    listed = json.loads(pulumi(checkout, chosen, "plugin", "ls", "--json"))
    return {"+" in plugin["version"] for plugin in listed if plugin["name"] == name} == {True}


def credentials(checkout: Checkout) -> dict[str, str]:
    """The ids of generated keys, certificates and passwords by URN; a new key or certificate has another id."""
    return {entry["urn"]: entry["id"] for entry in exported(checkout) if entry["type"].startswith(("tls:", "random:"))}


def test_a_stack_moves_between_stand_ins_and_official_plugins(checkout: Checkout, toolchain: Toolchain) -> None:
    """A newcomer installs the official CLI later: keys and objects must stay, or every profile becomes invalid."""
    if not toolchain.official:
        pytest.skip("Pulumi's official command and plugins are not installed here")
    ours = stand_ins(toolchain)
    (checkout.root / ".state").mkdir()
    for name in ("tls", "random"):
        assert has_a_stand_in(checkout, ours, name)
        assert not has_a_stand_in(checkout, toolchain, name)
    pulumi(checkout, ours, "stack", "init", STACK)
    pulumi(checkout, ours, "up", "--yes", "--skip-preview")
    before = credentials(checkout), in_the_state(checkout), checkout.outputs()
    assert all(before)
    for workers, chosen in ((6, toolchain), (7, ours)):
        pulumi(checkout, chosen, "preview", "--expect-no-changes")
        checkout.matlab["workers"]["max"] = workers
        checkout.write()
        pulumi(checkout, chosen, "up", "--yes", "--skip-preview")
        assert (credentials(checkout), in_the_state(checkout)) == before[:2]
        assert checkout.outputs()["profile"] == before[2]["profile"]
