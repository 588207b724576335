"""The example stack files are what they say: accepted, commented, one per mode and use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.matlab.rules import warnings
from components.matlab.settings import Settings
from components.matlab.topology import Mode, Topology
from components.shared.target import PROJECT
from components.stack import load_file
from generators.settings import every_setting

EXAMPLES = PROJECT / "examples"
MODES = {
    "minimal": Mode.NEW,
    "production": Mode.NEW,
    "legacy-r2024b": Mode.LEGACY,
    "mixed-releases": Mode.BACKWARDS_COMPATIBLE,
    "matlab-from-claim": Mode.NEW,
    "ldaps": Mode.NEW,
    "metrics-outside": Mode.NEW_MULTI,
    "internal-only": Mode.NO_PROXY,
    "gpu-workers": Mode.NEW,
    "thousand-workers": Mode.BACKWARDS_COMPATIBLE,
    "platform-aks": Mode.NEW,
    "platform-eks": Mode.NEW,
    "platform-gke": Mode.NEW,
    "platform-metallb-nfs": Mode.NEW,
    "platform-openshift": Mode.NEW,
    "gateway": Mode.NEW,
    "everything-on": Mode.BACKWARDS_COMPATIBLE,
}
EXCLUDED = {
    "network.internalClientsOnly",
    # There is a load balancer.
    *(f"network.gateway.{field}" for field in ("name", "namespace", "podNamespace", "acceptTimeout")),
    # clusterHost is set, MATLAB comes from a claim, and each image has its own repository.
    "network.loadBalancer.addressTimeout",
    "images.registry",
    "images.worker.repository",
    "images.worker.digest",
    "images.matlabDeps.tag",
    "images.matlabDeps.pullPolicy",
    "installation.jobManagerUsesClaim",
    *(
        f"storage.{volume}.{field}"
        for volume in ("checkpoint", "log", "workerLog")
        for field in ("claim", "persistent")
    ),
}
"""Settings that exclude others of everything-on.yaml; its head says so."""


@pytest.mark.parametrize("name", MODES)
def test_an_example_is_accepted_and_leads_to_its_mode(name: str) -> None:
    stack = load_file(EXAMPLES / f"{name}.yaml")
    assert stack.target.context == "example"
    assert stack.systems["matlab"] is not None
    assert Topology(stack.systems["matlab"]).mode is MODES[name]
    # everything-on.yaml switches on both ways to a license.
    assert len(list(warnings(stack.systems["matlab"]))) == (name == "everything-on")


def test_every_example_has_its_test_and_its_introduction() -> None:
    # The other systems' are in test_arkouda_cluster.py and test_julia.py.
    assert {file.stem for file in EXAMPLES.glob("*.yaml") if not file.stem.startswith(("arkouda-", "julia-"))} == set(
        MODES
    )
    assert all(file.read_text(encoding="utf-8").startswith("# ") for file in EXAMPLES.glob("*.yaml"))


def test_everything_on_sets_every_setting_that_can_be_on_with_the_others() -> None:
    matlab = _matlab(EXAMPLES / "everything-on.yaml")
    for path in (setting.steps for setting in every_setting(Settings)):
        if ".".join(path) in EXCLUDED:
            continue
        value: Any = matlab
        for step in path:
            assert step in value, f"everything-on.yaml lacks {'.'.join(path)}"
            value = value[step]
        assert value not in (False, None, [], {}), f"{'.'.join(path)} is off"


def test_the_ports_that_the_comments_name_are_right() -> None:
    legacy, thousand = (
        load_file(EXAMPLES / f"{name}.yaml").systems["matlab"] for name in ("legacy-r2024b", "thousand-workers")
    )
    assert legacy is not None
    assert thousand is not None
    assert [port.number for port in Topology(legacy).load_balancer_ports] == [27356, 27359, 30000, 30001]
    assert (Topology(thousand).pool_proxy_count, len(Topology(thousand).load_balancer_ports)) == (16, 19)


def _matlab(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]["clusters:matlab"]
    return found
