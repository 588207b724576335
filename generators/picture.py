"""docs/picture.svg: the picture in the README, which `python -m ops graph` draws for a small cluster."""

from __future__ import annotations

from components.shared.target import PROJECT
from components.stack import load_file
from ops.graph.model import places
from ops.graph.svg import text


def page() -> str:
    """The whole picture."""
    return text(places(load_file(PROJECT / "examples" / "minimal.yaml")))
