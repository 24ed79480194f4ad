"""Watching a folder: pictures are taken up once they are whole, and again when they change."""

import pytest

from vaeedit.batch.jobs import placed
from vaeedit.batch.sources import find_sources
from vaeedit.batch.watch import Watch


@pytest.fixture
def looks(tmp_path, monkeypatch):
    """Look again and again; between looks do what the test says, and get the names that came up."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    watch = Watch(
        lambda: find_sources(["in"], recursive=True), lambda sources: placed(sources, "out", "denoise")
    )
    stream = watch.jobs(sleep=lambda seconds: None)

    def look():
        names = []
        for job in stream:
            if job is None:
                return names
            names.append(job.target.as_posix())
        raise AssertionError("watching never ends")

    return look


def test_a_picture_is_taken_up_once_it_has_stopped_changing(looks, tmp_path):
    assert looks() == []
    picture = tmp_path / "in" / "a.png"
    picture.write_bytes(b"half")
    assert looks() == []
    picture.write_bytes(b"half and more")
    assert looks() == []
    assert looks() == ["out/a.png"]
    assert looks() == []
    (tmp_path / "in" / "deep").mkdir()
    (tmp_path / "in" / "deep" / "a.png").write_bytes(b"another")
    looks()
    assert looks() == ["out/deep/a.png"]


def test_a_picture_that_changes_comes_up_again(looks, tmp_path):
    picture = tmp_path / "in" / "a.png"
    picture.write_bytes(b"one")
    assert looks() + looks() == ["out/a.png"]
    picture.write_bytes(b"and two")
    assert looks() + looks() == ["out/a.png"]
    picture.unlink()
    assert looks() + looks() == []
