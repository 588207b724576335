"""Labels of the company's own on every object (`kubernetes.labels`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from components.stack import load_file
from ops.render import render
from tests.conftest import PROJECT

OWN = {"owner": "vision", "cost-center": "4711"}


@pytest.mark.parametrize("example", ["minimal", "julia-script", "arkouda-single-node"])
def test_every_object_has_them_and_differs_in_nothing_else(example: str) -> None:
    """No selector and no pod template has them: pods would restart, and selectors cannot change."""
    stack = load_file(Path(PROJECT / "examples" / f"{example}.yaml"))
    files, _ = render(replace(stack, target=stack.target.model_copy(update={"labels": OWN})))
    without, _ = render(stack)
    assert files.keys() == without.keys()
    for name, text in files.items():
        labelled = yaml.safe_load(text)
        labels = labelled["metadata"]["labels"]
        assert labels.items() >= OWN.items(), name
        for label in OWN:
            del labels[label]
        assert labelled == yaml.safe_load(without[name])
