"""The site: `make site` makes searchable pages of README.md and docs/, which stay the Markdown that GitHub shows."""

import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

project, author, copyright = "vaeedit", "The vaeedit developers", "The vaeedit developers"
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "docs/*.md", "plugins/*/weights/*.md"]
extensions = ["myst_parser"]
myst_heading_anchors = 4
nitpicky = True
html_theme = "furo"
html_title = "vaeedit"
html_copy_source = html_show_sphinx = html_use_index = False

CHAPTER = re.compile(r"^- \*\*(.+)\*\*: ((?:.|\n  )+)", re.MULTILINE)
"""A line of links in README, which becomes a chapter of the sidebar."""
CARDS = "plugins/*/weights/*"
CONTENTS = "\n\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {}\n\n{}\n```\n"
ADDRESS = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?")


def add_contents(app, name, text):
    """Make the sidebar of the pages that README links to, and the cards; a page that is not in it is a warning."""
    if name != root_doc:
        return
    chapters = {
        title: re.findall(r"\]\(((?:docs/)?[\w-]+)\.md\)", links) for title, links in CHAPTER.findall(text[0])
    }
    for title, pages in {**chapters, "Model cards": [CARDS]}.items():
        text[0] += CONTENTS.format(title, "\n".join(pages))


def check_addresses(app, document):
    """Warn of a link to another site that is no address; whether it answers is not asked."""
    for link in document.findall(nodes.reference):
        address = link.get("refuri", "")
        if not link.get("internal") and not ADDRESS.fullmatch(address) and "refuri" in link:
            logging.getLogger(__name__).warning("no address: %s", address, location=link)


def add_index(app, error):
    """Copy the first page to the name that servers look for."""
    if not error:
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app):
    """Sphinx calls this."""
    app.connect("source-read", add_contents)
    app.connect("doctree-read", check_addresses)
    app.connect("build-finished", add_index)
