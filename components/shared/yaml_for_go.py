"""YAML for readers written in Go, such as MJS's controller, kubectl and Argo CD."""

from __future__ import annotations

import re
from typing import Final

import yaml

_SIGN_OR_DIGIT: Final = "+-.0123456789"
_OTHER_TYPES: Final = {
    r"[yYnN]": "yYnN",
    r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9_]+)?": _SIGN_OR_DIGIT,
    r"[-+]?0([bB][01_]+|[oO][0-7_]+|[xX][0-9a-fA-F_]+)": _SIGN_OR_DIGIT,
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?": _SIGN_OR_DIGIT,
}
"""Texts that Go reads as a boolean, a number or a time, and PyYAML as a text → what they begin with.

gopkg.in/yaml.v2, which sigs.k8s.io/yaml contains: resolve.go.
"""


class Dumper(yaml.SafeDumper):
    """Quotes a text that Go would read as something else: `1e3` in a variable, `y` as the name of a claim."""


for _pattern, _first in _OTHER_TYPES.items():
    Dumper.add_implicit_resolver("!not-a-text", re.compile(f"(?:{_pattern})$", re.ASCII), list(_first))
