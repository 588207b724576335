"""The first afternoon: a stack file from `python -m ops init`, and its preview on a real API server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ops.init import QUESTIONS
from tests.e2e.checkout import Checkout


@pytest.mark.parametrize("system", sorted(QUESTIONS))
def test_the_file_previews(checkout: Checkout, system: str) -> None:
    """The API server accepts every object, as far as it can tell before the namespace exists."""
    subprocess.run(
        [sys.executable, "-m", "ops", "init", "lab", "--system", system],
        cwd=checkout.root, env=checkout.environment(), stdin=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    checkout.name_stack("lab")
    text = checkout.run("preview")
    assert f"clusters:{system}:" in text
    assert "to create" in text
