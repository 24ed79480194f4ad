"""Grids, traversals, interpolations and maps of a linear VAE, whose every picture is known."""

import sys

import numpy as np
import pytest
import torch
from linear_vae import HEIGHT, STEP, WIDTH, cells, of_rows
from PIL import Image

from vaeedit import Session, read
from vaeedit.cli.main import call
from vaeedit.errors import MissingExtra, UnknownName, UsageError
from vaeedit.vae.files import VaeInfo, save_vae
from vaeedit.vae.latents import Gaussian, Latents
from vaeedit_show.api import grid, interpolate, latent_map, traverse
from vaeedit_show.coordinates import Coordinate, most_active, parse
from vaeedit_show.straight import slerp
from vaeedit_variants.conditional import ConditionalVAE
from vaeedit_variants.options import ConditionalConfig

SCALE = 32
"""Wide enough that no title is wider than its block."""


def test_a_traversal_of_a_linear_decoder_has_known_values(linear):
    made = traverse(linear, latents=["2", 0], scale=SCALE)
    values = np.linspace(-3, 3, 7)
    for row, latent in zip(cells(made.frame, 2, 7, SCALE), (2, 0), strict=True):
        for image, value in zip(row, values, strict=True):
            wanted = [0.5 + STEP * value * (latent == n) for n in range(HEIGHT)]
            assert np.abs(image - of_rows(*wanted).astype(float)).max() <= 1
    assert len(made.film.frames) == 2 * (4 * 6)
    first, middle = (cells(made.film.frames[n], 1, 1, SCALE, below=24)[0][0] for n in (0, 24))
    assert first[0, 0] < 60 < 195 < middle[0, 0], "latent 0 from -3 to 3, and back"
    assert made.film.frames[0].channels == 3


def test_a_traversal_of_an_image_varies_its_most_active_latents(linear, rows):
    made = traverse(linear, rows, image=0, split="all", steps=3, scale=SCALE)  # the first dark one
    at = cells(made.frame, 3, 3, SCALE)
    for row, latent in zip(at, (1, 2, 0), strict=True):  # as their brightness varies
        assert np.array_equal(row[1], of_rows(0.5, 0.5 if latent == 1 else 0.2, 0.5))
    only = traverse(linear, rows, image=0, count=1, scale=SCALE)
    assert only.frame.height < made.frame.height


def test_the_ends_of_an_interpolation_are_the_reconstructions(linear, tmp_path):
    for name, values in (("a", (0.2, 0.8, 0.5)), ("b", (0.6, 0.3, 0.5))):
        Image.fromarray(of_rows(*values)).save(tmp_path / f"{name}.png")
    ends = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    made = interpolate(linear, *ends, steps=5, scale=SCALE)
    (row,) = cells(made.frame, 1, 5, SCALE, right=WIDTH * SCALE + 12)
    for image, share in zip(row, np.linspace(0, 1, 5), strict=True):
        a, b = (read(end).pixels[..., 0] for end in ends)
        assert np.abs(image - ((1 - share) * a + share * b)).max() <= 1
    (round_,) = cells(
        interpolate(linear, *ends, steps=5, scale=SCALE, way="slerp").frame,
        1,
        5,
        SCALE,
        right=WIDTH * SCALE + 12,
    )
    assert np.abs(round_[0].astype(int) - a).max() <= 1
    assert np.abs(round_[4].astype(int) - b).max() <= 1
    assert not np.array_equal(round_[2], row[2])


def test_slerp_keeps_the_length_and_is_straight_between_parallel_latents():
    a, b = (Latents((Gaussian(torch.tensor(v).view(1, 2, 1, 1)),)) for v in ([3.0, 0.0], [0.0, 3.0]))
    middle = slerp(a, b, 0.5).levels[0].mean.flatten()
    torch.testing.assert_close(middle, torch.tensor([3 / 2**0.5, 3 / 2**0.5]))
    double = Latents((Gaussian(2 * a.levels[0].mean),))
    torch.testing.assert_close(slerp(a, double, 0.5).levels[0].mean.flatten(), torch.tensor([4.5, 0.0]))


def test_a_grid_has_a_row_of_images_reconstructions_and_samples_for_each_class(linear, rows):
    made = grid(linear, rows, columns=2, scale=SCALE)
    again, other = (grid(linear, rows, columns=2, scale=SCALE, seed=seed) for seed in (0, 1))
    assert np.array_equal(made.frame.pixels, again.frame.pixels)
    wide = 2 * (WIDTH * SCALE + 2) + 10
    samples, decoded, images = (cells(made.frame, 3, 2, SCALE, right=n * wide) for n in range(3))
    for row, value in zip(range(3), (0.2, 0.5, 0.8), strict=True):
        for column in range(2):
            wanted = of_rows(0.5, value, 0.5 + 0.02 * column)
            assert np.array_equal(images[row][column], wanted)
            assert np.abs(decoded[row][column] - wanted.astype(float)).max() <= 1
    shifted = cells(other.frame, 3, 2, SCALE)
    assert np.array_equal(shifted[0][0], samples[0][1]), "sample n has the seed + n"
    assert not np.array_equal(samples[0][0], samples[0][1])
    without = grid(linear, rows, columns=2, scale=SCALE, samples=False)
    assert without.frame.width == made.frame.width - wide


def test_a_grid_of_photographs_of_several_sizes_takes_central_squares(tmp_path):
    random = np.random.default_rng(0)
    for index, size in enumerate([(80, 64), (64, 96), (72, 72)]):
        small = Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        small.resize(size, Image.Resampling.BICUBIC).save(tmp_path / f"{index}.png")
    made = grid("photo", tmp_path, columns=3, rows=1, crop=49)
    assert made.frame.pixels.shape == (2 * 12 + 20 + 49, 3 * 12 + 2 * (3 * 51 - 2), 3)
    left, right = made.frame.pixels[32:81, 12:161].astype(float), made.frame.pixels[32:81, 175:324]
    assert np.abs(left - right).mean() < 8, "reconstructions are close"


def test_a_map_separates_clusters_and_names_their_classes(linear, rows):
    drawn = latent_map(linear, rows)
    axes = drawn.axes[0]
    centers = {one.get_label(): one.get_offsets().mean(0) for one in axes.collections}
    assert list(centers) == ["dark", "gray", "light"]
    assert np.ptp([center[0] for center in centers.values()]) == pytest.approx(0.6 / STEP, rel=0.05)
    assert len({tuple(one.get_facecolor()[0]) for one in axes.collections}) == 3
    assert "(99% of the variance)" in axes.get_xlabel()
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == list(centers)
    (alone,) = latent_map(linear, rows, color_by_label=False).axes[0].collections
    assert len(alone.get_offsets()) == 15


def test_a_coordinate_has_the_value_that_it_is_given_and_changes_nothing_else():
    torch.manual_seed(0)
    levels = Latents((Gaussian(torch.randn(1, 3, 2, 2)), Gaussian(torch.randn(1, 2, 4, 6))))
    for name, text in (("2.1", "level 2, channel 1"), ("1.0.1.0", "level 1, channel 0, row 1, column 0")):
        one = parse(name, levels)
        assert one.name(2) == text
        moved = one.at(levels, -2.5)
        assert one.of(moved).item() == pytest.approx(-2.5, abs=1e-5)
        for rank in (0, 1):
            change = moved.levels[rank].mean - levels.levels[rank].mean
            other = change[:, [c for c in range(change.shape[1]) if (rank, c) != (one.level, one.channel)]]
            assert not other.any()
        inside = (moved.levels[one.level].mean - levels.levels[one.level].mean)[0, one.channel]
        changed = inside[inside.abs() > 1e-6]
        assert len(changed) == (1 if one.place else 24)
        torch.testing.assert_close(changed, changed[:1].expand(len(changed)))
    codes = [Latents((Gaussian(torch.tensor([0.0, v, 3 * v]).view(1, 3, 1, 1)),)) for v in (-1.0, 2.0)]
    assert most_active(codes, 2) == [Coordinate(0, 2), Coordinate(0, 1)]
    grids = [
        Latents((Gaussian(torch.tensor([v, -v]).view(1, 1, 1, 2) * torch.tensor([1.0, 2.0])),))
        for v in (0.0, 1.0)
    ]
    assert most_active(grids, 5) == [Coordinate(0, 0, (0, 1)), Coordinate(0, 0, (0, 0))]


def test_the_commands_write_pictures_films_and_figures(linear, rows, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    vae = ["--vae", linear]
    assert call(["show", "grid", rows, *vae, "-o", "new/grid.png", "--columns", "2"]) == 0
    assert call(["show", "traverse", rows, *vae, "-o", "t.gif", "--steps", "3", "--image", "1"]) == 0
    assert "t.gif  (16 frames of " in capsys.readouterr().out
    assert Image.open("t.gif").n_frames == 16
    assert call(["show", "interpolate", "1", "7", "--data", rows, *vae, "-o", "i.mp4", "--steps", "2"]) == 0
    assert b"ftyp" in (tmp_path / "i.mp4").read_bytes()[:16]
    assert call(["show", "map", rows, *vae, "-o", "map.svg"]) == 0
    assert "</svg>" in (tmp_path / "map.svg").read_text()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("grid ROWS --vae VAE -o x.mp4", "x.mp4 does not end in a picture format"),
        ("map ROWS --vae VAE -o x.jpg", "x.jpg is no figure; its name must end in .png, .svg, .pdf"),
        ("map ROWS --vae VAE -o x.png --level 2", "There is no level 2; this VAE has 1"),
        ("map OTHER --vae VAE -o x.png --color-by-label", "have no label; put the images of each class"),
        ("traverse --vae VAE -o x.png", "Name data, by whose images the activity of latents is measured"),
        ("traverse --vae VAE -o x.png --latents 0,7", "There is no latent 7; this VAE has those from 0 to 2"),
        ("traverse --vae VAE -o x.png --latents 0 --image 3", "The image 3 is a number: name the data"),
        ("traverse ROWS --vae VAE -o x.png --image 99", "has no image 99 in its split test; numbers begin at 0"),
        ("traverse --vae photo -o x.png --latents 1.0", "The VAE photo has no prior, which a traversal needs"),
        ("grid ROWS --vae denoise -o x.png", "The VAE denoise codes an image given sigma, and cannot be shown"),
        ("interpolate BIG BIG --vae VAE -o x.png", "takes images of 6x3 pixels, and this one has 5x4"),
        ("interpolate BIG small.png --vae photo -o x.png", "has 5x4 pixels and small.png 6x3; both must have one size"),
        ("interpolate large.png BIG --vae photo -o x.png", "large.png has 600x2 pixels, and pictures of latents take"),
        ("grid OTHER --vae photo -o x.png", "take central squares of one size, for example with --crop 64"),
        ("grid ROWS --vae VAE -o there.png", "there.png exists already"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_a_sentence(linear, rows, tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    Image.new("L", (6, 3)).save("small.png")
    Image.new("L", (600, 2)).save("large.png")
    Image.new("L", (6, 3)).save("other/a.png")
    Image.new("L", (5, 4)).save("other/b.png")
    (tmp_path / "there.png").touch()
    places = {"ROWS": rows, "VAE": linear, "OTHER": "other", "BIG": "other/b.png"}
    assert call(["show", *(places.get(word, word) for word in words.split())]) in (1, 2)
    assert text in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "x.png").exists()


def test_a_notebook_displays_what_is_returned(linear):
    made = traverse(linear, latents=[1])
    assert made._repr_png_()[:4] == b"\x89PNG"


def test_a_latent_of_several_levels_is_named_by_its_level():
    levels = Latents((Gaussian(torch.zeros(1, 3, 2, 2)), Gaussian(torch.zeros(1, 2, 4, 6))))
    for name in ("1", "0.0", "3.0", "2.2", "1.0.2.0", "1.0.0", "x", ""):
        with pytest.raises(
            UsageError, match=r"write LEVEL\.CHANNEL .* level 2: 2 channels of 4 rows and 6 columns"
        ):
            parse(name, levels)


def test_umap_needs_its_extra(linear, rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtra, match=r"A map by UMAP needs .* pip install 'vaeedit\[umap\]'"):
        latent_map(linear, rows, method="umap")


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    """The file of a conditional VAE with random weights."""
    config = {"height": HEIGHT, "width": WIDTH, "widths": (8,), "latents": 2, "classes": 3}
    torch.manual_seed(0)
    vae = ConditionalVAE(ConditionalConfig(**config))
    torch.nn.init.normal_(vae.encoder_labels.weight)
    torch.nn.init.normal_(vae.decoder_labels.weight, std=5)
    path = tmp_path_factory.mktemp("conditional") / "conditional.safetensors"
    names = ("dark", "gray", "light")
    save_vae(path, vae, VaeInfo(name="conditional", architecture="conditional", config=config, classes=names))
    return str(path)


def test_a_vae_that_knows_classes_is_shown_under_the_label_of_each_image(conditional, rows):
    with Session() as session:
        vae = session.vae(conditional)
        drawn = cells(grid(vae, rows, columns=2, scale=SCALE).frame, 3, 2, SCALE)
        for label in range(3):
            given = vae.network.given_labels(torch.tensor([label]))
            with torch.inference_mode():
                sample = given.decode(given.prior(1, (HEIGHT, WIDTH)).sample(2 * label)).mean[0, 0].numpy()
            assert np.abs(drawn[label][0] - 255 * sample).max() <= 1
        named, numbered, other, of_any = (
            traverse(vae, latents=[0], label=label, scale=SCALE).frame.pixels
            for label in ("gray", 1, 2, None)
        )
        assert np.array_equal(named, numbered)
        assert not np.array_equal(named, other)
        assert not np.array_equal(named, of_any)
        assert len(latent_map(vae, rows).axes[0].collections) == 3
        with pytest.raises(UnknownName, match="class"):
            traverse(vae, latents=[0], label="blue")


def test_a_label_for_a_vae_that_knows_no_classes_is_refused(linear):
    with pytest.raises(UsageError, match="The VAE linear knows no classes; leave out the label"):
        traverse(linear, latents=[0], label=1)
