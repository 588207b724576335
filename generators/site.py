"""The handbook as a site: what MkDocs does not do by itself (hooks of mkdocs.yml).

The pages are written for a reader of the repository. README, changelog and contributing guide become pages of the site,
and other files that a page links to are copied into it, so that every link works without the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

PAGES: Final = {"README.md": "index.md", "CHANGELOG.md": "changes.md", "CONTRIBUTING.md": "contributing.md"}
"""Documents outside `docs`, and the pages that they become."""
DOCS: Final = "docs/"
FILES: Final = "files/"
"""Where the copies of other files are in the site. A text file has this suffix, so that browsers show it."""
TEXT: Final = ".txt"
LINK: Final = re.compile(r"(?P<mark>!?)\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s#]*)(?P<anchor>#[^)\s]*)?\)")
FENCE: Final = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


def source_of(page: str) -> str:
    """The path in the project of a page of the site."""
    return next((source for source, name in PAGES.items() if name == page), DOCS + page)


def place_of(path: str, root: Path) -> str | None:
    """Where the site has a path of the project; None if it is a folder without a page.

    Raises FileNotFoundError for a path that does not exist.
    """
    if not (root / path).exists():
        raise FileNotFoundError(f"a page links to {path}, which does not exist")
    if (root / path).is_dir():
        path = posixpath.join(path, "index.md")
        return place_of(path, root) if (root / path).exists() else None
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix(DOCS) if path.startswith(DOCS) else f"{FILES}{path}{TEXT}"


def links(source: str, markdown: str) -> Iterator[tuple[re.Match[str], str]]:
    """The links to files in a document at `source`, each with the path in the project that it leads to."""
    code = [match.span() for match in FENCE.finditer(markdown)]
    for match in LINK.finditer(markdown):
        target = match["target"]
        inside = any(start <= match.start() < end for start, end in code)
        if target and not inside and "://" not in target and not target.startswith("mailto:"):
            yield match, posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def rewritten(page: str, markdown: str, root: Path) -> str:
    """A page with links that work in the site. A link to a folder without a page becomes text."""
    text, end = "", 0
    for match, path in links(source_of(page), markdown):
        place = place_of(path, root)
        if place is None:
            link = f"{match['text']} (`{path}` in the repository)"
        else:
            target = posixpath.relpath(place, posixpath.dirname(page) or ".")
            link = f"{match['mark']}[{match['text']}]({target}{match['anchor'] or ''})"
        text += markdown[end : match.start()] + link
        end = match.end()
    return text + markdown[end:]


def copied(root: Path) -> dict[str, str]:
    """The files outside `docs` that pages link to: place in the site, and path in the project."""
    documents = [root / name for name in PAGES] + sorted((root / DOCS).rglob("*.md"))
    found = {}
    for document in documents:
        source = document.relative_to(root).as_posix()
        for _, path in links(source, document.read_text(encoding="utf-8")):
            place = place_of(path, root)
            if place and place.startswith(FILES):
                found[place] = path
    return found


def on_files(files: Any, config: Any) -> Any:
    """Add the pages and files outside `docs`."""
    # Only MkDocs needs these imports, and only its environment has them.
    from mkdocs.structure.files import File

    root = Path(config.config_file_path).parent
    make: Callable[..., Any] = File.generated
    for place, path in ({name: source for source, name in PAGES.items()} | copied(root)).items():
        files.append(make(config, place, abs_src_path=str(root / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Rewrite the links of a page."""
    return rewritten(page.file.src_uri, markdown, Path(config.config_file_path).parent)
