"""The law of the program: any config is either refused with paths, or makes objects that the schemas accept.

tests/e2e/test_any_config.py asks the API server, which checks more.
"""

from __future__ import annotations

import json

import jsonschema
from hypothesis import event, given, note

from generators import schema
from tests.configs import accepted, configs, law
from tests.schemas import VERSIONS, problems
from tests.unit.clusters import Values, manifests

SCHEMA = jsonschema.Draft7Validator(schema.schema())


@law
@given(configs())
def test_a_config_is_refused_with_paths_or_makes_valid_objects(config: Values) -> None:
    here, again = accepted(config), accepted(config)
    event("accepted" if here else "refused")
    if here is None or again is None:
        return
    found = manifests(here)
    note(f"mode {here.mode}")
    assert json.dumps(list(found.values())) == json.dumps(list(manifests(again).values()))
    assert [problem for item in found.values() for version in VERSIONS for problem in problems(item, version)] == []
    # What the program accepts, an editor must not underline; secrets stand encrypted in a stack file.
    if not any(word in str(config) for word in ("adminPassword", "'password'", "'key'")):
        assert list(SCHEMA.iter_errors({"config": {"clusters:matlab": config}})) == []
