"""What the documents say of the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

DOCUMENTS = sorted((PROJECT / "docs").rglob("*.md"))
TESTS = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in (PROJECT / "tests").rglob("test_*.py")}
NAME = re.compile(r"(tests/[\w/]+\.py)?(?:::)?(test_\w+)?")
"""A file, a test of any file, or a test of a file."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    """A promise whose test was renamed or removed would go on reading as tested."""
    missing = [name for name in re.findall(r"`([^`\s]*\btest_[^`\s]*)`", document.read_text()) if not exists(name)]
    assert missing == []


def exists(name: str) -> bool:
    """Whether there is such a test, or such a file; what reads as neither is not there."""
    parts = NAME.fullmatch(name)
    if parts is None:
        return False
    file, test = parts.groups()
    texts = [TESTS.get(file, "")] if file else TESTS.values()
    return any(f"def {test}(" in text if test else text for text in texts)


def test_a_test_counts_only_in_the_file_that_is_named() -> None:
    file, test = "tests/e2e/test_load_balancer.py", "test_no_load_balancer_answers"
    assert all(map(exists, (file, f"{file}::{test}", test)))
    assert not any(map(exists, (f"tests/unit/test_docs.py::{test}", "test_no_load", f"…::{test}")))
