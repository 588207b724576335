"""The exit codes of every command of this project. `--help` of a command says which it has.

The last three are for commands that look at something and report: in them, 1 is a finding.
"""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FAILED: Final = 1
"""It could not do what was asked."""
REFUSED: Final = 2
"""A rejected config, options that contradict each other, or a file that cannot be used. Nothing was touched."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells have it: 128 and the number of SIGINT."""

FINDINGS: Final = 1
"""`doctor`: something is wrong. `impact`: somebody notices."""
UNCLEAR: Final = 2
"""`doctor` and `status`: the cluster could not be looked at. `impact`: the plan does not say, or `up` would fail."""
DRIFT: Final = 7
"""`drift`: something differs; FAILED: nobody could look. As `pulumi preview --expect-no-changes` has it since 3.227."""
