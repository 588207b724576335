"""The strict decoder of MathWorks' controller, rebuilt: k8s.io/api v0.29.2 and nothing newer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

from tests.tools.go_program import go_program


def rejections(texts: Sequence[str]) -> list[str]:
    """Why the controller would reject each template; an empty text where it would not."""
    decoder = go_program(
        "template-decoder", "the decoder of pod templates", "From nothing it takes two minutes on two cores."
    )
    done = subprocess.run([decoder], input=json.dumps(list(texts)), capture_output=True, text=True, check=True)
    answers: list[str] = json.loads(done.stdout)
    return answers
