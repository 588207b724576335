"""Pulumi for this program, also on machines where it is not installed.

    toolchain = find_or_build(progress)          # progress: a function that shows one line of text
    subprocess.run(
        [toolchain.command, "up", "--stack", stack],
        env=os.environ | toolchain.environment,
    )

`find_or_build` takes the `pulumi` command from PATH, else from ~/.pulumi/bin, else from the official installer if
Pulumi's site answers within a few seconds. Otherwise it builds the command and the Kubernetes provider from Go modules
into the cache of the embedded control plane and uses the stand-ins of this package for the Python language host and for
the providers `tls` and `random`. It says so in one line. It raises `BuildError` when none of this works.

- `toolchain.command`: path of the pulumi binary.
- `toolchain.environment`: PATH and PULUMI_SKIP_UPDATE_CHECK. Where anything of ours serves, also PULUMI_HOME (the
  folder `.state/pulumi` of this checkout; ~/.pulumi is never written to) and
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION.
- `toolchain.official`: True when the command and all plugins are Pulumi's own.
- `toolchain.logged_in`: whether `pulumi login` has chosen a backend for this command. Ask this instead of looking for
  ~/.pulumi/credentials.json, since PULUMI_HOME may be another folder.
"""

from local.go_build import BuildError
from local.pulumi.toolchain import Toolchain, find_or_build

__all__ = ["BuildError", "Toolchain", "find_or_build"]
