"""Pictures of every kind go in from Python and come out; what is lost is said; nothing is replaced silently."""

import io
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

import vaeedit
from vaeedit import Frame, Pipeline, Session, Step, VaeeditError, VaeeditWarning
from vaeedit.image import frame_of, made_of
from vaeedit.vae.latents import Gaussian, Latents

RGBA = np.random.default_rng(0).integers(0, 256, (12, 16, 4)).astype(np.uint8)
RGB, GRAY = RGBA[..., :3], RGBA[..., 0]


def png(image, **how):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **how)
    return buffer.getvalue()


@pytest.fixture
def path(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.fixture(scope="module")
def session():
    with Session(device="cpu", precision="float32") as session:
        yield session


class Torchlike(torch.nn.Module):
    """No picture, though it has methods of one."""


def test_one_picture_in_every_kind_is_one_picture(path):
    data = path.read_bytes()
    floats = RGB.astype(np.float64) / 255
    given = {
        "name": str(path),
        "path": path,
        "bytes": data,
        "bytearray": bytearray(data),
        "file": io.BytesIO(data),
        "Frame": Frame(RGB),
        "array": RGB,
        "Pillow": Image.fromarray(RGB),
        "Pillow, opened": Image.open(path),
        "floats": floats,
        "half": torch.from_numpy(floats).permute(2, 0, 1).to(torch.bfloat16),
        "tensor": torch.from_numpy(RGB.copy()).permute(2, 0, 1),
        "batch of one": torch.from_numpy(floats.astype(np.float32)).permute(2, 0, 1)[None].requires_grad_(),
        "16 bits": RGB.astype(np.uint16) * 257,
        "another byte order": (RGB.astype(np.uint16) * 257).astype(">u2"),
    }
    with path.open("rb") as file:
        given["open file"] = file
        frames = {kind: frame_of(picture) for kind, picture in given.items()}
    for kind, frame in frames.items():
        tolerance = 1 if kind == "half" else 0
        assert np.abs(frame.as_uint8().astype(int) - RGB).max() <= tolerance, kind
        assert frame.mode == "RGB"
    assert {frames[kind].depth for kind in ("16 bits", "another byte order")} == {16}
    assert frames["floats"].depth == frames["half"].depth == 32


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels(channels):
    part = np.ascontiguousarray(RGBA[..., :channels])
    frame = frame_of(part)
    assert frame.mode == ("L", "LA", "RGB", "RGBA")[channels - 1]
    shown = part[..., 0] if channels == 1 else part
    assert (np.asarray(frame) == shown).all()
    assert (np.asarray(frame_of(frame.image)) == shown).all()
    assert (frame.tensor.numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0).tolist() == part.tolist()
    assert (np.asarray(frame_of(frame.tensor).as_depth(8)) == shown).all()


@pytest.mark.filterwarnings("ignore:.*CMYK:vaeedit.VaeeditWarning")
@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "I;16"]
)
def test_modes_of_pillow(mode):
    image = (
        Image.fromarray(GRAY.astype(np.uint16) * 257)
        if mode == "I;16"
        else Image.fromarray(RGB).convert(mode)
    )
    frame = frame_of(image)
    assert (frame.width, frame.height, frame.depth) == (16, 12, 16 if mode == "I;16" else 8)
    assert frame.mode == {"1": "L", "L": "L", "LA": "LA", "I;16": "L", "RGBA": "RGBA", "PA": "RGBA"}.get(
        mode, "RGB"
    )


def test_a_pillow_image_keeps_its_metadata_and_is_upright():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a title"
    opened = Image.open(
        io.BytesIO(png(Image.fromarray(RGB), exif=exif, icc_profile=b"profile", dpi=(300, 300)))
    )
    frame = frame_of(opened)
    assert (frame.width, frame.height) == (12, 16)
    assert frame.metadata.icc == b"profile"
    assert b"a title" in frame.metadata.exif
    assert {"exif", "icc_profile", "dpi"} <= set(frame.image.info)


def test_the_frame_is_a_copy():
    mine = RGB.copy()
    frame = frame_of(mine)
    np.asarray(frame)[:] = 0
    frame.tensor.zero_()
    mine[:] = 7
    assert (frame.pixels == RGB).all()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (3, "not int"),
        (None, "not NoneType"),
        ([RGB], "not list"),
        (io.StringIO("text"), "open in text mode"),
        (b"", "is empty"),
        (b"no picture", "is not a picture"),
        (np.zeros((3, 12, 16), np.uint8), "its shape is 3x12x16; channels come last"),
        (np.zeros((2, 12, 16, 3), np.uint8), "its shape is 2x12x16x3"),
        (np.zeros((0, 16, 3), np.uint8), "its shape is 0x16x3"),
        (np.uint8(3), "its shape is no dimensions"),
        (np.zeros((12, 16), np.int64), "holds int64; a picture is uint8"),
        (np.zeros((12, 16), bool), "holds bool"),
        (np.array([["a"]]), "holds <U1"),
        (np.full((12, 16), 255.0), "from 255 to 255; scale them to 0 to 1"),
        (np.full((12, 16), np.nan), "The array holds samples that are not finite numbers (NaN or infinity)"),
        (Frame(np.full((12, 16, 3), np.inf, np.float32)), "The Frame holds samples that are not finite"),
        (torch.zeros(2, 3, 12, 16), "holds 2 pictures; give them one by one"),
        (torch.zeros(12, 16, 3), "in a tensor, channels come first (C, H, W)"),
        (Image.new("F", (4, 4)), "samples of the kind F"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_refused_in_a_sentence(given, text):
    with pytest.raises(VaeeditError) as caught:
        frame_of(given)
    assert text in str(caught.value)
    assert str(caught.value).endswith(".")


def test_floats_a_little_outside_are_noise_with_a_warning():
    with pytest.warns(VaeeditWarning, match=r"from -0.2 to 1.1; those outside") as caught:
        frame = frame_of(np.array([[-0.2, 1.1]]))
    assert frame.pixels.min() < 0
    assert caught[0].filename == __file__


def test_what_of_a_file_is_left_out_is_said():
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "JPEG")
    film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"
    with pytest.warns(VaeeditWarning, match="The data: its film of 24 bytes"):
        frame_of(buffer.getvalue() + film)


def test_edit_takes_an_array_and_gives_one(session):
    done = vaeedit.edit(RGB, "reconstruct", device="cpu")
    assert np.asarray(done).shape == RGB.shape
    assert np.asarray(done).dtype == np.uint8
    assert (np.asarray(done.image) == np.asarray(done)).all()
    assert np.asarray(done, np.float32).dtype == np.float32
    assert done.tensor.shape == (3, 12, 16)
    assert done._repr_png_()[:4] == b"\x89PNG"
    again = session.run(Step("reconstruct"), torch.from_numpy(RGB.copy()).permute(2, 0, 1))
    assert np.abs(np.asarray(again).astype(int) - np.asarray(done)).max() <= 1
    whole = vaeedit.edit(RGB, Pipeline(Step("reconstruct")), device="cpu")
    assert (np.asarray(whole) == np.asarray(done)).all()
    with pytest.raises(VaeeditError, match="The options belong into the Step"):
        vaeedit.edit(RGB, Step("reconstruct"), strength=1)


def test_extra_inputs_are_pictures_of_any_kind_too(session, path, tmp_path):
    kinds = [str(path), path, RGB, Image.open(path), [path.read_bytes()]]
    blends = [session.run(Step("fuse", with_=kind, mode="blend"), RGB[::-1]) for kind in kinds]
    assert all((np.asarray(each) == np.asarray(blends[0])).all() for each in blends[1:])
    blends[2].save(tmp_path / "b.png")
    options = made_of(vaeedit.read(tmp_path / "b.png").metadata)["steps"][0]["options"]
    assert options["with"] == ["picture 1, 16x12 RGB, 8 bits"]
    with pytest.raises(VaeeditError, match="A picture is a file name"):
        session.run(Step("fuse", with_=3), RGB)
    with pytest.raises(VaeeditError, match=r"gone\.png"):
        session.run(Step("fuse", with_=tmp_path / "gone.png"), RGB)


def test_saving_replaces_nothing_silently_and_says_what_is_lost(session, tmp_path):
    done = session.run(Step("reconstruct"), RGBA)
    path = tmp_path / "a.png"
    assert done.save(path) == []
    with pytest.raises(VaeeditError, match=r"a\.png exists already; save it with exists='overwrite'"):
        done.save(path)
    assert done.save(path, exists="overwrite") == []
    with pytest.raises(VaeeditError, match="exists must be 'error' or 'overwrite', not 'maybe'"):
        done.save(path, exists="maybe")
    with pytest.warns(VaeeditWarning, match=r"a\.jpg: JPEG cannot hold transparency") as caught:
        lost = done.save(tmp_path / "a.jpg")
    assert (len(lost), caught[0].filename) == (1, __file__)
    with warnings.catch_warnings():
        warnings.simplefilter("error", VaeeditWarning)
        with pytest.raises(VaeeditWarning):
            done.save(tmp_path / "b.jpg")


def test_quality(session, tmp_path):
    done = session.run(
        Step("reconstruct"), np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    )
    for quality in (20, 90):
        done.save(tmp_path / f"{quality}.jpg", quality=quality)
    assert 2 * (tmp_path / "20.jpg").stat().st_size < (tmp_path / "90.jpg").stat().st_size
    done.save(tmp_path / "a.webp", quality="lossless")
    assert (vaeedit.read(tmp_path / "a.webp").pixels == done.frame.pixels).all()
    for quality in (0, 101, "best", 0.5):
        with pytest.raises(VaeeditError, match="quality must be a whole number from 1 to 100, or 'lossless'"):
            done.save(tmp_path / "b.jpg", quality=quality)


def test_what_python_saves_records_how_it_was_made(session, tmp_path, path):
    first = session.run(Step("reconstruct"), path)
    second = session.run(Step("vary", amount=0.1), first)
    second.save(tmp_path / "b.png")
    made = made_of(vaeedit.read(tmp_path / "b.png").metadata)
    assert [made["steps"][0]["operation"], made["before"]["steps"][0]["operation"]] == [
        "photo:vary",
        "photo:reconstruct",
    ]
    assert made["steps"][0]["options"]["amount"] == 0.1
    second.save(tmp_path / "c.png", provenance=False, metadata="minimal")
    assert made_of(vaeedit.read(tmp_path / "c.png").metadata) is None
    session.run(Step("denoise", strength=0), path).save(tmp_path / "d.png")
    assert made_of(vaeedit.read(tmp_path / "d.png").metadata) is None


def test_every_repr_is_one_short_line(session):
    session.run(Step("reconstruct"), RGB)
    step = Step("denoise", strength=0.5, maps=("uncertainty",))
    shown = {
        "<Frame 16x12 RGBA, 8 bits>": frame_of(RGBA),
        "<Result 16x12 L, 8 bits; notes: a, b>": vaeedit.Result(frame_of(GRAY), notes={"a": 1, "b": 2}),
        "<Latents of 1x2x3x4; context: h>": Latents((Gaussian(torch.zeros(1, 2, 3, 4)),), {"h": 1}),
        "<Session on cpu, precision float32; VAEs: photo>": session,
        "Step('denoise', strength=0.5, maps=('uncertainty',))": step,
        "Pipeline(Step('denoise', strength=0.5, maps=('uncertainty',)), seed=7)": Pipeline(step, seed=7),
    }
    assert {repr(value): value for value in shown.values()} == shown
    assert repr(Session(precision="float32")) == "<Session on auto, precision float32; VAEs: none yet>"
    assert eval(repr(Pipeline(step, seed=7))) == Pipeline(step, seed=7)
