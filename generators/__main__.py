"""`python -m generators`: write the generated documents. They are listed in `generators/documents.py`."""

from __future__ import annotations

import argparse
import sys

from components.shared.target import PROJECT
from generators.documents import DOCUMENTS


def main(argv: list[str] | None = None) -> int:
    """Write every document that is out of date; with --check only name it and return 1."""
    parser = argparse.ArgumentParser(prog="python -m generators", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a document is out of date")
    arguments = parser.parse_args(argv)
    outdated = 0
    for name, make in DOCUMENTS.items():
        path, text = PROJECT / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        outdated += 1
        if arguments.check:
            print(f"{name} is out of date. Run: python -m generators", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{name} written", file=sys.stderr)
    return 1 if outdated and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
