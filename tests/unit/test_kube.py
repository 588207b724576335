"""How objects are sent to the API server."""

from __future__ import annotations

import json

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from components.shared.kube import encoded


@given(st.text(st.characters(codec="utf-8")))
@example("😀")
@example("\\ud83d\\ude00 \\\\😀")
@example("\x85\u2028\x00\x7f")
def test_any_text_is_the_same_to_a_reader_of_json_and_of_yaml(text: str) -> None:
    """The API server reads an apply as YAML, which has no surrogate pairs: an emoji in a setting was refused."""
    body = encoded({"text": text})
    assert json.loads(body) == yaml.safe_load(body.decode()) == {"text": text}
