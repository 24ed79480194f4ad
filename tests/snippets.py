"""The code of README and docs: blocks and inline commands, as Markdown has them."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
GENERATED = ("docs/cli.md", "docs/options.md", "docs/api.md", "docs/plugin-recipes.md")
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Snippet:
    """A piece of code: the language of a fence, 'indented' or 'inline'; its section, and the text before it."""

    page: str
    line: int
    language: str
    text: str
    section: str
    before: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def snippets(page: str) -> list[Snippet]:
    """All code of a page, in its order."""
    found, section, before, heading = [], "", "", False
    for token in MarkdownIt().enable("table").parse((ROOT / page).read_text()):
        line = token.map[0] + 1 if token.map else 0
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        if token.type == "inline":
            section, before = (token.content, "") if heading else (section, token.content)
            spans = [one.content for one in token.children or [] if one.type == "code_inline"]
            found += [Snippet(page, line, "inline", text, section, before) for text in spans]
        elif token.type in ("fence", "code_block"):
            found.append(Snippet(page, line, token.info or "indented", token.content, section, before))
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a shell, without comments, redirections and what is assigned before it."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|&;"):
                yield from [words] if words else []
                words = []
            else:
                words.append(word)
