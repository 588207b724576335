"""Everything that the doctor recognises. docs/runbook.md is generated from this table.

The same number means the same for every system as far as all of them can have the problem: MJS010, JUL010, ARK010.
"""

from __future__ import annotations

from typing import Final

from ops.doctor.row import Level, Row
from ops.doctor.rows_arkouda import ARKOUDA
from ops.doctor.rows_before import BEFORE
from ops.doctor.rows_julia import JULIA
from ops.doctor.rows_matlab import MATLAB

__all__ = ["ROWS", "SYSTEMS", "Level", "Row"]

SYSTEMS: Final = {"MATLAB": MATLAB, "Julia": JULIA, "Arkouda": ARKOUDA, "Before": BEFORE}
"""The rows of each system, by its name, and of `--before`."""
ROWS: Final = {row.code: row for chapters in SYSTEMS.values() for rows in chapters.values() for row in rows}
"""Every row by its code."""
