"""`make pulumi`: the official Pulumi CLI, installed into ~/.pulumi by Pulumi's own Automation API."""

from __future__ import annotations

import sys
from pathlib import Path

import semver
from pulumi import automation


def main() -> int:
    """Install the CLI of the SDK's version, or say why not."""
    import importlib.metadata

    version = importlib.metadata.version("pulumi")
    root = Path.home() / ".pulumi"
    print(f"Installing the Pulumi CLI {version} into {root} …")
    try:
        automation.PulumiCommand.install(root=str(root), version=semver.VersionInfo.parse(version))
    except Exception as error:  # noqa: BLE001 - whatever stops a download ends in one sentence
        print(
            f"The Pulumi CLI could not be installed: {error}. It is downloaded from Pulumi's site; where that cannot "
            "be reached, install it as https://www.pulumi.com/docs/install says. Until then the small engine serves.",
            file=sys.stderr,
        )
        return 1
    print(f"Done. {root}/bin/pulumi is used from now on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
