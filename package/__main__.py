"""Serves the components to programs in other languages. Pulumi starts it; docs/components.md says how."""

import sys
from pathlib import Path

# Pulumi runs this folder alone, and the components are next to it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from package.host import serve

serve(sys.argv[1:])
