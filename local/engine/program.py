"""The child process: runs the project's `__main__.py` as the Pulumi CLI's language host does.

After pulumi/pulumi sdk/python/cmd/pulumi-language-python-exec. All that it must know comes in the environment.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi.runtime

SETTINGS = "SMALL_ENGINE_SETTINGS"
"""The environment variable with the keyword arguments of pulumi.runtime.Settings, as JSON."""


def main() -> int:
    """Run the program in the current folder; 0, or 1 when it failed with a message."""
    threading.Thread(target=_end_with_the_engine, daemon=True).start()
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    settings = json.loads(os.environ.pop(SETTINGS))
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    sys.argv = [os.curdir]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Each registration holds a thread until its object is ready; too few starve the ones that it waits for.
    executor = ThreadPoolExecutor(max_workers=4 * settings["parallel"])
    loop.set_default_executor(executor)
    # A failed run leaves futures unobserved, which asyncio would complain about.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(_run_program))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:  # noqa: BLE001 - whatever the program raises
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_users_traceback()}")
    else:
        return 0
    finally:
        executor.shutdown(wait=True)
        sys.stdout.flush()
    return 1


def _end_with_the_engine() -> None:
    # The engine holds the other end of stdin. When it is killed, the SDK may wait for its answers for ever.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _run_program() -> None:
    runpy.run_path(os.curdir, run_name="__main__")


def _users_traceback() -> str:
    """The traceback from the first frame of the project on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    main_file = Path("__main__.py").resolve()
    start = next((index for index, frame in enumerate(frames) if Path(frame.filename).resolve() == main_file), 0)
    return traceback.format_exc(limit=start - len(frames)) if start else traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main())
