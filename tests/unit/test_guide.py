"""What the tests of the guides can find: a guide that is wrong fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.e2e.guide import follow, steps

GUIDE = """\
# Guide

```console
$ export NAME=world
$ echo one; echo hello $NAME; echo three
hello …
…
three
```

1. In a list:

    ```console
    $ printf '%s ' a \\
        b
    a b
    ```

```yaml title="Pulumi.x.yaml"
config: {a: {c: 2}}
```

```console title="Not run: it needs a cluster"
$ false
```

```console
$ cat Pulumi.x.yaml
    c: 2
$ make nothing
make: *** …
```
"""


def done(tmp_path: Path, text: str) -> int:
    (tmp_path / "guide.md").write_text(text)
    (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": {"a": {"b": 1}}}))
    return follow(tmp_path / "guide.md", tmp_path, os.environ)


def test_the_commands_of_a_guide_run_in_one_shell(tmp_path: Path) -> None:
    assert done(tmp_path, GUIDE) == 5
    assert yaml.safe_load((tmp_path / "Pulumi.x.yaml").read_text()) == {"config": {"a": {"b": 1, "c": 2}}}


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("hello …", "goodbye …", "is not printed"),
        ("hello …\n…\nthree", "three\nhello …", "is not printed"),
        ("$ cat Pulumi.x.yaml", "$ cat Pulumi.y.yaml", "exit code 1"),
        ("$ make nothing", "$ make --version", "exit code 0"),
        ("$ echo one;", "$ exit;", "the shell has ended"),
    ],
)
def test_what_surprises_a_reader_fails(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in GUIDE
    with pytest.raises(AssertionError, match=message):
        done(tmp_path, GUIDE.replace(right, wrong))


@pytest.mark.parametrize(
    "block",
    [
        "```sh\nls\n```",
        '```console title="Later"\n$ ls\n```',
        "```\n$ ls\n```",
        "```yaml\na: 1\n```",
        "```console\nls\n```",
    ],
)
def test_no_block_escapes(block: str) -> None:
    with pytest.raises(ValueError, match="a block"):
        list(steps(block))
