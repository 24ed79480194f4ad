"""The site is made of README and docs as they are, and no link of it leads nowhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
for module in ("sphinx", "myst_parser", "furo"):
    pytest.importorskip(module, reason="the site needs the extra site: pip install 'vaeedit[site]'")

BROKEN = """# First

- **Use**: [guide](docs/guide.md)

![gone](docs/gone.png) [an anchor](docs/guide.md#gone) [a page](docs/gone.md) [a site](https://nowhere)
"""


class Page(HTMLParser):
    """The links of a page, what it loads, and its anchors."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = set(), set(), {"", "top"}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        for key in {"src", "href"} & given.keys():
            (self.links if tag == "a" else self.loaded).add(given[key])


def made(source, output):
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-c",
        ROOT / "docs",
        source,
        output,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    output = tmp_path_factory.mktemp("site")
    done = made(ROOT, output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_page_and_picture_is_there(site, pages):
    written = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert written == {path.stem for path in pages if path.parent.name == "docs"}
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()
    for picture in filter(Path.is_file, (ROOT / "docs" / "images").rglob("*")):
        assert (site / "_images" / picture.name).exists(), f"no page shows {picture.name}"


def test_every_link_leads_somewhere(site, pages):
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(link)
            if target.scheme:
                continue
            leads_to = (path.parent / unquote(target.path)).resolve() if target.path else path
            assert leads_to.exists(), f"{path.relative_to(site)}: {link}"
            anchors = pages[leads_to].anchors if leads_to in pages else {""}
            assert unquote(target.fragment) in anchors, f"{path.relative_to(site)}: {link}"


def test_nothing_is_loaded_from_elsewhere(site, pages):
    assert not {one for page in pages.values() for one in page.loaded if urlsplit(one).netloc}
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", sheet.read_text()), sheet.name


def test_broken_links_are_found(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(BROKEN)
    (tmp_path / "docs" / "guide.md").write_text("# Guide\n")
    (tmp_path / "docs" / "unlisted.md").write_text("# Unlisted\n")
    done = made(tmp_path, tmp_path / "site")
    assert done.returncode
    for words in ("gone.png", "'gone'", "docs/gone.md", "no address: https://nowhere", "unlisted.md"):
        assert words in done.stderr


def test_github_shows_the_same_files():
    """Pages have no directives of Sphinx, which GitHub would show as code."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        assert "```{" not in page.read_text(), page.name
