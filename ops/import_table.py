"""`python -m ops values`: docs/values.md, the page of the table in components/matlab/upstream.py."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from components.matlab.upstream import GROUPS, KEYS, OURS
from components.matlab.upstream_keys import NEWEST_CHART, Key
from components.shared.target import PROJECT

PAGE: Final = PROJECT / "docs" / "values.md"


def add_command(commands: Any) -> None:
    """Add the command to the parser of `python -m ops`."""
    parser = commands.add_parser("values", help="write docs/values.md: every value of MathWorks' chart and its setting")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when the page is outdated")
    parser.set_defaults(run=run, json=False)


def run(arguments: argparse.Namespace) -> int:
    """The command."""
    text = page()
    if arguments.check:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/values.md is outdated. Run: python -m ops values", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


_IMPORT: Final = """## Coming from the chart

```console
$ helm get values mjs --namespace mjs --output yaml > values.yaml
$ python -m ops import-values values.yaml --chart-version 2.0.1 --context NAME --out Pulumi.prod.yaml
$ pulumi stack init prod                                # adds the stack's salt to the file, so secrets can be set
```

Several files, `--set` and `--set-string` are read as Helm reads them. `--namespace` (mjs) is the release's namespace,
which stays as it is; `--context` names the cluster, and without it the file holds a comment to fill in: the tool never
guesses a cluster. `--ldap-certificate cert.pem` takes the certificate of an `ldaps://` server. A stack file with a
config is never overwritten.

The result deploys what that version of the chart would have deployed, [its bugs](hazards.md) aside. Where a default
here differs from the chart's, the setting is written out with a comment; remove the line for this program's default.
Every given value ends as a setting, or as a comment and a line of the report that say why not. Passwords are never
written: the report has the commands that set them.

Exit code 0; 2 when something needs correcting (the file is written all the same, and says what); 1 when nothing could
be read or written. `--json` prints the report as JSON: `written`, `became` (value → settings or reason), `notes`,
`mistakes`, `commands`.
"""


def page() -> str:
    """The whole page."""
    hidden = sum(key.hidden for key in KEYS.values())
    lines = [
        "# Values of MathWorks' chart and their settings",
        "",
        "<!-- Written by python -m ops values; do not edit. -->",
        "",
        (
            f"Each of the {len(KEYS)} values of chart {NEWEST_CHART}, {hidden} hidden ones included (*hidden*: in the "
            "chart's schema, but neither in its values file nor in its documentation), the setting that takes its "
            "place in `clusters:matlab`, and the fields of Kubernetes objects where the setting lands. "
            "`python -m ops import-values` translates whole values files. Tests hold this page to the program: "
            "`tests/unit/test_upstream.py`."
        ),
        "",
    ]
    lines += _IMPORT.splitlines()
    lines.append("")
    for title, keys in GROUPS.items():
        lines += [f"## {title}", "", "| value | default | setting | lands in |", "|---|---|---|---|"]
        lines += [_row(key) for key in keys]
        lines.append("")
    lines += ["## Settings without a value of the chart", "", "| setting | what the chart does |", "|---|---|"]
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
