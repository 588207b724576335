"""Clusters for interactive and parallel computing on Kubernetes: the Pulumi program."""

import os
import signal
import threading

import pulumi

from components.preflight import preflight
from components.program import deploy, read_config
from components.shared.address import live_address
from components.shared.kube import ApiError, Unreachable
from components.shared.mistakes import ConfigError

# After a failure or Ctrl-C, the official language host interrupts the program, which would end with a traceback of
# Python. 32 tells it that the error is shown already. Our own host runs the program in a thread and ends it itself.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, lambda *_: os._exit(32))

try:
    stack = read_config(pulumi.get_stack(), pulumi.Config())
    checked = preflight(stack, dry_run=pulumi.runtime.is_dry_run())
except (ConfigError, Unreachable) as error:
    # RunError is shown without a traceback.
    raise pulumi.RunError(str(error)) from error
except ApiError as error:
    raise pulumi.RunError(f"kubernetes: the API server answers {error.status}: {error}. Try again later.") from error

for name, value in deploy(stack, live_address(checked.api), checked.survey, checked.api).items():
    pulumi.export(name, value)
