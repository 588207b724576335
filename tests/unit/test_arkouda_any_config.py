"""The law of the program: any stack of Arkouda servers is refused with paths, or makes objects that schemas accept."""

from __future__ import annotations

import json

import jsonschema
from hypothesis import event, given, note
from hypothesis import strategies as st

from components.arkouda.topology import Topology
from components.shared.mistakes import ConfigError
from generators import schema
from generators.arkouda_changes import every
from generators.changes import changed
from generators.settings import Setting
from tests.configs import law, values
from tests.schemas import VERSIONS, problems
from tests.unit.arkouda_stacks import API_SERVER, BY_JOBS, KINDS, Values, manifests, server, stack

SCHEMA = jsonschema.Draft7Validator(schema.schema())
SETTINGS = list(every())
ANY = {setting.path: values(setting.type.schema, setting.type.samples) for setting in SETTINGS}
OF_ALL = [setting for setting in SETTINGS if not setting.steps[1].endswith("[]") and not setting.type.is_list]
OF_ITEMS = {
    where: [setting for setting in SETTINGS if setting.steps[1] == f"{where}[]"]
    for where in {where for where, _, _ in KINDS.values()}
}


def varied(draw: st.DrawFn, group: Values, settings: list[Setting], skip: int) -> Values:
    for setting in draw(st.lists(st.sampled_from(settings), max_size=3, unique_by=lambda setting: setting.path)):
        group = changed(group, setting.steps[skip:], draw(ANY[setting.path]))
    return group


@st.composite
def stacks(draw: st.DrawFn) -> Values:
    """A few servers of any kind, with everything switched on or not, and a few settings changed."""
    found: Values = {}
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3))
    for index, kind in enumerate(kinds):
        where, own = server(kind, everything=draw(st.booleans()), name=f"server{index}")
        found.setdefault(where, []).append(varied(draw, own, OF_ITEMS[where], 2))
    if {*kinds} & {*BY_JOBS}:
        found["apiServer"] = API_SERVER
    return varied(draw, found, OF_ALL, 1)


def accepted(config: Values) -> Topology | None:
    """The servers, or None after a look at the refusal."""
    try:
        return stack(config)
    except ConfigError as error:
        mistakes = error.mistakes
    assert mistakes
    assert all(mistake.path.startswith("arkouda") and mistake.problem and mistake.remedy for mistake in mistakes)
    return None


@law
@given(stacks())
def test_a_stack_is_refused_with_paths_or_makes_valid_objects(config: Values) -> None:
    here, again = accepted(config), accepted(config)
    event("accepted" if here else "refused")
    if here is None or again is None:
        return
    found = manifests(here)
    note(f"{config}")
    assert json.dumps(list(found.values())) == json.dumps(list(manifests(again).values()))
    assert [problem for item in found.values() for version in VERSIONS for problem in problems(item, version)] == []
    # What the program accepts, an editor must not underline.
    assert list(SCHEMA.iter_errors({"config": {"clusters:arkouda": config}})) == []
