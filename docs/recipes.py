"""The page of complete plugins: the README of each sample, then its files."""

from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples/plugins"
ORDER = ("film-grain", "seasons", "double-exposure", "tiny-vae")
MADE = "outputs.json"
"""What weights decode to, recorded by a test."""
LANGUAGES = {".toml": "toml", ".py": "python", ".yaml": "yaml", ".json": "json"}
HEAD = """# Four complete plugins

One without a VAE, an edit of latents, a join of pictures of unequal sizes, and a VAE of one's own. Each is a project that can
be copied: create the files with their names, add a `README.md` of your own, then

    pip install -e .
    vaeedit plugins check film-grain     # all that vaeedit requires of a plugin
    pytest                               # the same, and what the plugin does to pictures

The same projects are in `samples/plugins`. [Writing a plugin](plugins.md) explains the parts, [the reference](api.md)
every name."""


def recipes() -> str:
    """The page."""
    return "\n\n".join([HEAD, *map(_section, ORDER)]) + "\n"


def _section(name: str) -> str:
    folder = SAMPLES / name
    files = sorted(folder.rglob("*"), key=lambda path: (path.parent != folder, path))
    shown = [_block(path, folder) for path in files if path.suffix in LANGUAGES and path.name != MADE]
    return "\n\n".join(["#" + (folder / "README.md").read_text().strip(), *shown])


def _block(path: Path, folder: Path) -> str:
    language = LANGUAGES[path.suffix]
    return f"`{path.relative_to(folder)}`:\n\n```{language}\n{path.read_text().strip()}\n```"
