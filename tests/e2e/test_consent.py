"""A person at a terminal decides what happens to a real cluster."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator

from components.shared.target import EMBEDDED_CONTEXT
from tests.e2e.checkout import NAMESPACE, STACK, Checkout
from tests.e2e.disturbance import kill

QUESTION = "Do you want to perform this update?"
CURSOR_POSITION, ANSWER = b"\x1b[6n", b"\x1b[1;1R"
"""What a terminal is asked, and what it answers (ECMA-48, DSR and CPR)."""


def test_up_asks_before_it_changes_a_real_cluster(checkout: Checkout) -> None:
    """Enter alone means no."""
    checkout.target(EMBEDDED_CONTEXT, checkout.control_plane.kubeconfig)
    checkout.write()
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "local.run", "up", "--stack", STACK],
        cwd=checkout.root,
        env={**checkout.environment(), "YES": "", "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        said = ""
        for chunk in printed(terminal):
            said += chunk.decode(errors="replace")
            if CURSOR_POSITION in chunk:
                os.write(terminal, ANSWER)
            if QUESTION in said and "details" in said:
                os.write(terminal, b"\r")
                break
        said += b"".join(printed(terminal)).decode(errors="replace")
        assert process.wait(timeout=60) == 1, said
    finally:
        kill(process)
        os.close(terminal)
    assert "mjs-job-manager" in said, "the preview comes before the question"
    assert "confirmation declined" in said
    assert checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}") is None


def printed(terminal: int) -> Iterator[bytes]:
    """What a process writes to its terminal, until it ends."""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux's end of a terminal
            return
        if not chunk:
            return
        yield chunk
