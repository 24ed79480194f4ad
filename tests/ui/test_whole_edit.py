"""Whole edits: downloads equal the files of the command line, byte by byte, and the viewer's parts equal the result."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from worker_here import worker_here

from vaeedit import Frame, Pipeline, Step
from vaeedit.cli.main import call
from vaeedit.errors import VaeeditError
from vaeedit.image import Metadata, read, write
from vaeedit.ui.engine.preview import render
from vaeedit.ui.engine.steps import map_names
from vaeedit.ui.engine.view import View
from vaeedit.ui.engine.whole import Whole, edit_whole, encode

SAMPLES = Path(__file__).parents[2] / "samples/images"
SEED = 5
EXIF = b"Exif\0\0II*\0\x08\0\0\0\1\0\x0f\1\2\0\5\0\0\0\x1a\0\0\0\0\0\0\0Acme\0"


@pytest.fixture(scope="module")
def worker():
    return worker_here()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Small pictures of several kinds by name."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = read(SAMPLES / "osprey.jpg").pixels[100:148, 200:264]
    deep = photo.astype(np.uint16) * 257
    gray, alpha = photo[..., :1], np.linspace(0, 255, 48 * 64).astype(np.uint8).reshape(48, 64)
    metadata = Metadata(exif=EXIF, dpi=(300.0, 300.0))
    write(Frame(photo, metadata=metadata), folder / "photo.jpg", quality=92)
    write(Frame(deep, metadata=metadata), folder / "deep.png")
    write(Frame(deep), folder / "deep.tif")
    write(Frame(gray, alpha, metadata=metadata), folder / "gray.png")
    pages = [Image.fromarray(part) for part in (photo, photo[:, ::-1])]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    return folder


def by_command_line(*arguments: object) -> None:
    assert call([*map(str, arguments)]) == 0


def made(worker, source: Path, pipeline: Pipeline, folder: Path) -> Whole:
    folder.mkdir()
    return edit_whole(worker[0], source, pipeline, folder)


PAIRS = [
    ("photo.jpg", ".jpg"),
    ("photo.jpg", ".png"),
    ("deep.png", ".png"),
    ("deep.png", ".jpg"),
    ("deep.tif", ".tif"),
    ("gray.png", ".png"),
    ("gray.png", ".webp"),
    ("pages.tif", ".tif"),
]


def test_downloads_are_the_files_of_the_command_line(worker, pictures, tmp_path):
    pipeline = Pipeline(Step("denoise", strength=0.8, realism=0.5), seed=SEED)
    for name in dict(PAIRS):
        made(worker, pictures / name, pipeline, tmp_path / name)
    for name, ending in PAIRS:
        ours, theirs = tmp_path / f"ours{ending}", tmp_path / f"theirs{ending}"
        encode(worker[0], tmp_path / name, ours)
        given = ["--strength", 0.8, "--realism", 0.5, "--seed", SEED, "--exists", "overwrite"]
        by_command_line("denoise", pictures / name, "-o", theirs, *given)
        assert ours.read_bytes() == theirs.read_bytes(), (name, ending)
        ours.unlink()


def test_metadata_stay_unless_they_are_stripped(worker, pictures, tmp_path):
    made(worker, pictures / "photo.jpg", Pipeline(Step("vary")), tmp_path / "made")
    kept, stripped = tmp_path / "kept.jpg", tmp_path / "stripped.jpg"
    encode(worker[0], tmp_path / "made", kept)
    encode(worker[0], tmp_path / "made", stripped, "strip", 70)
    assert b"Acme" in (read(kept).metadata.exif or b"")
    assert read(stripped).metadata.exif is None
    assert stripped.stat().st_size < kept.stat().st_size


def test_an_edit_that_changes_nothing_downloads_the_file_itself(worker, pictures, tmp_path):
    made(worker, pictures / "photo.jpg", Pipeline(Step("denoise", strength=0)), tmp_path / "made")
    encode(worker[0], tmp_path / "made", tmp_path / "same.jpg")
    assert (tmp_path / "same.jpg").read_bytes() == (pictures / "photo.jpg").read_bytes()


def test_maps_and_progress(worker, pictures, tmp_path):
    registry = worker[0].session.registry
    pipeline = Pipeline(Step("denoise", sigma=20), Step("denoise", name="again"), Step("vary"))
    worker[1].told.clear()
    whole = made(worker, pictures / "photo.jpg", pipeline, tmp_path / "made")
    assert set(whole.maps) == {"denoise.uncertainty", "uncertainty"} == set(map_names(pipeline, registry))
    assert list(whole.notes) == ["denoise", "again", "vary"]
    shares = [done for done, _ in worker[1].told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert "Editing, step 2 of 3" in dict.fromkeys(text for _, text in worker[1].told)
    encode(worker[0], tmp_path / "made", tmp_path / "map.png", "keep", None, "uncertainty")
    by_command_line(
        "chain",
        "denoise --sigma 20 | denoise | vary",
        pictures / "photo.jpg",
        *("-o", tmp_path / "cli.png"),
    )
    assert read(tmp_path / "map.png").channels == 1
    encode(worker[0], tmp_path / "made", tmp_path / "ours.png")
    assert np.array_equal(read(tmp_path / "ours.png").pixels, read(tmp_path / "cli.png").pixels)


def test_the_viewer_shows_the_result_itself(worker, pictures, tmp_path):
    pipeline = Pipeline(Step("denoise", sigma=20))
    folder = tmp_path / "made"
    whole = made(worker, pictures / "photo.jpg", pipeline, folder)
    encode(worker[0], folder, tmp_path / "whole.png")
    pixels = read(tmp_path / "whole.png").pixels
    view = View((0.25, 0.5, 0.75, 1.0), 32, 24, ("before", "after", "uncertainty"))
    shown = render(worker[0], pictures / "photo.jpg", pipeline, view, (folder, whole))
    assert shown.exact
    assert shown.scale == 1
    layers = {name: cv2.imdecode(np.frombuffer(data, np.uint8), -1) for name, data in shown.layers.items()}
    assert np.array_equal(layers["after"][..., ::-1], pixels[24:48, 16:48])
    assert np.array_equal(layers["before"][..., ::-1], read(pictures / "photo.jpg").pixels[24:48, 16:48])
    assert layers["uncertainty"].shape == (24, 32)
    low, high = shown.ranges["uncertainty"]
    assert low == 0
    assert high >= whole.notes["denoise"]["white_uncertainty"]


def test_a_film_is_shown_by_its_middle_and_downloaded_whole(worker, pictures, tmp_path):
    pipeline = Pipeline(Step("interpolate", other=str(pictures / "photo.jpg"), frames=3, side=32))
    whole = made(worker, pictures / "deep.png", pipeline, tmp_path / "made")
    assert whole.film
    encode(worker[0], tmp_path / "made", tmp_path / "film.gif")
    assert getattr(Image.open(tmp_path / "film.gif"), "n_frames", 1) == 3
    shown = render(worker[0], pictures / "deep.png", pipeline, View((0, 0, 1, 1), 64, 48))
    assert "middle frame" in shown.note


def test_a_format_that_cannot_be_written_is_a_sentence(worker, pictures, tmp_path):
    made(worker, pictures / "photo.jpg", Pipeline(Step("denoise", strength=0)), tmp_path / "made")
    with pytest.raises(VaeeditError, match="xyz"):
        encode(worker[0], tmp_path / "made", tmp_path / "out.xyz")
    assert not (tmp_path / "out.xyz").exists()
