"""package/schema.json: the schema that Pulumi's component provider host infers from the package."""

from __future__ import annotations

import json


def page() -> str:
    """The whole file."""
    # Imported here: the SDK takes a second, and the arguments may have just been written.
    from package.host import Host

    return json.dumps(json.loads(Host().schema or ""), indent=2, ensure_ascii=False) + "\n"
