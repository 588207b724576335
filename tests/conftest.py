"""Options and paths of every test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run of the gate; PROPERTY_EXAMPLES=5000 or another profile goes looking for new ones.
settings.register_profile("gate", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

PROJECT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from the program as it is")


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
