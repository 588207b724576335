"""The handbook as a site: it builds strictly, and reading it contacts nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from generators.site import DOCS, rewritten
from tests.conftest import PROJECT
from tests.tools.environments import environment

ELSEWHERE = re.compile(
    r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?https?:|<link\b[^>]*\bhref=\"?https?:|@import|url\(.?https?:"
)


def build(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    mkdocs = environment(PROJECT / "requirements-docs.txt") / "mkdocs"
    return subprocess.run(
        [mkdocs, "build", "--strict", "--config-file", root / "mkdocs.yml", "--site-dir", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(PROJECT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_page_of_the_site_shows_what_the_repository_shows(site: Path) -> None:
    assert 'href="tutorial.html"' in (site / "index.html").read_text()
    example = "examples/ldaps.yaml"
    assert f'href="../files/{example}.txt"' in (site / "howto" / "add-ldap.html").read_text()
    assert (site / "files" / f"{example}.txt").read_text() == (PROJECT / example).read_text()


def test_reading_it_contacts_no_other_host(site: Path) -> None:
    pages = [path for pattern in ("*.html", "*.css") for path in site.rglob(pattern)]
    assert len(pages) > len(list((PROJECT / DOCS).rglob("*.md")))
    assert {path.name: found for path in pages if (found := ELSEWHERE.findall(path.read_text()))} == {}


def test_every_page_has_a_title_of_its_own_and_every_picture_a_description(site: Path) -> None:
    pages = {path: path.read_text() for path in site.rglob("*.html") if path.name != "404.html"}
    titles = [re.findall("<title>(.*?)</title>", text)[0] for text in pages.values()]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []
    images = [image for text in pages.values() for image in re.findall(r"<img\b[^>]*>", text)]
    assert images
    assert [image for image in images if not re.search(r'\balt="?\w', image)] == []


def test_a_block_of_a_terminal_is_copied_without_prompts_and_output(site: Path) -> None:
    """`$ make build` used to be copied as it is shown, and a shell knows no command `$`."""
    styles = (site / "site.css").read_text()
    tutorial = (site / "tutorial.html").read_text()
    hidden = re.findall(r"\[data-md-copying\] \.(\w+)", styles)
    shown = "".join(re.findall(r"<code>.*?</code>", tutorial, re.DOTALL))
    for name in hidden:
        shown = re.sub(rf'<span class="{name}">.*?</span>', "", shown, flags=re.DOTALL)
    shown = re.sub(r"<[^>]*>", "", shown)
    assert "make build" in shown
    assert "$ " not in shown
    assert "written. Next" not in shown
    assert all("site.css" in page.read_text() for page in site.rglob("*.html"))


@pytest.mark.parametrize(
    ("page", "text", "message"),
    [
        ("docs/monitoring.md", "[gone](gone.md)", "docs/gone.md, which does not exist"),
        ("docs/monitoring.md", "[gone](data.md#gone)", "there is no such anchor|does not contain an anchor"),
        ("docs/more.md", "# More", 'not included in the "nav"'),
    ],
)
def test_a_broken_link_or_a_lost_page_fails(tmp_path: Path, page: str, text: str, message: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for path in PROJECT.iterdir():
        if path.name != "docs":
            (root / path.name).symlink_to(path)
    shutil.copytree(PROJECT / "docs", root / "docs")
    with (root / page).open("a") as file:
        file.write(f"\n{text}\n")
    done = build(root, tmp_path / "site")
    assert done.returncode != 0
    assert re.search(message, done.stdout + done.stderr), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("page", "before", "after"),
    [
        ("index.md", "[a](docs/data.md#new)", "[a](data.md#new)"),
        ("howto/add-ldap.md", "[a](../data.md)", "[a](../data.md)"),
        ("howto/add-ldap.md", "[a](../../CHANGELOG.md)", "[a](../changes.md)"),
        ("monitoring.md", "[a](../monitoring/matlab.rules.yaml)", "[a](files/monitoring/matlab.rules.yaml.txt)"),
        ("index.md", "[a](docs/howto)", "[a](howto/index.md)"),
        ("index.md", "[a](examples)", "a (`examples` in the repository)"),
        ("index.md", "![a](docs/picture.svg)", "![a](picture.svg)"),
        ("index.md", "[a](https://example.org) [b](#c)", "[a](https://example.org) [b](#c)"),
        ("index.md", "```console\n[a](gone.md)\n```", "```console\n[a](gone.md)\n```"),
    ],
)
def test_links_lead_to_the_same_place(page: str, before: str, after: str) -> None:
    assert rewritten(page, before, PROJECT) == after
