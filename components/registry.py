"""The systems that a stack can deploy. A new one is a folder next to `matlab` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.arkouda.system import SYSTEM as ARKOUDA
from components.julia.system import SYSTEM as JULIA
from components.matlab.system import SYSTEM as MATLAB
from components.system import System

SYSTEMS: Final[Mapping[str, System[Any]]] = {system.key: system for system in (MATLAB, JULIA, ARKOUDA)}
"""Every system by its key in the stack file, in the order in which they are deployed."""
