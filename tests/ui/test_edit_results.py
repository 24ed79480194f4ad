"""What the tab Edit does with a sitting's pictures, without a browser: whole results, cancelling, downloads, the viewer."""

import asyncio
import base64
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from vaeedit import Frame, Step
from vaeedit.cli.main import call
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.image import read, write
from vaeedit.settings import Settings

pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")

from vaeedit.ui.context import Context
from vaeedit.ui.downloads import offered
from vaeedit.ui.edit.making import Cancelled, cancel, make
from vaeedit.ui.edit.pictures import pictures_of
from vaeedit.ui.edit.pictures_panel import add
from vaeedit.ui.edit.results import made_of
from vaeedit.ui.edit.saving import Form, saved_as, zipped
from vaeedit.ui.edit.state import document_of, keep, places_of
from vaeedit.ui.edit.view import rendered, shown
from vaeedit.ui.edit.whole_events import bar
from vaeedit.ui.engine.desk import Desk
from vaeedit.ui.sittings import Sitting, Sittings

SAMPLES = Path(__file__).parents[2] / "samples/images"
LOOK = {"region": [0, 0, 1, 1], "width": 64, "height": 48, "layers": ["before", "after"], "finer": 0}


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    desk = Desk(Settings())
    sittings = Sittings(tmp_path_factory.mktemp("sittings"), desk.forget)
    yield Context(Settings(), registry(), None, None, desk, sittings)
    desk.close()


@pytest.fixture
def sitting(context, request) -> Sitting:
    return context.sittings.of(SimpleNamespace(session_hash=request.node.name))


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """64x48 pixels of a photograph, as JPEG."""
    path = tmp_path_factory.mktemp("photos") / "bird <b>.jpg"
    write(Frame(read(SAMPLES / "osprey.jpg").pixels[100:148, 200:264]), path)
    return path


def added(context, sitting, *paths) -> None:
    for path in paths:
        assert asyncio.run(add(context, sitting, path)) == ""


def made(context, sitting) -> list[float]:
    async def all_of() -> list[float]:
        pictures = [*pictures_of(sitting).by_id.values()]
        return [making.done async for making in make(context, sitting, pictures)]

    return asyncio.run(all_of())


def seen(context, sitting, **asked):
    value = shown(context, sitting)
    return value, rendered(context, {**LOOK, **value, **asked, "width": 64, "height": 48})


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


def test_a_download_is_the_file_of_the_command_line(context, sitting, photo, tmp_path):
    added(context, sitting, photo)
    keep(sitting, document_of(sitting).add(Step("denoise", strength=0.7)))
    made(context, sitting)
    path, warnings = asyncio.run(saved_as(context, sitting, [pictures_of(sitting).current], Form()))
    call(["denoise", str(photo), "--strength", "0.7", "-o", str(tmp_path / "cli.jpg"), "-q"])
    assert (path.name, warnings) == ("bird <b>.denoise.jpg", [])
    assert path.read_bytes() == (tmp_path / "cli.jpg").read_bytes()


def test_the_viewer_shows_the_picture_then_a_preview_then_the_result(context, sitting, photo):
    assert shown(context, sitting) is None
    added(context, sitting, photo)
    value, reply = seen(context, sitting)
    assert (value["state"], reply["exact"], reply["error"]) == ("original", True, "")
    assert np.array_equal(pixels(reply["layers"]["before"]), read(photo).pixels)
    keep(sitting, document_of(sitting).add(Step("denoise")))
    value, reply = seen(context, sitting)
    assert (value["state"], reply["exact"]) == ("preview", False)
    assert "uncertainty" in value["maps"]
    preview = pixels(reply["layers"]["after"])
    made(context, sitting)
    value, reply = seen(context, sitting)
    assert (value["state"], reply["exact"]) == ("full", True)
    assert (
        np.abs(pixels(reply["layers"]["after"]).astype(int) - preview).max() <= 1
    )  # another size of tile rounds differently
    keep(sitting, document_of(sitting).undo())
    assert seen(context, sitting)[0]["state"] == "original"


def test_several_pictures_become_a_zip_and_equal_names_get_numbers(context, sitting, photo):
    added(context, sitting, photo, photo)
    keep(sitting, document_of(sitting).add(Step("denoise")))
    shares = made(context, sitting)
    assert shares == sorted(shares)
    path, _ = asyncio.run(
        zipped(context, sitting, [*pictures_of(sitting).by_id.values()], Form(ending=".png"))
    )
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["bird <b>.denoise.png", "bird <b>.denoise-2.png"]
        assert archive.testzip() is None


def test_a_map_can_be_downloaded(context, sitting, photo):
    added(context, sitting, photo)
    keep(sitting, document_of(sitting).add(Step("denoise")))
    made(context, sitting)
    path, _ = asyncio.run(
        saved_as(context, sitting, [pictures_of(sitting).current], Form(map_name="uncertainty"))
    )
    assert path.name == "bird <b>.denoise.uncertainty.png"
    assert Image.open(path).size == (64, 48)


def test_cancel_ends_it_and_leaves_no_result(context, sitting, photo):
    added(context, sitting, photo)
    keep(sitting, document_of(sitting).add(Step("denoise", samples=256)))

    async def cancelled() -> None:
        async for _ in make(context, sitting, [pictures_of(sitting).current]):
            cancel(sitting)

    with pytest.raises(Cancelled):
        asyncio.run(cancelled())
    assert made_of(sitting, pictures_of(sitting).current) is None
    keep(sitting, document_of(sitting).undo().add(Step("denoise")))
    made(context, sitting)
    assert made_of(sitting, pictures_of(sitting).current) is not None


def test_what_is_no_picture_is_refused_with_its_own_name_and_nothing_is_kept(context, sitting, tmp_path):
    text, damaged = tmp_path / "notes.png", tmp_path / "half.jpg"
    text.write_text("not a picture")
    damaged.write_bytes((SAMPLES / "osprey.jpg").read_bytes()[:30_000])
    assert asyncio.run(add(context, sitting, text)).startswith("notes.png is not a picture")
    assert asyncio.run(add(context, sitting, damaged)).startswith("half.jpg is damaged")
    assert not pictures_of(sitting).by_id
    assert not [path for path in sitting.folder.rglob("*") if path.is_file()]


def test_a_sitting_sees_its_own_pictures_only(context, sitting, photo):
    added(context, sitting, photo)
    value = shown(context, sitting)
    other = context.sittings.of(SimpleNamespace(session_hash="another"))
    reply = rendered(context, {**LOOK, **value, "key": other.key})
    assert reply["error"] == "This picture has been removed."
    assert (
        rendered(context, {**LOOK, **value, "key": "guessed"})["error"] == "This page has ended; reload it."
    )
    assert offered(sitting, photo) not in (offered(sitting, photo), offered(other, photo))


def test_a_broken_extra_input_is_said_without_where_it_is_kept(context, sitting, photo, tmp_path):
    added(context, sitting, photo)
    (tmp_path / "upload").write_text("text")
    mask = places_of(context, sitting).keep(tmp_path / "upload", "mask.png")
    keep(sitting, document_of(sitting).add(Step("denoise", mask=mask)))
    assert seen(context, sitting)[1]["error"].startswith("mask.png is not a picture in a known format")


def test_without_a_step_there_is_nothing_to_make(context, sitting, photo):
    added(context, sitting, photo)
    with pytest.raises(UsageError, match="no step that is on"):
        made(context, sitting)
    with pytest.raises(UsageError, match="no whole result yet"):
        asyncio.run(saved_as(context, sitting, [pictures_of(sitting).current], Form()))


def test_a_format_that_cannot_hold_it_is_refused(context, sitting, photo):
    added(context, sitting, photo)
    keep(sitting, document_of(sitting).add(Step("denoise")))
    made(context, sitting)
    with pytest.raises(VaeeditError, match="mp4"):
        asyncio.run(saved_as(context, sitting, [pictures_of(sitting).current], Form(ending=".mp4")))


def test_what_a_bar_says_is_escaped():
    assert "<script>" not in str(bar(0.5, "<script>"))
