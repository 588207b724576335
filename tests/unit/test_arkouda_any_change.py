"""The law of docs/restarts.md for Arkouda: a setting changes the objects and restarts the pods that its rows name."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, note
from hypothesis import strategies as st

from generators.arkouda_changes import PODS, ServersState, examine
from generators.changes import Effects, Values, changed
from generators.settings import Setting
from tests.configs import law
from tests.unit.test_arkouda_any_config import ANY, SETTINGS, accepted, stacks

SINGLE = [setting for setting in SETTINGS if f"{setting.path}[]" not in {".".join(one.steps[:2]) for one in SETTINGS}]
"""Every setting but the lists of servers."""


def replaced(config: Values, setting: Setting, value: Any, index: int) -> Values | None:
    """The config with another value of the setting, in the server with this index if it is one of a server."""
    first, *steps = setting.steps[1:]
    if not first.endswith("[]"):
        return changed(config, (first, *steps), value)
    kind = first.removesuffix("[]")
    servers = list(config.get(kind, ()))
    if not servers:
        return None
    index %= len(servers)
    servers[index] = changed(servers[index], steps, value)
    return {**config, kind: servers}


@law
@given(stacks(), st.sampled_from(SINGLE), st.data(), st.integers(0, 2))
def test_a_setting_changes_only_what_its_rows_name(
    config: Values, setting: Setting, data: st.DataObject, index: int
) -> None:
    other = replaced(config, setting, data.draw(ANY[setting.path]), index)
    assume(other is not None)
    assert other is not None
    before, after = accepted(config), accepted(other)
    assume(before is not None and after is not None)
    assert before is not None
    assert after is not None
    seen, row = Effects(PODS), examine()[setting.path]
    ServersState(before.settings).compare(ServersState(after.settings), seen)
    note(f"{setting.path}: {seen}")
    assert seen.objects <= row.objects
    assert {pod for pod, count in seen.restarted.items() if count} <= {*row.always(), *row.sometimes()}
    assert seen.notes <= row.notes
