"""The law of docs/restarts.md: one setting changes the objects and restarts the pods that its rows name, and no others.

The table is found with a few clusters; here it is held against any config.
"""

from __future__ import annotations

from functools import cache

import yaml
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from components.matlab.topology import Topology
from components.shared.groups import Target
from components.stack import StackConfig
from generators.changes import NAMESPACE, Effects
from generators.matlab_changes import PODS, ClusterState, examine, label
from generators.settings import Setting
from ops.render import render
from tests.configs import ANY, EXAMPLES, SETTINGS, accepted, configs, law, nested
from tests.unit.clusters import Values, merged


@cache
def table() -> dict[str, Effects]:
    """What docs/restarts.md says; test_reference.py compares it with the committed file."""
    return examine()


@st.composite
def changes(draw: st.DrawFn) -> tuple[Setting, Topology, Topology]:
    """A setting, and an accepted cluster before and after a change of it."""
    config: Values = draw(configs())
    setting = draw(st.sampled_from(SETTINGS))
    before, after = accepted(config), accepted(merged(config, nested(setting, draw(ANY[setting.path]))))
    assume(before is not None and after is not None and before.settings != after.settings)
    assert before is not None
    assert after is not None
    return setting, before, after


@law
@given(changes())
def test_a_setting_changes_only_what_its_rows_name(change: tuple[Setting, Topology, Topology]) -> None:
    setting, before, after = change
    row = table()[setting.path]
    seen = Effects(PODS)
    ClusterState(before.settings).compare(ClusterState(after.settings), seen)
    note(f"{setting.path}: {seen}")
    assert seen.objects <= row.objects
    assert {*seen.always()} <= {*row.always(), *row.sometimes()}
    assert seen.notes <= row.notes


@settings(law, max_examples=max(EXAMPLES // 10, 1))
@given(changes())
def test_the_program_changes_no_other_object(change: tuple[Setting, Topology, Topology]) -> None:
    """The same of the whole program, Secrets included: ten times slower, and so with fewer configs."""
    setting, before, after = change
    row = table()[setting.path]
    assume(NAMESPACE not in row.notes)
    one, other = (
        render(StackConfig("lab", Target(context="lab"), {"matlab": here.settings}))[0] for here in (before, after)
    )
    differing = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
    objects = [yaml.safe_load(one.get(name) or other[name]) for name in differing]
    seen = {label((item["kind"], item["metadata"]["name"])) for item in objects}
    note(f"{setting.path}: {seen}")
    assert seen <= row.objects
