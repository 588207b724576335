"""Options and paths of every test run."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from the program as it is")


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
