"""Files of several pictures on the command line: each picture is edited, and the output holds as many."""

import json

import numpy as np
import pytest
from PIL import Image

import vaeedit as package

TIMES = [100, 50, 200]


def _noisy(seed: int, size=(40, 32)) -> Image.Image:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    clean = np.stack([columns * 4, rows * 5, 200 - columns], axis=2)
    return Image.fromarray(np.clip(clean + rng.normal(0, 20, clean.shape), 0, 255).astype(np.uint8))


@pytest.fixture
def pictures():
    return [_noisy(0), _noisy(1), _noisy(0)]


def _pixels(path) -> list[np.ndarray]:
    found = []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            found.append(np.asarray(image.convert("RGB")).astype(float))
    return found


def _save(pictures, path, **options):
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **options)
    return path


def test_each_page_of_a_tiff_is_edited_and_equal_pages_give_equal_results(vaeedit, pictures, tmp_path):
    source = _save([*pictures, _noisy(2, (24, 20)).convert("L")], tmp_path / "scan.tif")
    before = source.read_bytes()
    ran = vaeedit("denoise", "scan.tif", "--realism", "0.5", "--uncertainty", "doubt.tif", "--json")
    record = json.loads(ran.out)
    assert source.read_bytes() == before
    pages, alone = _pixels(tmp_path / "scan.denoise.tif"), []
    for index, picture in enumerate(pictures[:2]):
        picture.save(tmp_path / f"alone{index}.tif")
        assert vaeedit("denoise", f"alone{index}.tif", "--realism", "0.5").code == 0
        alone += _pixels(tmp_path / f"alone{index}.denoise.tif")
    assert [page.shape for page in pages] == [(32, 40, 3)] * 3 + [(20, 24, 3)]
    for page, wanted in zip(pages, [*alone, alone[0]], strict=False):
        np.testing.assert_array_equal(page, wanted)
    assert [sorted(notes) for notes in record["pages"]] == [["denoise"]] * 4
    assert record["notes"] == {}
    assert len(_pixels(tmp_path / "doubt.tif")) == 4


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_animation_stays_one_with_its_times(vaeedit, pictures, tmp_path, suffix):
    options = {} if suffix == "gif" else {"lossless": True} if suffix == "webp" else {}
    _save(pictures, tmp_path / f"in.{suffix}", duration=TIMES, loop=2, **options)
    ran = vaeedit("denoise", f"in.{suffix}", "-o", f"out.{suffix}", "--compare", "both.png")
    assert "3 pictures" in ran.out, ran
    for name, tall in ((f"out.{suffix}", 32), ("both.png", 32)):
        with Image.open(tmp_path / name) as image:
            shown = []
            for index in range(image.n_frames):
                image.seek(index)
                image.load()
                shown.append(image.info["duration"])
            assert (shown, image.height) == (TIMES, tall)
    old, new = _pixels(tmp_path / f"in.{suffix}"), _pixels(tmp_path / f"out.{suffix}")
    assert all(3 < np.abs(one - two).mean() < 40 for one, two in zip(old, new, strict=True))


def test_the_note_on_the_edit_is_there_once_and_found(vaeedit, pictures, tmp_path):
    _save(pictures, tmp_path / "scan.tif")
    assert vaeedit("denoise", "scan.tif", "-o", "out.tif").code == 0
    assert (tmp_path / "out.tif").read_bytes().count(b"vaeedit:made=") == 1
    info = vaeedit("info", "out.tif").out
    assert "pictures: 3" in info
    assert "denoise" in info
    assert vaeedit("run", "--from", "out.tif", "scan.tif", "-o", "again.tif").code == 0
    again = _pixels(tmp_path / "again.tif")
    np.testing.assert_array_equal(again, _pixels(tmp_path / "out.tif"))


def test_batches_with_workers_and_resume(vaeedit, run_vaeedit, pictures, tmp_path):
    (tmp_path / "in").mkdir()
    _save(pictures, tmp_path / "in" / "scan.tif")
    _save(pictures, tmp_path / "in" / "dance.gif", duration=TIMES)
    damaged = bytearray((tmp_path / "in" / "scan.tif").read_bytes())
    (tmp_path / "in" / "cut.tif").write_bytes(damaged[:-300])
    flags = ("denoise", "in", "-o", "out", "--compare", "seen")
    ran = run_vaeedit(*flags, "--workers", "2", cwd=tmp_path)
    assert ran.returncode == 1
    assert b"in/cut.tif" in ran.stderr
    assert sorted(path.name for path in (tmp_path / "out").glob("*.*f")) == ["dance.gif", "scan.tif"]
    assert len(_pixels(tmp_path / "seen" / "scan.compare.png")) == 3
    again = vaeedit(*flags, "--resume")
    assert "0 of 3 done, 2 skipped, 1 failed." in again.err


def test_nothing_changes_and_nothing_is_encoded_anew_at_strength_zero(vaeedit, pictures, tmp_path):
    source = _save(pictures, tmp_path / "in.gif", duration=TIMES)
    assert vaeedit("denoise", "in.gif", "-o", "out.gif", "--strength", "0").code == 0
    assert (tmp_path / "out.gif").read_bytes() == source.read_bytes()


def test_standard_input_and_output_keep_the_format(run_vaeedit, pictures, tmp_path):
    source = _save(pictures, tmp_path / "scan.tif")
    ran = run_vaeedit("denoise", "-", "-o", "-", cwd=tmp_path, stdin=source.read_bytes())
    (tmp_path / "out.tif").write_bytes(ran.stdout)
    assert len(_pixels(tmp_path / "out.tif")) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["denoise", "in.gif", "-o", "out.jpg"], "JPEG holds one picture, not 3"),
        (["style", "one.png", "--style", "in.gif"], "in.gif holds 3 pictures; split it first"),
        (["interpolate", "in.gif", "one.png", "-o", "film.gif"], "in.gif holds 3 pictures; split it first"),
    ],
)
def test_what_takes_one_picture_says_so(vaeedit, pictures, tmp_path, arguments, words):
    _save(pictures, tmp_path / "in.gif", duration=TIMES)
    pictures[0].save(tmp_path / "one.png")
    ran = vaeedit(*arguments)
    assert ran.code == 1
    assert words in ran.err
    assert not {path.name for path in tmp_path.iterdir()} - {"in.gif", "one.png"}


def test_a_side_picture_that_cannot_hold_all_sizes_shows_the_first_with_a_warning(
    vaeedit, pictures, tmp_path
):
    _save([pictures[0], _noisy(2, (24, 20))], tmp_path / "scan.tif")
    ran = vaeedit("denoise", "scan.tif", "-o", "out.tif", "--compare", "both.png")
    assert "both.png: it shows the first of 2 pictures" in ran.err
    assert len(_pixels(tmp_path / "both.png")) == 1


@pytest.mark.parametrize("suffix", ["tif", "gif"])
def test_from_python_one_result_has_all_and_saves_them(vaeedit, pictures, tmp_path, suffix):
    options = {"duration": TIMES, "loop": 1} if suffix == "gif" else {}
    source = _save(pictures, tmp_path / f"in.{suffix}", **options)
    assert vaeedit("denoise", source.name, "-o", f"out.{suffix}").code == 0
    result = package.edit(source, "denoise")
    assert len(result.pages) == len(list(package.read_pages(source))) == 3
    assert "pages: 3" in repr(result)
    np.testing.assert_array_equal(np.asarray(result), np.asarray(result.pages[0]))
    result.save(tmp_path / f"saved.{suffix}")
    for one, two in zip(
        _pixels(tmp_path / f"saved.{suffix}"), _pixels(tmp_path / f"out.{suffix}"), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    assert (
        package.read_pages(tmp_path / f"saved.{suffix}").milliseconds
        == package.read_pages(source).milliseconds
    )
    with pytest.raises(package.VaeeditError, match="JPEG holds one picture, not 3"):
        result.save(tmp_path / "saved.jpg")
