"""`style` end to end: identities, colors, texture, extra inputs, sizes, modes and tiles."""

import cv2
import numpy as np
import pytest

from vaeedit import Frame, Session, Step, read, write
from vaeedit.cli.main import call
from vaeedit.errors import OptionError, VaeeditWarning
from vaeedit.image import Metadata


def landscape(height=96, width=120):
    """A smooth blue sky over a darker ground with some edges."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    sky = np.stack([0.4 + 0.2 * columns / width, 0.6 + 0 * rows, 0.9 - 0.2 * rows / height], 2)
    sky[rows > height * 0.6] = (0.2, 0.3, 0.2)
    sky[(columns // 20 % 2 == 0) & (rows > height * 0.4) & (rows < height * 0.7)] = (0.7, 0.7, 0.6)
    return np.rint(sky * 255).astype(np.uint8)


def painting(height=100, width=100, color=(0.8, 0.4, 0.1)):
    """Strokes of a few pixels in shades of one color."""
    noise = np.random.default_rng(0).normal(size=(height, width)).astype(np.float32)
    strokes = cv2.GaussianBlur(noise, (0, 0), sigmaX=6, sigmaY=1.2)
    shade = 0.6 + 0.4 * strokes / np.abs(strokes).max()
    return np.rint(shade[..., None] * np.array(color, np.float32) * 255).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def session():
    with Session(device="cpu", precision="float32") as opened:
        yield opened


@pytest.fixture
def styled(session, tmp_path):
    """Style pixels by pictures, one by default."""

    def run(pixels, *styles, tile=None, mask=None, **options):
        names = []
        for number, style in enumerate(styles or (painting(),)):
            write(Frame(style), name := tmp_path / f"{number}.png")
            names.append(str(name))
        if mask is not None:
            write(Frame(mask), tmp_path / "mask.png")
            options["mask"] = str(tmp_path / "mask.png")
        frame = pixels if isinstance(pixels, Frame) else Frame(pixels)
        return session.run(Step("style", style=names, **options), frame, tile=tile).frame

    return run


def floats(pixels):
    return pixels.astype(np.float32) / 255


def fine(pixels):
    """Deviation of what is finer than a few pixels, in the even part of the sky."""
    gray = floats(pixels).mean(2)[4:34, 4:110]
    return (gray - cv2.GaussianBlur(gray, (0, 0), 4)).std()


def test_strength_zero_is_the_picture(styled):
    assert np.array_equal(styled(landscape(), strength=0).pixels, landscape())


@pytest.mark.parametrize("texture", [0, 0.6, 1])
@pytest.mark.parametrize("picture", [landscape, painting])
def test_a_picture_in_its_own_style_stays_as_it_is(styled, picture, texture):
    difference = styled(picture(), picture(), texture=texture).pixels.astype(int) - picture()
    assert np.abs(difference).max() <= 1


def test_colors_are_the_styles_and_strength_goes_there(styled):
    wanted, own = floats(painting()).mean((0, 1)), floats(landscape()).mean((0, 1))
    distances = [
        np.abs(floats(styled(landscape(), strength=strength).pixels).mean((0, 1)) - wanted).max()
        for strength in (0.3, 0.7, 1)
    ]
    assert np.abs(own - wanted).max() > distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.06


def test_texture_is_laid_on_by_degrees(styled):
    found = [fine(styled(landscape(), texture=texture).pixels) for texture in (0, 0.3, 1)]
    assert found[0] < 0.01
    assert found[1] > 2 * found[0]
    assert found[2] > 1.3 * found[1]
    assert found[2] > 0.3 * fine(np.tile(painting(), (1, 2, 1))[:96, :120])


def test_strokes_keep_their_direction(styled):
    gray = floats(styled(landscape(), texture=1).pixels).mean(2)[4:34, 4:110]
    assert np.abs(np.diff(gray, axis=0)).mean() > 1.5 * np.abs(np.diff(gray, axis=1)).mean()


def test_auto_takes_texture_of_paintings_only(styled):
    dusk = cv2.GaussianBlur(painting(240, 320), (0, 0), 8)
    dusk[:, :160] = painting(240, 320)[:, :160]  # half of it out of focus
    for style, same in ((painting(240, 320), 0.5), (dusk, 0)):
        assert np.array_equal(
            styled(landscape(), style).pixels, styled(landscape(), style, texture=same).pixels
        )


def test_levels_choose_the_scale_of_texture(styled):
    plain = floats(styled(landscape(), texture=0).pixels)
    change = {
        levels: (floats(styled(landscape(), levels=levels).pixels) - plain).mean(2)
        for levels in ("all", "coarse", "fine")
    }
    fineness = {levels: _band(x, 0, 1.5) / _band(x, 1.5, 3) for levels, x in change.items()}
    assert fineness["fine"] > 1.15 * max(fineness["coarse"], fineness["all"])
    assert _band(change["coarse"], 1.5, 3) > 1.2 * _band(change["fine"], 1.5, 3)
    assert _band(change["all"], 1.5, 3) > 1.2 * _band(change["fine"], 1.5, 3)
    assert min(np.abs(x).mean() for x in change.values()) > 0.3 / 255


def _band(plane, fine, coarse):
    """Deviation of what lies between two Gaussian blurs."""
    blurred = (cv2.GaussianBlur(plane, (0, 0), sigma) if sigma else plane for sigma in (fine, coarse))
    return np.subtract(*blurred).std()


def test_weights_choose_between_styles(styled):
    red, blue = painting(color=(0.9, 0.1, 0.1)), painting(color=(0.1, 0.1, 0.9))
    reds = [
        floats(styled(landscape(), red, blue, weights=weights).pixels)[..., 0].mean()
        for weights in ((1, 0), (3, 1), (1, 3), (0, 1))
    ]
    assert reds == sorted(reds, reverse=True)
    assert reds[0] > reds[-1] + 0.2
    even = styled(landscape(), red, blue).pixels
    assert np.array_equal(even, styled(landscape(), red, blue, weights=(2, 2)).pixels)
    alone = styled(landscape(), red).pixels.astype(int)
    assert np.abs(styled(landscape(), red, blue, weights=(1, 0)).pixels - alone).max() <= 1


@pytest.mark.parametrize("weights", [(1,), (1, 2, 3), (0, 0), (-1, 2)])
def test_weights_that_do_not_fit_are_refused(styled, weights):
    with pytest.raises(OptionError, match="each of the 2 style pictures"):
        styled(landscape(), painting(), painting(), weights=weights)


def test_own_colors_are_kept_while_texture_is_laid_on(styled):
    result = styled(landscape(), preserve_color=True).pixels
    inside = (result > 0).all(2) & (result < 255).all(2)
    change = result.astype(int) - landscape()
    assert np.ptp(change, 2)[inside].max() <= 1  # the same in red, green and blue
    assert fine(result) > 2 * fine(landscape())


@pytest.mark.parametrize("size", [(96, 120), (48, 60), (8, 10)])
def test_a_mask_of_any_size_says_where(styled, size):
    mask = np.zeros((*size, 1), np.uint8)
    mask[:, : size[1] // 2] = 255
    change = np.abs(styled(landscape(), mask=mask).pixels.astype(int) - landscape()).mean((0, 2))
    assert change[:30].min() > 5
    assert change[90:].max() == 0


def test_tiles_equal_the_whole(styled):
    long = landscape(16, 640)
    deep = Frame(floats(long))
    whole = styled(deep, tile=900).pixels
    assert np.abs(whole - styled(deep, tile=160).pixels).max() <= 1e-4
    assert np.abs(whole - floats(long)).mean() > 0.05


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 3), (37, 51), (8, 300)])
def test_any_size_of_content_and_style(styled, size):
    for content, style in ((landscape(*size), painting()), (landscape(20, 20), painting(*size))):
        result = styled(content, style).pixels
        assert result.shape == content.shape
        wanted = floats(style).mean((0, 1))
        assert np.abs(floats(content).mean((0, 1)) - wanted).max() > 0.4
        assert np.abs(floats(result).mean((0, 1)) - wanted).max() < 0.1


def test_even_pictures_are_no_trouble(styled):
    gray, red = np.full((20, 30, 3), 128, np.uint8), np.full((25, 25, 3), (200, 20, 20), np.uint8)
    assert np.abs(styled(gray, red).pixels.astype(int) - (200, 20, 20)).max() <= 2
    assert np.isfinite(styled(Frame(floats(gray)), painting()).pixels).all()


def test_a_gray_picture_takes_the_colors_that_the_style_has_at_its_lightness(styled):
    dusk = np.linspace((0, 0, 100), (255, 240, 120), 64)[:, None].repeat(64, 1).astype(np.uint8)
    gray = landscape()[..., 1:2]
    result = floats(styled(gray, dusk, texture=0).pixels)
    assert result.shape == (*gray.shape[:2], 3)
    blue = result[..., 2] - result[..., 0]
    dark = gray[..., 0] < 90
    assert blue[dark].mean() > 0.2 > -0.2 > blue[~dark].mean()


def test_gray_stays_gray_where_no_color_is_wanted(styled):
    gray = Frame(landscape()[..., :1])
    assert styled(gray, preserve_color=True).mode == "L"
    assert styled(gray, painting()[..., :1]).mode == "L"


def test_alpha_and_sixteen_bits_stay(styled):
    pixels = (landscape(33, 41).astype(np.uint16) * 257)[..., :1]
    alpha = np.random.default_rng(0).integers(0, 65535, (33, 41)).astype(np.uint16)
    result = styled(Frame(pixels, alpha=alpha, metadata=Metadata(icc=b"gray")))
    assert (result.mode, result.depth, result.metadata.icc) == ("RGBA", 16, None)
    assert np.array_equal(result.alpha, alpha)
    assert np.abs(result.floats() - pixels / 65535).mean() > 0.02
    assert (result.pixels % 257 != 0).mean() > 0.9


def test_a_gray_style_takes_the_colors_away(styled):
    gray = np.repeat(painting(color=(1, 1, 1))[..., :1], 3, 2)
    assert np.ptp(styled(landscape(), gray, texture=1).pixels.astype(int), 2).mean() < 6


def test_a_gray_style_is_warned_of(session, tmp_path):
    write(Frame(painting()[..., :1]), tmp_path / "gray.png")
    step = Step("style", style=str(tmp_path / "gray.png"), texture=0)
    with pytest.warns(VaeeditWarning, match="takes the colors away"):
        session.run(step, Frame(landscape()))
    kept = Step("style", style=str(tmp_path / "gray.png"), texture=0, preserve_color=True)
    assert not session.run(kept, Frame(landscape())).warnings
    assert not session.run(step, Frame(landscape()[..., :1])).warnings


def test_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(Frame(landscape()), "in.png")
    write(Frame(painting()), "a.png")
    write(Frame(painting(color=(0.2, 0.9, 0.2))), "b.png")
    flags = ["--weights", "1,0", "--texture", "0", "-o"]
    assert call(["style", "in.png", "a.png", "b.png", *flags, "out.png"]) == 0
    assert np.abs(read("out.png").floats().mean((0, 1)) - floats(painting()).mean((0, 1))).max() < 0.06
    assert call(["style", "in.png", "a.png", "--weights", "1,0", "-o", "no.png"]) != 0
    assert "weights must hold one number" in capsys.readouterr().err
    assert call(["style", "in.png", "-o", "no.png"]) == 2
