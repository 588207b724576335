"""What every Pulumi plugin does around its service: name its port, and end with the engine that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Final

import grpc

THREADS: Final = 16
MESSAGE_LIMIT: Final = 400 * 1024 * 1024
"""The limit that Pulumi's engine and SDKs set; gRPC's own, 4 MiB, is too small for a large resource."""


def serve(register: Callable[[grpc.Server], object]) -> None:
    """Serve on a free local port until the engine is gone.

    The engine ends a plugin with SIGINT. An engine that was killed cannot, but then this end of the pipe on standard
    input closes.
    """
    limits = (("grpc.max_send_message_length", MESSAGE_LIMIT), ("grpc.max_receive_message_length", MESSAGE_LIMIT))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS), options=limits)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=_wait_for_end_of_input, args=(ended,), daemon=True).start()
    print(port, flush=True)
    ended.wait()
    server.stop(grace=None)
    # A program that is still running would delay the exit of the interpreter.
    sys.stdout.flush()
    os._exit(0)


def _wait_for_end_of_input(ended: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ended.set()
