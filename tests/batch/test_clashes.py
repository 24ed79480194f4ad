"""No output of any kind is an input or another output, under whatever name."""

import os

import pytest

from vaeedit.batch import clashes
from vaeedit.batch.clashes import Uses
from vaeedit.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.png").write_bytes(b"x")
    os.link("a.png", "hard.png")
    (tmp_path / "soft.png").symlink_to("a.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    clashes._ignores_case.cache_clear()
    return tmp_path


NAMES = ("a.png", "./sub/../a.png", "soft.png", "hard.png", "again/a.png", "again/again/hard.png")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_a_file_is_known_by_all_its_names(folder, name, other):
    uses = Uses()
    uses.read(folder / name, "an input")
    with pytest.raises(UsageError, match="is an input and cannot be the report"):
        uses.write(folder / other, "the report")
    uses = Uses()
    uses.write(folder / name, "the journal")
    with pytest.raises(UsageError, match="Both the journal and the report would become"):
        uses.write(folder / other, "the report")


def test_files_that_are_not_there_are_told_by_where_they_would_be(folder):
    uses = Uses()
    uses.write(folder / "sub/new.png", "the output of a.png")
    uses.write(folder / "new.png", "the output of b.png")
    uses.write(folder / "NEW.png", "the output of c.png")
    with pytest.raises(UsageError, match="Both"):
        uses.write(folder / "again/sub/new.png", "the report")


def test_in_place_an_input_is_replaced_under_one_name(folder):
    uses = Uses()
    for name in ("a.png", "hard.png"):
        uses.read(folder / name, "an input")
    for name in ("a.png", "hard.png"):
        uses.write(folder / name, f"the output of {name}", in_place=True)
    for what in ("soft.png", "hard.png"):
        with pytest.raises(UsageError):
            uses.write(folder / what, "the report")


def test_where_case_does_not_matter_names_are_compared_without_it(folder, monkeypatch):
    monkeypatch.setattr(clashes, "_ignores_case", lambda path: True)
    uses = Uses()
    uses.write(folder / "new.png", "the output of a.png")
    with pytest.raises(UsageError, match="Both"):
        uses.write(folder / "NEW.png", "the output of b.png")
