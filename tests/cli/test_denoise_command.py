"""`vaeedit denoise` does what its help says, end to end."""

import io
import json
from pathlib import Path

import numpy as np
import png
import pytest
import tifffile
from PIL import Image, ImageCms

from vaeedit.batch.journal import NAME

OSPREY = Path(__file__).parents[2] / "samples" / "images" / "osprey.jpg"


@pytest.fixture(scope="module")
def first(tmp_path_factory, run_vaeedit, photo):
    """One JPEG with EXIF and a color profile, denoised once by a real process."""
    folder = tmp_path_factory.mktemp("first")
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = photo(folder / "in.jpg", size=(60, 100), exif=exif.tobytes(), icc_profile=profile)
    before = source.read_bytes()
    flags = ["--json", "--compare", "both.png", "--uncertainty", "doubt.png"]
    done = run_vaeedit("denoise", "in.jpg", *flags, cwd=folder)
    return folder, before, profile, done


def test_the_result_lies_beside_the_input_which_is_untouched(first):
    folder, before, _, done = first
    assert (done.returncode, done.stderr) == (0, b"")
    assert {p.name for p in folder.iterdir()} == {"in.jpg", "in.denoise.jpg", "both.png", "doubt.png"}
    assert (folder / "in.jpg").read_bytes() == before


def test_a_json_line_says_what_was_done(first):
    (line,) = first[3].stdout.decode().splitlines()
    record = json.loads(line)
    assert (record["input"], record["output"], record["status"]) == ("in.jpg", "in.denoise.jpg", "done")
    assert (record["width"], record["height"]) == (60, 100)  # upright: the orientation tag is applied
    assert record["warnings"] == []
    assert 0 < record["seconds"] < 60
    assert 0 < record["notes"]["denoise"]["estimated_sigma"] < 75
    assert record["sides"] == {"compare": "both.png", "uncertainty": "doubt.png"}


def test_exif_and_profile_survive_and_the_orientation_is_applied_once(first):
    folder, _, profile, _ = first
    with Image.open(folder / "in.denoise.jpg") as image:
        assert image.format == "JPEG"
        assert image.size == (60, 100)
        assert image.getexif()[0x010F] == "Acme"
        assert image.getexif().get(0x0112, 1) == 1
        assert image.info["icc_profile"] == profile


def test_compare_and_uncertainty_are_pictures(first):
    folder = first[0]
    with Image.open(folder / "both.png") as image:
        assert image.mode == "RGB"
        assert image.width >= 2 * 60
        assert image.height >= 100
        halves = np.asarray(image)
        assert (halves[40:100, :50] != halves[40:100, -50:]).any()  # before and after differ
    with Image.open(folder / "doubt.png") as image:
        assert (image.mode, image.size) == ("L", (60, 100))
        assert np.ptp(np.asarray(image)) > 50


def test_the_output_differs_from_the_input(first, pixels):
    folder = first[0]
    with Image.open(folder / "in.jpg") as image:
        upright = np.asarray(image.transpose(Image.Transpose.ROTATE_270)).astype(int)
    change = np.abs(pixels(folder / "in.denoise.jpg") - upright)
    assert 0.5 < change.mean() < 40


def test_several_inputs_each_get_their_result(vaeedit, photo, tmp_path):
    for name in ("a.jpg", "b.png", "c.webp"):
        photo(tmp_path / name)
    ran = vaeedit("denoise", "a.jpg", "b.png", "c.webp")
    assert ran.code == 0
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == [
        "a.jpg -> a.denoise.jpg",
        "b.png -> b.denoise.png",
        "c.webp -> c.denoise.webp",
    ]
    assert "3 of 3 done." in ran.err
    for name, kind in (("a.denoise.jpg", "JPEG"), ("b.denoise.png", "PNG"), ("c.denoise.webp", "WEBP")):
        with Image.open(tmp_path / name) as image:
            assert (image.format, image.size) == (kind, (88, 72))


def test_a_folder_goes_into_a_folder(vaeedit, photo, tmp_path):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in" / "a.jpg")
    photo(tmp_path / "in" / "b.png")
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    ran = vaeedit("denoise", "in", "-o", "deep/out", "--json", "--compare", "cmp")
    assert ran.code == 0
    assert sorted(p.name for p in (tmp_path / "deep" / "out").glob("*.*")) == ["a.jpg", "b.png", NAME]
    assert sorted(p.name for p in (tmp_path / "cmp").iterdir()) == ["a.compare.png", "b.compare.png"]
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [record["output"] for record in records] == ["deep/out/a.jpg", "deep/out/b.png"]
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == ["a.jpg", "b.png", "notes.txt"]


def test_standard_input_and_output_carry_one_picture(run_vaeedit, photo, tmp_path):
    source = photo(tmp_path / "in.png")
    piped = run_vaeedit("denoise", "-", "-o", "-", cwd=tmp_path, stdin=source.read_bytes())
    assert (piped.returncode, piped.stderr) == (0, b"")
    with Image.open(io.BytesIO(piped.stdout)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (88, 72))
        streamed = np.asarray(image)
    filed = run_vaeedit("denoise", "-", "-o", "out.png", cwd=tmp_path, stdin=source.read_bytes())
    assert filed.returncode == 0
    assert filed.stdout.startswith(b"standard input -> out.png")
    assert (np.asarray(Image.open(tmp_path / "out.png")) == streamed).all()


def test_a_file_sent_to_standard_output_keeps_its_format(run_vaeedit, photo, tmp_path):
    photo(tmp_path / "in.jpg")
    done = run_vaeedit("denoise", "in.jpg", "-o", "-", "--json", cwd=tmp_path)
    assert Image.open(io.BytesIO(done.stdout)).format == "JPEG"
    assert [p.name for p in tmp_path.iterdir()] == ["in.jpg"]


def test_in_place_replaces_the_input(vaeedit, photo, pixels, tmp_path):
    source = photo(tmp_path / "in.png")
    before = pixels(source)
    assert vaeedit("denoise", "in.png", "-o", "other.png").code == 0
    assert vaeedit("denoise", "in.png", "--in-place").code == 0
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["in.png", "other.png"]
    assert (pixels(source) == pixels(tmp_path / "other.png")).all()
    assert (pixels(source) != before).any()


def test_what_exists_is_kept_skipped_replaced_or_avoided_as_asked(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png")
    there = tmp_path / "in.denoise.png"
    there.write_bytes(b"precious")
    ran = vaeedit("denoise", "in.png")
    ran.assert_refused(2, "in.denoise.png exists", "overwrite", "skip", "unique")
    assert vaeedit("denoise", "in.png", "--exists", "skip").code == 0
    assert vaeedit("denoise", "in.png", "--exists", "unique").code == 0
    assert there.read_bytes() == b"precious"
    assert Image.open(tmp_path / "in.denoise-1.png").size == (88, 72)
    assert vaeedit("denoise", "in.png", "--exists", "overwrite").code == 0
    assert there.read_bytes() == (tmp_path / "in.denoise-1.png").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.denoise-1.png", "in.denoise.png", "in.png"]


def test_skip_leaves_what_is_done_and_does_the_rest_even_with_a_compare_folder(vaeedit, photo, tmp_path):
    for name in ("a.png", "b.png"):
        photo(tmp_path / name)
    arguments = ["denoise", "a.png", "b.png", "-o", "out", "--compare", "cmp/", "--exists", "skip"]
    assert vaeedit(*arguments).code == 0
    (tmp_path / "out" / "b.png").unlink()
    (tmp_path / "cmp" / "b.compare.png").unlink()
    done = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    assert vaeedit(*arguments).code == 0
    assert (tmp_path / "out" / "b.png").exists()
    assert (tmp_path / "cmp" / "b.compare.png").exists()
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == done


def test_strength_zero_keeps_the_very_bytes_of_every_format(vaeedit, photo, tmp_path):
    sources = [photo(tmp_path / f"in.{suffix}") for suffix in ("jpg", "png", "webp", "tif", "bmp")]
    assert vaeedit("denoise", *sources, "-o", "out", "--strength", "0").code == 0
    for source in sources:
        assert (tmp_path / "out" / source.name).read_bytes() == source.read_bytes()


def test_strength_zero_keeps_the_bytes_beside_an_uncertainty_map_and_another_spelling(
    vaeedit, photo, tmp_path
):
    source = photo(tmp_path / "in.jpg")
    ran = vaeedit("denoise", "in.jpg", "-o", "OUT.JPEG", "--strength", "0", "--uncertainty", "doubt.png")
    assert ran.code == 0
    assert (tmp_path / "OUT.JPEG").read_bytes() == source.read_bytes()
    assert Image.open(tmp_path / "doubt.png").size == (88, 72)


def test_strength_zero_keeps_the_pixels_in_another_format_and_the_bytes_on_standard_output(
    vaeedit, run_vaeedit, photo, pixels, tmp_path
):
    source = photo(tmp_path / "in.jpg")
    assert vaeedit("denoise", "in.jpg", "-o", "out.png", "--strength", "0").code == 0
    assert (pixels(tmp_path / "out.png") == pixels(source)).all()
    done = run_vaeedit("denoise", "in.jpg", "-o", "-", "--strength", "0", cwd=tmp_path)
    assert done.stdout == source.read_bytes()


def test_the_seed_alone_decides_a_sample(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png")
    for name, seed in (("one", 1), ("again", 1), ("two", 2), ("huge", 10**30)):
        ran = vaeedit("denoise", "in.png", "-o", f"{name}.png", "--realism", "1", "--seed", seed)
        assert ran.code == 0, ran
    one, again, two, huge = ((tmp_path / f"{n}.png").read_bytes() for n in ("one", "again", "two", "huge"))
    assert one == again
    assert len({one, two, huge}) == 3


def test_the_mean_does_not_depend_on_the_seed(vaeedit, photo, pixels, tmp_path):
    photo(tmp_path / "in.png")
    assert vaeedit("denoise", "in.png", "-o", "a.png", "--seed", "1").code == 0
    assert vaeedit("denoise", "in.png", "-o", "b.png", "--seed", "2").code == 0
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()


def test_the_record_and_the_note_name_tiles_that_were_chosen(vaeedit, photo, tmp_path, monkeypatch):
    photo(tmp_path / "in.png", size=(64, 1400))
    ran = vaeedit("denoise", "in.png", "-o", "whole.png", "--sigma", "9", "--json")
    assert json.loads(ran.out)["tile"] is None
    monkeypatch.setattr("vaeedit.vae.loaded.tile_area", lambda *_: 60_000)
    ran = vaeedit("denoise", "in.png", "-o", "tiled.png", "--sigma", "9", "--json")
    record = json.loads(ran.out)
    assert record["tile"] == record["notes"]["denoise"]["tile"]
    assert record["tile"][0] == 64
    assert record["tile"][1] < 1400


@pytest.mark.parametrize("extra", [[], ["--realism", "1"]], ids=["mean", "sample"])
def test_tiles_change_nothing_that_can_be_seen(vaeedit, photo, pixels, tmp_path, extra):
    photo(tmp_path / "in.png", size=(200, 170))
    deep = np.asarray(Image.open(tmp_path / "in.png")).astype(np.float32) / 255
    tifffile.imwrite(tmp_path / "in.tif", deep, photometric="rgb")
    for name in ("in.png", "in.tif"):
        whole, tiled = f"whole-{name}", f"tiled-{name}"
        assert vaeedit("denoise", name, "-o", whole, *extra).code == 0
        assert vaeedit("denoise", name, "-o", tiled, "--tile", "64", *extra).code == 0
    steps = np.abs(pixels(tmp_path / "whole-in.png") - pixels(tmp_path / "tiled-in.png"))
    assert steps.max() <= 1
    floats = [tifffile.imread(tmp_path / f"{kind}-in.tif") for kind in ("whole", "tiled")]
    assert floats[0].dtype == np.float32
    assert np.abs(floats[0] - floats[1]).max() <= 1e-4
    assert np.abs(floats[0] - deep).max() > 0.01  # and something was done at all


def _write_png(path, values, bits):
    height, width, planes = values.shape
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[planes]
    writer = png.Writer(width, height, greyscale=mode[0] == "L", alpha=mode[-1] == "A", bitdepth=bits)
    with path.open("wb") as file:
        writer.write(file, values.reshape(height, -1).tolist())


def _read_png(path):
    width, height, rows, info = png.Reader(filename=str(path)).read()
    values = np.array([list(row) for row in rows]).reshape(height, width, info["planes"])
    return values, info["bitdepth"]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planes", [1, 2, 3, 4], ids=["gray", "gray+alpha", "rgb", "rgba"])
def test_mode_and_depth_stay_and_alpha_is_untouched(vaeedit, tmp_path, planes, bits):
    peak = 2**bits - 1
    random = np.random.default_rng(planes)
    ramp = np.linspace(0.2, 0.8, 40)[:, None, None] + random.normal(0, 0.06, (40, 51, planes))
    values = np.rint(np.clip(ramp, 0, 1) * peak).astype(int)
    _write_png(tmp_path / "in.png", values, bits)
    ran = vaeedit("denoise", "in.png")
    assert (ran.code, ran.err) == (0, "")
    result, depth = _read_png(tmp_path / "in.denoise.png")
    assert depth == bits
    assert result.shape == values.shape
    colors = planes - 1 if planes in (2, 4) else planes
    assert (result[:, :, colors:] == values[:, :, colors:]).all()
    change = np.abs(result[:, :, :colors] - values[:, :, :colors]) / peak
    assert 0.01 < change.mean() < 0.1
    if bits == 16:
        assert (result[:, :, :colors] % 257 != 0).mean() > 0.9  # truly 16 bits, not 8 stretched


def test_every_size_comes_back_in_its_size(vaeedit, photo, tmp_path):
    sizes = {"one": (1, 1), "row": (1, 7), "column": (7, 1), "strip": (3, 5000), "odd": (127, 131)}
    for name, size in sizes.items():
        photo(tmp_path / f"{name}.png", size=size)
    ran = vaeedit("denoise", *(f"{name}.png" for name in sizes), "--realism", "0.5")
    assert ran.code == 0, ran.err
    for name, (height, width) in sizes.items():
        with Image.open(tmp_path / f"{name}.denoise.png") as image:
            assert image.size == (width, height)


@pytest.fixture(scope="module")
def noisy_and_clean(tmp_path_factory):
    """Part of a photograph, with and without Gaussian noise of sigma 25."""
    folder = tmp_path_factory.mktemp("noisy")
    with Image.open(OSPREY) as image:
        clean = np.asarray(image.convert("RGB").reduce(2))[:240, :240]  # which leaves no JPEG blocks
    noisy = clean + np.random.default_rng(0).normal(0, 25, clean.shape)
    Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)).save(folder / "noisy.png")
    return folder / "noisy.png", clean


@pytest.mark.parametrize("sigma", ["25", "auto"])
def test_it_really_denoises(vaeedit, noisy_and_clean, pixels, psnr, tmp_path, sigma):
    noisy, clean = noisy_and_clean
    assert vaeedit("denoise", noisy, "-o", "out.png", "--sigma", sigma).code == 0
    gain = psnr(pixels(tmp_path / "out.png"), clean) - psnr(pixels(noisy), clean)
    assert gain >= 3


def test_the_mean_beats_every_single_sample_and_more_strength_removes_more(
    vaeedit, noisy_and_clean, pixels, psnr, tmp_path
):
    noisy, clean = noisy_and_clean

    def quality(*flags):
        ran = vaeedit("denoise", noisy, "-o", "out.png", "--exists", "overwrite", "--sigma", "25", *flags)
        assert ran.code == 0
        return psnr(pixels(tmp_path / "out.png"), clean)

    mean = quality()
    samples = [quality("--samples", "1", "--detail", "0", "--seed", seed) for seed in range(4)]
    assert mean > max(samples)
    assert mean > quality("--realism", "0.5") > quality("--realism", "1")
    assert mean > quality("--strength", "0.4") > psnr(pixels(noisy), clean)
