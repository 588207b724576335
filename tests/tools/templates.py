"""The strict decoder of MathWorks' controller, rebuilt: k8s.io/api v0.29.2 and nothing newer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from local.go_build import Build, cache_directory

MODULE = Path(__file__).parent / "template_decoder"
BINARY = "template-decoder"


@cache
def _decoder() -> Path:
    build = Build(
        what="the decoder of pod templates",
        module=MODULE,
        cache=cache_directory() / "tools",
        packages={f"clusters.local/{BINARY}": BINARY},
        linker_flags="-s -w",
        announcement="From nothing it takes two minutes on two cores.",
    )
    return build.binaries()[BINARY]


def rejections(texts: Sequence[str]) -> list[str]:
    """Why the controller would reject each template; an empty text where it would not."""
    done = subprocess.run([_decoder()], input=json.dumps(list(texts)), capture_output=True, text=True, check=True)
    answers: list[str] = json.loads(done.stdout)
    return answers
