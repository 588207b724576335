"""docs/values.md: the values of MathWorks' chart, from the table in components/matlab/upstream.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from components.matlab.upstream import GROUPS, KEYS
from components.matlab.upstream_gaps import OURS
from components.matlab.upstream_keys import NEWEST_CHART, Key

_IMPORT: Final = """## Coming from the chart

```console
$ helm get values mjs --namespace mjs --output yaml > values.yaml
$ python -m ops import-values values.yaml --chart-version 2.0.1 --context NAME --out Pulumi.prod.yaml
$ pulumi stack init prod                                # adds the salt to the file, so that you can set secrets
```

`helm get values` prints what `--values` and `--set` gave, already merged. If you have no release, list the values
files in Helm's order. Some files do not contain plain values: they are encrypted with SOPS, are templates, or nest the
values under a sub-chart, a HelmRelease or an Argo CD Application. The command then says how to extract the values.

`--namespace` (default mjs) is the namespace of the release, which does not change. `--context` names the cluster;
without it, the stack file has a comment to fill in. `--ldap-certificate cert.pem` reads the certificate of an
`ldaps://` server. A stack file that already has a config is never overwritten. The new one is read back and compared
before it is written.

The stack file deploys what that version of the chart would have deployed, apart from [its bugs](hazards.md). If a
default here differs from the chart's, the setting is written with a comment; remove the line to use the default of this
program. Every value becomes a setting, or a comment and a line of the report that say why not. Passwords are never
written; the report has the commands that set them.

The exit code is 0; 2 if you have to correct something (the file is written, and says what); 1 if nothing was written.
`--json` prints the report as JSON: `written`, `became` (settings or reason by value), `notes`, `mistakes`, `commands`.
"""


def page() -> str:
    """The whole page."""
    hidden = sum(key.hidden for key in KEYS.values())
    lines = [
        "# Values of MathWorks' chart and their settings",
        "",
        "<!-- Written by `python -m generators`. Edit components/matlab/upstream.py instead. -->",
        "",
        (
            f"The {len(KEYS)} values of chart {NEWEST_CHART}, the setting in `clusters:matlab` that replaces each, and "
            f"the fields of Kubernetes objects that the setting controls. {hidden} values are *hidden*: they are in "
            "the chart's schema, but neither in its values file nor in its documentation. `python -m ops "
            "import-values` translates whole files. `tests/unit/test_upstream.py` checks this page against the program."
        ),
        "",
    ]
    lines += _IMPORT.splitlines()
    lines.append("")
    for title, keys in GROUPS.items():
        lines += [f"## {title}", "", "| Value | Default | Setting | Fields |", "|---|---|---|---|"]
        lines += [_row(key) for key in keys]
        lines.append("")
    lines += ["## Settings without a value of the chart", "", "| Setting | What the chart does |", "|---|---|"]
    lines += [f"| `{path}` | {_cell(reason)} |" for path, reason in sorted(OURS.items())]
    return "\n".join(lines) + "\n"


def _row(key: Key) -> str:
    about = [f"`{key.name}`"] + (["*hidden*"] if key.hidden else []) + _since(key)
    default = "" if key.default is None else f"`{json.dumps(key.default)}`"
    setting = "<br>".join(f"`{path}`" for path in key.paths)
    note = _cell(key.note)
    setting = f"{setting}<br>{note}" if setting and note else setting or f"none: {note}"
    return f"| {' '.join(about)} | {default} | {setting} | {'<br>'.join(_places(key))} |"


def _since(key: Key) -> list[str]:
    return [] if key.since == "1.0.0" else [f"since {key.since}"]


def _places(key: Key) -> Iterator[str]:
    for place in key.places:
        target, *rest = place.split(" ")
        yield f"{target.replace('/', ' ')} `{' '.join(rest)}`" if rest else f"{target.replace('/', ' ')}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
