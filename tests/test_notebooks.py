"""Objects display themselves in notebooks: what is shown is true, escaped, small, and loads nothing."""

import base64
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit import Frame, Pipeline, Result, Session, Step
from vaeedit.image import Film
from vaeedit.image.display import BESIDE, small
from vaeedit.vae.latents import Gaussian, Latents

SAMPLES = Path(__file__).parents[1] / "samples"
EVIL = "<script>alert('1')</script>\" onerror=x & \x1b[31m \u202e"
TAGS = {"div", "b", "figure", "figcaption", "img", "table", "thead", "tbody", "tr", "th", "td", "br"}
MOST = 1_000_000
RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (700, 900, 3)).astype(np.uint8)
RGB = NOISE[:12, :16]


class Shown(HTMLParser):
    """The display of an object: pictures by title, the rows of tables, and all text."""

    def __init__(self, shown):
        super().__init__()
        self.pictures, self.rows, self.text, self.inside = {}, [], "", []
        html = shown._repr_html_()
        assert len(html.encode()) <= MOST
        self.feed(html)
        assert self.inside == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        assert tag in TAGS
        assert set(given) <= {"style", "alt", "src", "width", "scope", "colspan"}
        assert not re.search(r"url|http|(?<!border-)(?<!-)color:|expression", given.get("style", ""))
        if tag == "img":
            data = given["src"].removeprefix("data:image/png;base64,")
            image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
            self.pictures[given["alt"]] = np.asarray(image)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.rows[-1][-1] += "\n"
        if tag not in ("img", "br"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"td", "th"} & set(self.inside):
            self.rows[-1][-1] += data


# ---- results


@pytest.fixture(scope="module")
def session():
    with Session(device="cpu", precision="float32") as session:
        yield session


def test_a_result_shows_before_after_maps_and_notes(session):
    result = session.run(Step("denoise", maps=("uncertainty",)), RGB)
    shown = Shown(result)
    assert list(shown.pictures) == ["before", "after", "map: uncertainty"]
    assert (shown.pictures["before"] == RGB).all()
    assert (shown.pictures["after"] == result.frame.pixels).all()
    assert (shown.pictures["map: uncertainty"] == result.maps["uncertainty"].pixels[..., 0]).all()
    notes = dict(shown.rows[1:])
    assert notes["denoise.seconds"] == str(result.notes["denoise"]["seconds"])
    assert "Result 16x12 RGB, 8 bits" in shown.text


def test_the_picture_before_is_small_and_is_there_where_something_changed(session, tmp_path):
    large = np.zeros((20, 1000, 3), np.uint8)
    result = session.run(Step("denoise"), large)
    assert result.before.pixels.shape == (10, BESIDE, 3)
    again = session.run(Step("reconstruct"), result)
    assert (again.before.pixels == small(result.frame, BESIDE).pixels).all()
    assert session.run(Step("denoise", strength=0), large).before is None
    assert list(Shown(session.run(Step("denoise", strength=0), large)).pictures) == ["result"]
    pages = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    result = session.run(Step("reconstruct"), tmp_path / "two.tif")
    assert (result.pages[1].before.pixels == 255 - RGB).all()
    assert (Shown(result).pictures["before"] == RGB).all()
    assert "the first of 2 pictures" in Shown(result).text


def test_texts_of_a_result_are_escaped():
    maps = {EVIL: Frame(RGB)}
    result = Result(Frame(RGB), maps, {EVIL: {"of": EVIL}}, Film([Frame(RGB)] * 3), warnings=(EVIL,))
    shown = Shown(result)
    readable = EVIL.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert list(shown.pictures) == ["result", f"map: {readable}"]
    assert shown.rows == [["warning"], [readable], ["note", "value"], [f"{readable}.of", readable]]
    assert "a film of 3 pictures" in shown.text


def test_a_result_of_much_noise_many_maps_and_long_notes_stays_within_its_bytes():
    notes = {f"{number}{'<' * 1000}": "'" * 1000 for number in range(1000)}
    maps = {f"{number}{'&' * 500}": Frame(NOISE) for number in range(10)}
    warnings = ("\U0001f600" * 1000,) * 1000
    shown = Shown(Result(Frame(NOISE), maps, notes, warnings=warnings, before=Frame(NOISE[:480, :480])))
    assert len(shown.pictures) == 8
    assert "4 more maps" in shown.text
    left = [row[0] for row in shown.rows if "rows are left out" in row[0]]
    assert [text.split()[2] for text in left] == ["1000", "1000"]


# ---- latents


def test_latents_show_mean_and_spread_of_every_level_coarse_to_fine():
    coarse = Gaussian(torch.tensor([0.0, 2.0, -2.0]).view(1, 3, 1, 1), torch.full((1, 3, 1, 1), 0.5).log())
    fine = Gaussian(torch.zeros(1, 1, 4, 6), torch.linspace(0, 1, 24).view(1, 1, 4, 6).log())
    shown = Shown(Latents((coarse, fine), {EVIL: 1}))
    titles = list(shown.pictures)
    assert titles == [
        "mean: black -2, gray 0, white 2",
        "standard deviation: black 0, white 0.5",
        "mean: black -1, gray 0, white 1",
        "standard deviation: black 0, white 1",
    ]
    mean = shown.pictures[titles[0]]
    assert mean.shape == (34, 34, 2)
    assert [mean[0, 0].tolist(), mean[0, 33].tolist(), mean[33, 0].tolist()] == [
        [128, 255],
        [255, 255],
        [0, 255],
    ]
    assert (mean[16:18, :, 1] == 0).all()  # the gap
    assert (mean[18:, 18:, 1] == 0).all()  # no fourth channel
    spread = shown.pictures[titles[3]][::16, ::16, 0]
    assert np.abs(spread.ravel() - np.linspace(0, 255, 24)).max() <= 2
    level = coarse.kl(Gaussian.standard((1, 3, 1, 1), torch.device("cpu")))
    assert f"Level 1 of 2: 3x1x1; KL from the prior {float(level.sum()):.1f} nats" in shown.text
    assert shown.text.index("Level 1 of 2") < shown.text.index("Level 2 of 2: 1x4x6")


def test_of_many_channels_those_are_shown_that_differ_from_the_prior():
    mean = torch.zeros(2, 64, 2, 2)
    mean[0, 5::4] = 1
    shown = Shown(Latents((Gaussian(mean),)))
    (picture,) = shown.pictures.values()
    assert (picture[picture[..., 1] == 255][:, 0] == 255).sum() == 15 * 32 * 32
    assert (picture[:32, :32, 0] == 128).all()  # channel 0: of those that are equal, the first is taken
    assert "a point; the 16 channels that differ most from the prior" in shown.text
    assert "the first of 2 images" in shown.text


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_large_latents_and_those_that_are_no_numbers_are_displayed(dtype):
    with torch.inference_mode():
        mean = torch.randn(1, 20, 400, 300, generator=torch.Generator().manual_seed(0)).to(dtype)
        mean[0, 0, :, :50] = torch.nan
        latents = Latents(tuple(Gaussian(mean, torch.zeros_like(mean)) for _ in range(2)))
        shown = Shown(latents)
    assert "Level 2 of 2: 20x400x300" in shown.text
    assert max(max(picture.shape) for picture in shown.pictures.values()) < 400


# ---- pipelines


def test_a_pipeline_shows_its_steps_and_options():
    pipeline = Pipeline(
        Step("denoise", strength=0.5, maps=("uncertainty",)),
        Step("fuse", with_=RGB, name="two", when="denoise.estimated_sigma > 4"),
        Step(EVIL, **{EVIL: [EVIL, b"1234", 5]}, vae=EVIL),
        seed=7,
    )
    shown = Shown(pipeline)
    readable = EVIL.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert shown.rows == [
        ["step", "name", "operation", "options", "VAE", "maps", "when"],
        ["1", "", "denoise", "strength: 0.5", "", "uncertainty", ""],
        ["2", "two", "fuse", "with_: ndarray of 12x16x3", "", "", "denoise.estimated_sigma > 4"],
        ["3", "", readable, f"{readable}: {readable}, 4 bytes, 5", readable, "", ""],
    ]
    assert "Pipeline of 3 steps, seed 7" in shown.text
    two = Shown(Pipeline(Step("vary", amount=0.1, temperature=2)))
    assert two.rows == [["step", "operation", "options"], ["1", "vary", "amount: 0.1\ntemperature: 2"]]
    assert Shown(Pipeline()).rows == []


def test_a_pipeline_of_any_length_stays_within_its_bytes():
    steps = [Step("x" * 1000, **{f"o{n}": "<" * 9000 for n in range(9)}) for _ in range(500)]
    assert "of 500 rows are left out" in Shown(Pipeline(*steps)).rows[-1][0]


def test_displaying_a_pipeline_imports_nothing_heavy():
    code = (
        "import sys; from vaeedit import Pipeline, Step; Pipeline(Step('denoise', strength=1))._repr_html_();"
        "print([name for name in ('torch', 'numpy', 'cv2', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- notebooks


def test_ipython_finds_the_displays():
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    display = formatters.DisplayFormatter()
    result, latents = Result(Frame(RGB)), Latents((Gaussian(torch.zeros(1, 1, 2, 2)),))
    kinds = {type(one): set(display.format(one)[0]) for one in (Frame(RGB), result, latents, Pipeline())}
    assert kinds == {
        Frame: {"text/plain", "image/png"},
        Result: {"text/plain", "image/png", "text/html"},
        Latents: {"text/plain", "text/html"},
        Pipeline: {"text/plain", "text/html"},
    }
    png = display.format(result)[0]["image/png"]
    assert (np.asarray(Image.open(io.BytesIO(png))) == RGB).all()


def test_the_sample_notebook_runs(monkeypatch):
    shells = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")
    capture = pytest.importorskip("IPython.utils.capture", reason="IPython is not installed")
    monkeypatch.chdir(SAMPLES)
    notebook = json.loads((SAMPLES / "notebook.ipynb").read_text())
    shell, displayed = shells.InteractiveShell(), []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            with capture.capture_output():
                done = shell.run_cell("".join(cell["source"]))
            assert done.success, done.error_in_exec
            displayed.append(type(done.result))
    assert displayed == [Frame, Result, Pipeline, Result, Latents]
