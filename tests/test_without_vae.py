"""Operations without a VAE, as docs/plugins.md shows one: they run wherever others do, and nothing imports torch."""

import importlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import vaeedit
from vaeedit.api import Edit, Film, Frame, OperationSpec, Pipeline, Result, Session, Step, hookimpl
from vaeedit.batch.memory import CACHES, run_within_memory
from vaeedit.errors import ImageError, PipelineError, PluginError
from vaeedit.extension.admission import faults
from vaeedit.extension.registry import discover
from vaeedit.image import described, made_of
from vaeedit.pipeline.schema import pipeline_schema
from vaeedit.run.operation import Operation, Request
from vaeedit.testing import checks

ROOT = Path(__file__).parents[1]
MAIN = """
import sys
from vaeedit.cli.main import main
try:
    code = main()
except SystemExit as end:
    code = end.code
sys.exit("torch was imported" if "torch" in sys.modules else code)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with the plugin of the docs, installed."""
    folder = tmp_path_factory.mktemp("packages")
    text = (ROOT / "docs/plugins.md").read_text()
    section = re.search(r"\n## An operation without a VAE\n(.*?)\n## ", text, re.DOTALL)[1]
    light, heavy, project = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    (folder / "acme_film").mkdir()
    (folder / "acme_film/__init__.py").write_text(light)
    (folder / "acme_film/operation.py").write_text(heavy)
    (folder / "acme_film-1.2.dist-info").mkdir()
    (folder / "acme_film-1.2.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-film\nVersion: 1.2\n"
    )
    points = "[vaeedit]" + project.partition("[project.entry-points.vaeedit]")[2].replace('"', "")
    (folder / "acme_film-1.2.dist-info/entry_points.txt").write_text(points)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def folder(tmp_path):
    pixels = np.random.default_rng(0).integers(40, 200, (24, 32, 3)).astype(np.uint8)
    for name in "ab":
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture
def cli(package, folder):
    """Run `vaeedit` in a process without torch; gives what it printed."""

    def run(*words, code=0, start=("-c", MAIN)):
        paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, *start, *map(str, words)]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


class Negative(Operation):
    """The negative, and a film of two frames."""

    def before(self, frames):
        if "fail" in self.request.extra_inputs:
            raise MemoryError
        return frames

    def after(self, frames, originals):
        (frame,) = frames
        negative = frame.with_floats(1 - frame.floats())
        return Result(negative, film=Film([frame, negative]))


class Half(Operation):
    """A result of another shape."""

    def after(self, frames, originals):
        return Result(Frame(frames[0].pixels[:, ::2]))


class Latent(Edit):
    """For a spec that says otherwise."""

    def edit(self, latents):
        return latents


@hookimpl
def vaeedit_operations():
    common = {"summary": "Of these tests.", "uses_vae": False}
    targets = {"negative": Negative, "half": Half, "latent": Latent, "nothing": Request}
    return [
        OperationSpec(
            name=name,
            target=f"{__name__}:{cls.__name__}",
            film=name == "negative",
            extra_inputs=extra,
            **common,
        )
        for name, cls in targets.items()
        for extra in [{"fail": "Makes it fail."} if name == "negative" else {}]
    ]


@pytest.fixture(scope="module")
def plugins(package):
    installed = importlib.metadata.entry_points(group="vaeedit")
    own = EntryPoint("own", __name__, "vaeedit"), EntryPoint("film", "acme_film", "vaeedit")
    return discover([*(point for point in installed if point.name in ("photo", "ladder")), *own])


@pytest.fixture
def session(plugins):
    with Session(plugins=plugins, device="cpu") as session:
        yield session


def picture(height=24, width=32):
    return Frame(np.random.default_rng(1).integers(40, 200, (height, width, 3)).astype(np.uint8))


def test_the_command_imports_no_torch_and_has_no_flags_of_vaes(cli, folder):
    assert "a.png -> out.png  (grain 0.0" in cli(
        "film-grain", "a.png", "-o", "out.png", "--grain", "grain.png"
    )
    assert (np.asarray(Image.open(folder / "out.png")) != np.asarray(Image.open(folder / "a.png"))).any()
    assert Image.open(folder / "grain.png").size == (32, 24)
    info = cli("info", "out.png")
    assert "film:film-grain (amount=0.05)" in info
    assert "VAE" not in info
    text = cli("film-grain", "--help")
    assert "--seed" in text
    assert re.findall("--(?:vae|device|precision|tile|allow-cpu)", text) == []
    assert "No such option '--vae'" in cli("film-grain", "a.png", "--vae", "photo", code=2)


def test_a_session_that_has_loaded_no_vae_is_shown_without_torch(cli):
    code = "import sys, vaeedit; print(vaeedit.Session()); sys.exit('torch' in sys.modules)"
    assert "<Session on auto" in cli(start=("-c", code))


def test_a_batch_with_workers_its_journal_and_resume(cli, folder):
    (folder / "steps.yaml").write_text("version: 1\nsteps:\n- film-grain: {amount: 0.1}\n")
    words = ["run", "steps.yaml", "a.png", "b.png", "-o", "out/", "--vae", "photo"]
    cli(*words, "--workers", "2", "--threads", "1")
    _, *records = map(json.loads, (folder / "out/vaeedit-journal.jsonl").read_text().splitlines())
    assert [record["status"] for record in records] == ["done", "done"]
    for record in records:
        (step,) = record["steps"]
        assert (record["device"], record["precision"]) == ("", "")
        assert step["operation"] == "acme-film:film-grain"
        assert step.keys() & {"vae", "checksum", "network"} == set()
    assert "0 of 2 done, 2 skipped" in cli(*words, "--resume")
    cli("run", "--from", "out/a.png", "b.png", "-o", "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "out/b.png").read_bytes()


def test_dask(cli, folder):
    cli("film-grain", "a.png", "b.png", "-o", "out/", "--engine", "dask", start=("-m", "vaeedit"))
    assert sorted(path.name for path in folder.glob("out/*.png")) == ["a.png", "b.png"]


def test_pipeline_check_names_no_vae_and_no_memory(cli, folder):
    (folder / "steps.yaml").write_text("version: 1\nsteps:\n- film-grain\n")
    assert cli("pipeline", "check", "steps.yaml") == "1. film-grain (amount=0.05)\n"
    (folder / "steps.yaml").write_text("version: 1\nsteps:\n- film-grain: {vae: photo}\n")
    assert "it uses no VAE; leave out vae." in cli("pipeline", "check", "steps.yaml", code=2)


def test_a_pipeline_of_both_kinds(session):
    steps = Step("film-grain", amount=0.2), Step("reconstruct"), Step("film-grain", maps=("grain",))
    result = session.run(Pipeline(*steps, seed=3), picture())
    again = session.run(Pipeline(*steps, seed=3), picture())
    assert np.array_equal(result.frame.pixels, again.frame.pixels)
    assert list(result.notes) == ["film-grain", "reconstruct", "film-grain-2"]
    assert set(result.maps) == {"grain"}
    assert [bool(step.get("vae")) for step in result.made.note["steps"]] == [False, True, False]


def test_the_vae_of_a_session_leaves_it_alone_and_its_own_is_an_error(plugins):
    with Session(plugins=plugins, device="cpu", vae="no-such.safetensors") as session:
        assert session.run(Step("film-grain"), picture()).notes["film-grain"]["grain"] > 0
        with pytest.raises(
            PipelineError, match=re.escape("step 1 (film-grain): it uses no VAE; leave out vae.")
        ):
            session.run(Step("film-grain", vae="photo"), picture())


def test_options_that_change_nothing_give_the_picture_back(session):
    given = picture()
    assert session.run(Step("film-grain", amount=0), given).frame is given


def test_a_mask_limits_it(session, folder):
    mask = np.zeros((24, 32), np.uint8)
    mask[:, 16:] = 255
    given = picture()
    result = session.run(Step("film-grain", amount=0.5, mask=mask, feather=0), given)
    changed = (result.frame.pixels != given.pixels).any(2)
    assert not changed[:, :16].any()
    assert changed[:, 16:].mean() > 0.9
    with pytest.raises(ImageError, match="changes the shape"):
        session.run(Step("half", mask=mask), given)


def test_a_film(session, folder):
    result = session.run(Step("negative"), folder / "a.png")
    assert result.save(folder / "film.gif") == []
    assert Image.open(folder / "film.gif").n_frames == 2


def test_provenance_says_that_no_model_edited_the_picture_unless_one_has(session):
    def xmp(*steps):
        result = session.run(Pipeline(*map(Step, steps)), picture())
        metadata = described(result.frame, result.made.note_after(result.frame.metadata), "PNG").metadata
        assert made_of(metadata)["steps"][0].get("vae") in (None, "photo")
        return metadata.xmp

    assert b"TrainedAlgorithmicMedia" not in xmp("film-grain")
    assert b"compositeWithTrainedAlgorithmicMedia" in xmp("reconstruct", "film-grain")


def test_out_of_memory_tries_no_tiles(session):
    plan = Pipeline(Step("negative", fail=["a.png"])).check(session.registry)
    session._pictures["a.png"] = picture()
    tries = []

    def run_plan(*arguments, tile, **named):
        tries.append(tile)
        raise MemoryError

    session.run_plan = run_plan
    with pytest.raises(MemoryError):
        run_within_memory(session, plan, picture(), spare=lambda: session)
    assert tries == [None, None]
    assert CACHES == "with freed caches"


def test_the_schema_has_no_key_for_a_vae(plugins):
    schema = pipeline_schema(plugins)
    grain = {"film-grain": {"amount": 0.1, "mask": "m.png"}}
    jsonschema.validate({"version": 1, "steps": [grain]}, schema)
    grain["film-grain"]["vae"] = "photo"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": 1, "steps": [grain]}, schema)


def test_the_stub_has_no_settings_of_vaes(plugins, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    text = importlib.import_module("stub")._overload(plugins.operations.find("film-grain").spec)
    assert "amount: float = 0.05" in text
    assert "seed: int = 0" in text
    assert re.findall(r"\b(?:vae|device|precision|tile):", text) == []


@pytest.mark.parametrize(
    ("name", "says"), [("latent", "its spec declares uses_vae=False"), ("nothing", "Operation")]
)
def test_a_class_with_another_base_is_an_error_that_names_the_package(session, name, says):
    with pytest.raises(PluginError, match=rf"The operation {name} of unknown .*{says}"):
        session.run(Step(name), picture())


@pytest.mark.parametrize(
    "declared",
    [{"vae": "photo"}, {"conditions": ("sigma",)}, {"calibrated": True}, {"latent": True}, {"delta": True}],
)
def test_its_spec_says_nothing_of_a_vae(declared):
    spec = OperationSpec(name="x", summary="X.", target="x:X", uses_vae=False, **declared)
    assert faults(spec, "operation") == [
        f"operation 'x': uses_vae is False, which excludes {next(iter(declared))}; leave out these, or uses_vae"
    ]


def test_it_passes_the_checks_of_plugins(package):
    module = importlib.import_module("acme_film")
    names = dict(checks(module))
    assert "film-grain-tiles" not in names
    for name, check in names.items():
        if name != "imports-light":  # it is not installed for other processes
            check()


def test_edit_from_python(plugins, monkeypatch):
    monkeypatch.setattr("vaeedit.run.session.registry", lambda: plugins)
    assert vaeedit.edit(picture(), "film-grain", amount=0.3, seed=2).frame.width == 32
