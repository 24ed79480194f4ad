"""Which pictures of a folder have come in and are complete."""

import os
from pathlib import Path

import pytest

from vaeedit_anomaly import arrivals as module
from vaeedit_anomaly.arrivals import Arrivals


@pytest.fixture
def place(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def looks(place):
    """Look into the folder; pictures that are complete are done. `said` are the warnings."""
    said = []
    watched = Arrivals(place, lambda path, stamp: False, said.append)

    def look(*, done=True):
        found = watched.look()
        for path, stamp in found:
            if done:
                watched.take(path, stamp)
        return [path.name for path, _ in found]

    look.said, look.arrivals = said, watched
    return look


def written(path, data=b"x", seconds=100):
    path.write_bytes(data)
    os.utime(path, (seconds, seconds))


def test_a_picture_is_complete_when_it_has_not_changed_between_two_looks(place, looks):
    assert looks() == []
    written(place / "a.png")
    assert looks() == []
    written(place / "a.png", b"xx")
    assert looks() == []
    written(place / "a.png", b"xy", seconds=101)
    assert (looks(), looks.arrivals.changing) == ([], 1)
    assert (looks(), looks.arrivals.changing) == (["a.png"], 0)
    assert looks() == []
    written(place / "a.png", b"xy", seconds=102)  # another picture under the same name
    assert (looks(), looks()) == ([], ["a.png"])
    assert looks() == []
    assert looks.said == []


def test_they_come_in_the_order_of_their_last_change(place, looks):
    for name, seconds in (("c.png", 1), ("a.jpg", 3), ("b.tif", 2), ("d.png", 2)):
        written(place / name, seconds=seconds)
    looks()
    assert looks() == ["c.png", "b.tif", "d.png", "a.jpg"]


def test_hidden_and_temporary_files_folders_and_other_files_are_passed_over(place, looks):
    for name in (".a.png", "b.png.part", "c.png~", "d.tmp", "notes.txt"):
        written(place / name)
    (place / "folder.png").mkdir()
    written(place / "folder.png" / "e.png")
    (place / "nowhere.png").symlink_to("gone.png")
    looks()
    assert looks() == []
    (place / "b.png.part").rename(place / "b.png")
    assert (looks(), looks()) == ([], ["b.png"])


def test_a_picture_that_was_not_done_comes_again(place, looks):
    written(place / "a.png")
    looks()
    assert looks(done=False) == looks(done=False) == ["a.png"]


def test_a_file_that_cannot_be_opened_is_tried_again_and_said_once(place, looks, monkeypatch):
    written(place / "a.png")
    written(place / "b.png")
    opens = module._opens
    monkeypatch.setattr(module, "_opens", lambda path: path.name != "a.png" and opens(path))
    looks()
    assert looks() == ["b.png"]
    assert (looks(), looks()) == ([], [])
    assert looks.said == [f"{place / 'a.png'} cannot be opened yet; it is tried again."]
    assert looks.arrivals.unreadable == {place / "a.png"}
    monkeypatch.undo()
    assert looks() == ["a.png"]
    assert looks.arrivals.unreadable == set()


def test_whether_a_file_opens(place):
    written(place / "a.png")
    assert module._opens(place / "a.png")
    assert not module._opens(place / "b.png")


def test_a_folder_that_is_gone_is_waited_for_and_nothing_comes_twice(place, looks):
    written(place / "a.png")
    looks()
    assert looks() == ["a.png"]
    place.rename(place.with_name("away"))
    assert (looks(), looks()) == ([], [])
    assert looks.said == [f"The folder {place} cannot be read; it is waited for."]
    place.with_name("away").rename(place)
    written(place / "b.png")
    assert (looks(), looks(), looks()) == ([], ["b.png"], [])
    place.rename(place.with_name("away"))
    looks()
    assert len(looks.said) == 2


def test_known_pictures_and_those_that_are_passed_over_do_not_come(place):
    for name in ("known.png", "old.png"):
        written(place / name)
    asked = []

    def known(path: Path, stamp: module.Stamp) -> bool:
        asked.append(path.name)
        return (path.name, stamp) == ("known.png", (1, 100 * 10**9))

    watched = Arrivals(place, known, print)
    watched.look()
    watched.pass_over()
    written(place / "new.png")
    assert watched.look() == []
    assert [path.name for path, _ in watched.look()] == ["new.png"]
    assert asked.count("known.png") == 1
    written(place / "known.png", b"other")
    assert [path.name for path, _ in watched.look()] == ["new.png"]
    assert [path.name for path, _ in watched.look()] == ["known.png", "new.png"]
