"""Extra inputs of a step: one file for all inputs or by template, from Python, YAML, one line and the command line."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from PIL import Image
from torch import nn

import vaeedit
from vaeedit.api import (
    ArchitectureSpec,
    Decoded,
    Edit,
    Frame,
    Gaussian,
    Latents,
    OperationSpec,
    Options,
    hookimpl,
)
from vaeedit.cli.main import call
from vaeedit.errors import ImageError, PipelineError, UsageError
from vaeedit.extension.registry import discover
from vaeedit.pipeline.one_line import parse_line
from vaeedit.pipeline.schema import pipeline_schema
from vaeedit.run.session import Session
from vaeedit.vae.files import VaeInfo, save_vae


class Plain(nn.Module):
    """Latents are the pixels."""

    channels, multiple, receptive_field, conditions = 3, 1, 0, ()

    def __init__(self, options):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        return Latents((Gaussian(x, None),))

    def decode(self, latents, *, std=False):
        return Decoded(latents.levels[0].mean)


class Brightest(Edit):
    """The brighter of the input and of every other picture, at each pixel."""

    def before(self, frames):
        others = [
            frame.pixels
            for name in ("other", "soft-mask")
            for frame in self.request.extra_inputs.get(name, ())
        ]
        return [replace(frames[0], pixels=np.maximum.reduce([frames[0].pixels, *others]))]

    def edit(self, latents):
        return latents


@hookimpl
def vaeedit_operations():
    return [
        OperationSpec(
            name="brightest",
            summary="Of these tests.",
            target=f"{__name__}:Brightest",
            vae="plain.safetensors",
            extra_inputs={"other": "Another picture.", "soft-mask": "One more."},
            needs=("other",),
        )
    ]


@hookimpl
def vaeedit_architectures():
    return [ArchitectureSpec(name="plain", summary="Plain.", target=f"{__name__}:Plain", options=Options)]


PLUGINS = discover([EntryPoint("plain", __name__, "vaeedit")])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """in.png (10), masks/in.png (20) and far/other.png (30), all gray of one value; pipelines live in far/."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "run.session",
        "cli.commands",
        "cli.pipeline",
        "batch.batch_spec",
        "extension.registry",
    ):  # what imports it comes first
        monkeypatch.setattr(f"vaeedit.{name}.registry", lambda: PLUGINS, raising=False)
    for name, value in (("in.png", 10), ("masks/in.png", 20), ("far/other.png", 30)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        vaeedit.write(Frame(np.full((4, 5, 3), value, np.uint8)), tmp_path / name)
    save_vae(
        tmp_path / "plain.safetensors", Plain(None), VaeInfo(name="plain", architecture="plain", config={})
    )
    return tmp_path


def brightness(pipeline, source="in.png"):
    with Session(plugins=PLUGINS, vae="plain.safetensors", device="cpu") as session:
        return int(session.run(pipeline, source).frame.pixels.max())


def test_from_python_relative_to_the_current_folder():
    step = vaeedit.Step("brightest", other="masks/in.png")
    assert brightness(step) == 20
    assert brightness(vaeedit.Step("brightest", other=["masks/in.png", "far/other.png"])) == 30
    assert brightness(vaeedit.Step("brightest", other="in.png", soft_mask="far/other.png")) == 30


def test_a_template_follows_the_input():
    step = vaeedit.Step("brightest", other="{folder}/masks/{stem}.png")
    assert brightness(step) == 20
    with pytest.raises(UsageError, match="this input has none"):
        brightness(step, vaeedit.read("in.png"))


def test_from_yaml_relative_to_the_pipeline(folder):
    (folder / "far/p.yaml").write_text("version: 1\nsteps:\n  - brightest: {other: other.png}\n")
    pipeline = vaeedit.Pipeline.from_file("far/p.yaml")
    assert brightness(pipeline) == 30
    assert vaeedit.Pipeline.from_yaml(pipeline.to_yaml()) == pipeline


def test_warnings_of_reading_are_given_with_the_others(folder, capsys):
    Image.new("CMYK", (5, 4)).save("ink.tif")
    Image.new("1", (5, 4), 1).save("mask.png")
    step = vaeedit.Step("brightest", other=["in.png", "ink.tif"], mask="mask.png", feather=0)
    session = Session(plugins=PLUGINS, vae="plain.safetensors", device="cpu")
    with session, pytest.warns(vaeedit.VaeeditWarning):
        result = session.run(step, "in.png")
    assert [text.split()[0] for text in result.warnings] == ["ink.tif:", "mask.png:"]
    assert "CMYK" in result.warnings[0]
    (folder / "p.yaml").write_text("version: 1\nsteps:\n  - brightest: {other: ink.tif}\n")
    assert call(["run", "p.yaml", "in.png", "-o", "out.png", "--vae", "plain.safetensors"]) == 0
    assert "ink.tif: " in capsys.readouterr().err


def test_a_mask_limits_an_operation_that_knows_of_none(folder, capsys):
    for name, columns in (("in", 2), ("far/left", 3)):
        mask = np.zeros((4, 5, 1), np.uint8)
        mask[:, :columns] = 255
        vaeedit.write(Frame(mask), folder / f"{name}.mask.png")
    step = vaeedit.Step("brightest", other="far/other.png", mask="{folder}/{stem}.mask.png", feather=0)
    with Session(plugins=PLUGINS, vae="plain.safetensors", device="cpu") as session:
        pixels = session.run(step, "in.png").frame.pixels
    assert (pixels[:, :2] == 30).all()
    assert (pixels[:, 2:] == 10).all()
    (folder / "far/p.yaml").write_text(
        "version: 1\nsteps:\n  - brightest: {other: other.png, mask: left.mask.png, invert_mask: true, feather: 0}\n"
    )
    with Session(plugins=PLUGINS, vae="plain.safetensors", device="cpu") as session:
        result = session.run(vaeedit.Pipeline.from_file("far/p.yaml"), "in.png")
    assert (result.frame.pixels[:, :3] == 10).all()
    assert (result.frame.pixels[:, 3:] == 30).all()
    assert result.notes["brightest"]["edited"] == 0.4


def test_from_one_line():
    assert brightness(parse_line("brightest --other masks/in.png")) == 20


def test_from_the_command_line(folder, capsys):
    flags = ["--vae", "plain.safetensors", "-o", "out.png"]
    assert call(["brightest", "in.png", "--other", "masks/{name}", *flags]) == 0
    assert vaeedit.read("out.png").pixels.max() == 20
    assert call(["brightest", "in.png", *flags]) == 2
    assert "--other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "needs the picture 'other'"),
        ({"other": 3}, "must name a file"),
        ({"other": []}, "must name a file"),
        ({"other": "{size}.png"}, "a template may use {stem}, {name}, {folder}"),
        ({"other": "{stem.png"}, "is not a template"),
        ({"other": "{stem:>1000000000}"}, "without a format"),
        ({"other": "{stem.__class__}"}, "without a format"),
        ({"other": "{stem[0]}"}, "without a format"),
        ({"other": "{stem!r}"}, "without a format"),
        ({"other": "{stem:{name}}"}, "without a format"),
        ({"other": "{}"}, "without a format"),
        ({"other": "{stem}" * 1000}, "at most 4096 characters"),
        ({"other": "a.png", "soft-musk": "b.png"}, "no option 'soft-musk'"),
        ({"other": "a.png", "mask": ["b.png", "c.png"]}, "mask names one file"),
        ({"other": "a.png", "mask": "{size}.png"}, "a template may use {stem}, {name}, {folder}"),
        ({"other": "a.png", "mask": "b.png", "feather": -1}, "feather must be a number of at least 0"),
        ({"other": "a.png", "invert_mask": True}, "feather and invert-mask need a mask"),
    ],
)
def test_faults_are_found_before_anything_runs(options, fault):
    with pytest.raises(PipelineError) as caught:
        vaeedit.Pipeline(vaeedit.Step("brightest", **options)).check(PLUGINS)
    assert fault in str(caught.value)


def test_a_picture_that_is_missing_is_named():
    with pytest.raises(ImageError, match=r"none\.png"):
        brightness(vaeedit.Step("brightest", other="none.png"))


def test_the_schema_knows_them():
    text = str(pipeline_schema(PLUGINS))
    assert "Another picture." in text
    assert "'required': ['other']" in text
    assert all(f"'{name}': {{" in text for name in ("mask", "feather", "invert-mask", "invert_mask"))


def test_a_folder_stands_for_its_pictures(folder, capsys):
    vaeedit.write(Frame(np.full((4, 5, 3), 40, np.uint8)), "masks/second.png")
    (folder / "masks/notes.txt").write_text("no picture")
    assert brightness(vaeedit.Step("brightest", other="masks")) == 40
    assert brightness(vaeedit.Step("brightest", other=["masks", "in.png"])) == 40
    flags = ["--vae", "plain.safetensors", "-o", "made/", "--journal", "j.jsonl"]
    assert call(["brightest", "in.png", "--other", "masks", *flags]) == 0
    assert call(["brightest", "in.png", "--other", "masks", *flags, "--resume"]) == 0
    vaeedit.write(Frame(np.full((4, 5, 3), 50, np.uint8)), "masks/second.png")
    assert call(["brightest", "in.png", "--other", "masks", *flags, "--resume"]) == 0
    assert (
        vaeedit.read("made/in.png").pixels.max() == 50
    )  # a picture in the folder counts for what is up to date


def test_a_folder_without_pictures_is_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(UsageError, match="no picture in the folder empty"):
        brightness(vaeedit.Step("brightest", other="empty"))
