"""Fills in the templates."""

import datetime
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from vaeedit import __version__
from vaeedit.scaffold.names import package_of

TEMPLATES = Path(__file__).parent
SUFFIX = ".tmpl"
PACKAGE = "package"
"""The name of the package's folder among the templates."""


def write_project(name: str, kind: str, folder: Path, author: str = "") -> list[Path]:
    """Write the project of a plugin into a new folder, completely or not at all; return its files, relative to it.

    `name` is words joined by dashes: that of the operation, and of the VAE if it has one. Without an `author` it is that of
    git. Raises OSError.
    """
    texts = _placeholders(name, author)
    with TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}.") as temporary:
        project = Path(temporary, "project")
        for part in ("common", kind):
            for source in _files(TEMPLATES / part):
                inside = source.relative_to(TEMPLATES / part)
                named = [texts["package"] if piece == PACKAGE else piece for piece in inside.parts]
                _write(source, project.joinpath(*named), texts)
        os.rename(project, folder)
    return [path.relative_to(folder) for path in _files(folder)]


def _placeholders(name: str, author: str) -> Mapping[str, str]:
    author = " ".join((author or _author_of_git() or f"The authors of {name}").split())
    return {
        "name": name,
        "package": package_of(name),
        "distribution": package_of(name).replace("_", "-"),
        "Class": name.title().replace("-", ""),
        "author": author,
        "quoted_author": json.dumps(author, ensure_ascii=False),  # is a string of TOML, too
        "year": str(datetime.date.today().year),
        "vaeedit": __version__,
    }


def _author_of_git() -> str:
    try:
        command = ["git", "config", "user.name"]
        said = subprocess.run(command, capture_output=True, check=False).stdout
        return said.decode("utf-8", "replace")
    except OSError:
        return ""


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those inside it, sorted."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _write(source: Path, target: Path, texts: Mapping[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == SUFFIX:
        text = Template(source.read_text(encoding="utf-8")).substitute(texts)
        with target.with_name(target.name.removesuffix(SUFFIX)).open(
            "a", encoding="utf-8", newline="\n"
        ) as file:
            file.write(text)
    else:
        _write_weights(source, target, texts)


def _write_weights(source: Path, target: Path, texts: Mapping[str, str]) -> None:
    """Copy a VAE file; the names in its header are those of the plugin."""
    from vaeedit.vae.sealed import read_document, read_tensors, write_sealed

    document, checksum = read_document(source)
    write_sealed(target, read_tensors(source, checksum), Template(document).substitute(texts))
