"""A stack of the last release under this working tree: nothing is replaced, and no pod restarts without a word."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from components.shared.target import PROJECT
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.observation import Observation, noticed
from tests.e2e.test_impact import codes, impact
from tests.e2e.test_three_systems import ARKOUDA, JULIA

NAMESPACES = (NAMESPACE, "arkouda", "julia-ana")


def git(*words: str) -> bytes | None:
    """What a command of git prints; None if it fails, as where there is no repository."""
    done = subprocess.run(["git", "-C", str(PROJECT), *words], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


@pytest.fixture
def last_release(tmp_path: Path) -> Path:
    """The files of the newest tag before this commit, or of the commit in UPGRADE_FROM."""
    named = os.environ.get("UPGRADE_FROM") or (git("describe", "--tags", "--match", "v*", "--abbrev=0") or b"").decode()
    archive = git("archive", named.strip()) if named else None
    if archive is None:
        pytest.skip("this clone has no tag of a release; UPGRADE_FROM=<commit> chooses one")
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(tmp_path / "release", filter="data")
    return tmp_path / "release"


def test_the_last_release_becomes_this_one(checkout: Checkout, last_release: Path) -> None:
    checkout.copy(last_release)
    checkout.config = yaml.safe_load((last_release / checkout.stack_file.name).read_text())
    checkout.config["config"] |= {"clusters:arkouda": ARKOUDA, "clusters:julia": JULIA}
    checkout.write()
    checkout.run("up")
    before, outputs, identities = Observation.take(checkout.api, *NAMESPACES), checkout.outputs(), uids(checkout)

    checkout.copy(PROJECT)
    answer = impact(checkout, "--json")
    assert answer.returncode in {0, 1}, answer.stdout + answer.stderr
    (report,) = json.loads(answer.stdout)["stacks"]
    checkout.run("up")
    after = Observation.take(checkout.api, *NAMESPACES)
    assert noticed(before, after) == codes(report), "what happens is what `ops impact` has announced"
    kept, new = uids(checkout), checkout.outputs()
    assert {urn for urn, uid in identities.items() if kept.get(urn, uid) != uid} == set(), "nothing is replaced"
    for name in ("profile", "adminPassword", "externalAddress"):
        assert new[name] == outputs[name], name
    checkout.run("pulumi", "--", "preview", "--expect-no-changes")


def uids(checkout: Checkout) -> dict[str, str]:
    """The UID of every object of Kubernetes in the state, by its URN."""
    return {
        item["urn"]: item["outputs"]["metadata"]["uid"]
        for item in checkout.state()["resources"]
        if item["type"].startswith("kubernetes:")
    }
