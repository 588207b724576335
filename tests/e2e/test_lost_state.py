"""A state is lost: the cluster still holds everything that it held."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.e2e.checkout import Checkout


def adopt(checkout: Checkout, *words: str, code: int = 0, **variables: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "ops", "adopt", *words],
        cwd=checkout.root, env={**checkout.environment(), **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert answer.returncode == code, answer.stdout
    return answer.stdout


def test_the_state_is_rebuilt_from_the_cluster(checkout: Checkout) -> None:
    checkout.run("up")
    before = checkout.outputs()
    shutil.rmtree(checkout.root / ".state")
    assert "that its state does not know" in checkout.run("up", code=1)
    print(adopt(checkout, "--stack", checkout.stack))
    writes = len(checkout.writes())
    print(checkout.run("pulumi", "--", "preview", "--diff", "--expect-no-changes"))
    checkout.run("up")
    assert checkout.writes()[writes:] == []
    assert checkout.outputs() == before
