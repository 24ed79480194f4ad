"""What a plugin does wrong at run time is an error that names it, its package and its version, and fails one file only."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn

from vaeedit.api import (
    ArchitectureSpec,
    Decoded,
    Edit,
    Film,
    Frame,
    Gaussian,
    Inspect,
    Latents,
    Metadata,
    Mixture,
    Operation,
    OperationSpec,
    Pipeline,
    Result,
    Series,
    Session,
    Step,
    hookimpl,
)
from vaeedit.cli.commands import cli
from vaeedit.errors import PluginError, VaeeditError
from vaeedit.extension.registry import discover, registry
from vaeedit.extension.tables import Provided
from vaeedit.vae.files import VaeInfo, save_vae

NAN = float("nan")
AFTER: list[str] = []


class Net(nn.Module):
    """Latents are the pixels."""

    channels, multiple, receptive_field, conditions = 3, 1, 0, ()

    def __init__(self, options):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        return Latents((Gaussian(x * 1),))

    def decode(self, latents, *, std=False):
        mean = latents.levels[0].mean
        return Decoded(mean, torch.full_like(mean, 0.1) if std else None)


class Broken(Net):
    def decode(self, latents, *, std=False):
        raise IndexError("no such layer")


class Infinite(Net):
    def decode(self, latents, *, std=False):
        return Decoded(latents.levels[0].mean * NAN)


def moved(latents, by=0.1):
    return replace(latents, levels=tuple(level.at(level.mean + by) for level in latents.levels))


def changing(change):
    """An edit that changes what it is given."""

    class Changes(Edit):
        def edit(self, latents):
            change(latents.levels[0].mean)
            return latents

    return Changes


def editing(make):
    class Edits(Edit):
        def edit(self, latents):
            return make(latents)

    return Edits


def returning(make):
    class Returns(Operation):
        def after(self, frames, originals):
            return make(frames[0])

    return Returns


def noting(value):
    return returning(lambda frame: Result(frame, notes={"m": value}))


def lately(latents):
    """A generator that changes its latents in place when it is asked for the second one."""
    yield 0.5, latents
    latents.levels[0].mean.add_(1)
    yield 0.5, latents


def with_value(frame, value):
    return replace(frame, pixels=np.full(frame.pixels.shape, value, np.float32))


def odd_map(frame):
    return Result(frame, {"map": Frame(np.full((4, 4, 1), NAN, np.float32))})


def films(*frames):
    return returning(lambda frame: Result(frame, film=Film([frame, *frames])))


class ChangesInBefore(Operation):
    def before(self, frames):
        frames[0].pixels[0, 0] = 0
        return frames


class ChangesItsOriginal(Operation):
    def after(self, frames, originals):
        originals[0].pixels.fill(0)
        return Result(frames[0])


class ChangesAnotherInput(Operation):
    def after(self, frames, originals):
        self.request.extra_inputs["other"][0].alpha[:] = 0
        return Result(frames[0])


class ChangesAlpha(Operation):
    def after(self, frames, originals):
        frames[0].alpha[:] = 0
        return Result(frames[0])


class UnknownIdentity(Operation):
    @property
    def is_identity(self):
        raise LookupError("no idea")


class MethodForProperty(Operation):
    def is_identity(self):
        return False


class Gathers(Inspect):
    def gather(self, index, latents):
        latents.levels[0].mean.mul_(2)


class Conditions(Edit):
    def before(self, frames):
        return [frames[0].with_conditions(sigma=NAN)]

    def edit(self, latents):
        return latents


FLOAT = Frame(np.linspace(0, 1, 48, dtype=np.float32).reshape(4, 4, 3))
ALPHA = Frame(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))
IN_PLACE = "changes its input in place; it must change a copy"
WRONG = {
    "nan": (returning(lambda f: Result(with_value(f, NAN))), "a picture that has values that are not finite"),
    "infinity": (returning(lambda f: Result(with_value(f, np.inf))), "values that are not finite"),
    "none": (returning(lambda f: None), "None from `after`, not a Result"),
    "returned": (returning(lambda f: f.pixels), "a value of the type ndarray from `after`, not a Result"),
    "method": (MethodForProperty, "defines is_identity as a method; put @property above it"),
    "array": (returning(lambda f: Result(f.pixels)), "a picture that is ndarray and no Frame"),
    "empty": (returning(lambda f: Result(Frame(f.pixels[:0]))), "has no pixels"),
    "depth": (returning(lambda f: Result(f.as_depth(8))), "a picture of 8 bits for one of 32"),
    "alpha": (returning(lambda f: Result(replace(f, alpha=f.pixels[:2, :, 0]))), "has alpha of (2, 4)"),
    "alpha-depth": (returning(lambda f: Result(replace(f, alpha=np.zeros((4, 4), np.uint8)))), "has alpha of"),
    "channels": (returning(lambda f: Result(Frame(f.pixels[:, :, :2]))), "pixels must be (H, W, 1) or (H, W, 3)"),
    "map": (returning(odd_map), "a map map that has values that are not finite"),
    "no-map": (returning(Result), "no map map"),
    "film": (films(Frame(FLOAT.pixels * np.float32(NAN))), "a film whose frame 2 has values"),
    "sizes": (films(Frame(FLOAT.pixels[:2])), "a film whose frames have several sizes"),
    "no-film": (returning(lambda f: Result(f, film=Film([]))), "a film without frames"),
    "note": (noting(object()), "notes that JSON cannot hold: object is no number"),
    "note-array": (noting(np.zeros(3)), "notes that JSON cannot hold"),
    "note-text": (noting("\ud800"), "notes that JSON cannot hold"),
    "warning": (returning(lambda f: Result(f, warnings="Too dark.")), "warnings that are no list"),
    "before": (ChangesInBefore, IN_PLACE),
    "original": (ChangesItsOriginal, IN_PLACE),
    "other": (ChangesAnotherInput, IN_PLACE),
    "identity": (UnknownIdentity, "failed: LookupError: no idea"),
    "in-place": (changing(lambda mean: mean.add_(1)), IN_PLACE),
    "assigned": (changing(lambda mean: mean.__setitem__((0, 0), 0)), IN_PLACE),
    "out": (changing(lambda mean: torch.add(mean, 1, out=mean)), IN_PLACE),
    "view": (changing(lambda mean: mean[:, 0].zero_()), IN_PLACE),
    "gathered": (Gathers, IN_PLACE),
    "late": (editing(lambda latents: Mixture(lately(latents))), IN_PLACE),
    "member": (editing(lambda latents: Series([latents, 7])), "returned 7 from its edit"),
    "mixed": (editing(lambda latents: Mixture(iter([3]))), "failed: TypeError"),
    "weightless": (editing(lambda latents: Mixture([(0, latents)])), "failed: ValueError: a mixture needs"),
    "shape": (editing(lambda latents: Latents((Gaussian(torch.zeros(1, 3, 2, 2)),))), "latents of the shapes"),
    "edited-nan": (editing(lambda latents: moved(latents, NAN)), "makes latents that decode to values that are not"),
    "condition": (Conditions, "does not support the condition"),
}  # fmt: skip


class Move(Edit):
    """Moves, and counts what `after` is called for."""

    identity = False

    @property
    def is_identity(self):
        return self.identity

    @property
    def wants_std(self):
        return True

    def edit(self, latents):
        return moved(latents)

    def after(self, frames, originals):
        AFTER.append(type(self).__name__)
        return Result(frames[0], notes={"std": frames[0].std.mean()})


class Rest(Move):
    identity = True


DERIVED = replace(ALPHA, metadata=Metadata(xmp=b"<x/>"))
LOSES = {
    "anew": (returning(lambda f: Result(Frame(f.pixels))), "without the alpha and metadata of its input."),
    "opaque": (returning(lambda f: Result(replace(f, alpha=None))), "without the alpha of its input."),
    "bare": (returning(lambda f: Result(Frame(f.pixels, f.alpha))), "without the metadata of its input."),
}


GOOD = {
    "numbers": noting(
        {
            "a": np.float32(0.5),
            "b": [np.int64(3), np.array([[4]])],
            "c": torch.tensor(5.0),
            "d": np.bool_(True),
        }
    ),
    "move": Move,
    "rest": Rest,
    "keep": editing(lambda latents: latents),
    "copies": changing(
        lambda mean: (mean.clone().add_(1), (mean * 2).add_(1), torch.zeros_like(mean).add_(1))
    ),
}


def classes():
    return {**{name: cls for name, (cls, _) in WRONG.items()}, **GOOD, "changes-alpha": ChangesAlpha} | {
        name: cls for name, (cls, _) in LOSES.items()
    }


def __getattr__(name):
    """Targets of the specs."""
    found = {key.replace("-", "_"): cls for key, cls in classes().items()}
    if name not in found:
        raise AttributeError(name)
    return found[name]


@hookimpl
def vaeedit_operations():
    return [
        OperationSpec(
            name=name,
            summary="Of these tests.",
            target=f"{__name__}:{name.replace('-', '_')}",
            uses_vae=issubclass(cls, (Edit, Inspect)),
            latent=cls in (Move, Rest),
            maps={"map": "A map."},
            extra_inputs={"other": "Another picture."},
        )
        for name, cls in classes().items()
    ]


@hookimpl
def vaeedit_architectures():
    nets = {"net": Net, "broken": Broken, "infinite": Infinite}
    return [
        ArchitectureSpec(name=name, summary="Of these tests.", target=f"{__name__}:{cls.__name__}")
        for name, cls in nets.items()
    ]


@pytest.fixture(scope="module")
def plugins():
    own = discover([EntryPoint("own", __name__, "vaeedit")])
    for table in (own.operations, own.architectures):
        table.bare = {name: Provided(item.spec, "own", "pytest") for name, item in table.bare.items()}
    photo = [point for point in registry().operations.bare.values() if point.plugin == "photo"]
    for item in photo:
        own.operations.add(item)
    return own


@pytest.fixture
def session(plugins, tmp_path):
    def make(architecture="net"):
        path = tmp_path / f"{architecture}.safetensors"
        if not path.exists():
            save_vae(path, Net(None), VaeInfo(name="photo", architecture=architecture, config={}))
        return Session(plugins=plugins, vae=str(path), device="cpu", precision="float32")

    return make


def named(text, what="operation"):
    """Whether an error names the culprit with its package and version, and nobody else."""
    version = re.escape(pytest.__version__)
    assert re.match(rf"The {what} [a-z-]+ of pytest {version} ", text)
    assert "the VAE" not in text
    assert "report it" not in text


@pytest.mark.parametrize("name", WRONG)
def test_what_an_operation_does_wrong_names_it_and_its_package(session, name):
    maps = ["map"] if name == "no-map" else []
    step = Step(name, maps=maps, other=[Frame(ALPHA.pixels, ALPHA.alpha)])
    before = FLOAT.pixels.copy()
    with session() as one, pytest.raises(VaeeditError) as caught:
        one.run(step, FLOAT)
    assert WRONG[name][1] in str(caught.value)
    assert np.array_equal(FLOAT.pixels, before)
    if name != "condition":
        assert isinstance(caught.value, PluginError)
        named(str(caught.value))


def test_alpha_is_not_changed_in_place(session):
    with session() as one, pytest.raises(PluginError, match=IN_PLACE):
        one.run(Step("changes-alpha"), ALPHA)
    assert one.run(Step("keep"), ALPHA).frame.alpha is not None


@pytest.mark.parametrize("name", LOSES)
def test_what_a_result_lacks_of_its_input_is_a_warning(session, name):
    with session() as one, pytest.warns(match=LOSES[name][1]):
        (warning,) = one.run(Step(name), DERIVED).warnings
    named(warning)
    assert not one.run(Step("keep"), DERIVED).warnings
    assert not one.run(Step(name), FLOAT).warnings


def test_an_operation_whose_class_is_missing_is_named(session, plugins):
    spec = replace(plugins.operations.bare["keep"].spec, name="typo", target=f"{__name__}:Kepe")
    plugins.operations.bare["typo"] = Provided(spec, "own", "pytest")
    with pytest.raises(
        PluginError, match=r"cannot run: .*:Kepe could not be imported: AttributeError"
    ) as caught:
        session().run(Step("typo"), FLOAT)
    named(str(caught.value))


def test_numbers_of_numpy_and_torch_become_notes(session):
    notes = session().run(Step("numbers"), FLOAT).notes["numbers"]["m"]
    assert notes == {"a": 0.5, "b": [3, 4], "c": 5.0, "d": True}
    assert json.dumps(notes)


def test_an_edit_may_change_copies(session):
    assert np.allclose(session().run(Step("copies"), FLOAT).frame.pixels, FLOAT.pixels)


def test_results_can_be_written_to(session):
    given = Frame(np.array(FLOAT.pixels))
    for name in ("keep", "numbers"):
        session().run(Step(name), given).frame.pixels[0] = 0
        given.pixels.flags.writeable
        assert given.pixels.flags.writeable


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("move move", ["Move", "Move"]),
        ("rest rest rest", ["Rest", "Rest", "Rest"]),
        ("rest move", ["Rest", "Move"]),
        ("move rest", ["Move", "Rest"]),
        ("move", ["Move"]),
        ("rest", ["Rest"]),
    ],
)
def test_a_chain_calls_after_of_each_step_once(session, names, expected):
    AFTER.clear()
    with session() as one:
        result = one.run(Pipeline(*map(Step, names.split())), FLOAT)
    assert expected == AFTER
    assert [notes["std"] for notes in result.notes.values()] == [pytest.approx(0.1)] * len(expected)
    shift = 0.1 * expected.count("Move")
    assert np.allclose(result.frame.pixels, np.clip(FLOAT.pixels + shift, 0, 1), atol=1e-6)


def test_a_broken_architecture_is_blamed_itself(session):
    with session("broken") as one, pytest.raises(PluginError) as caught:
        one.run(Step("reconstruct"), FLOAT)
    named(str(caught.value), "architecture")
    assert str(caught.value).endswith("failed: IndexError: no such layer")


def test_a_vae_that_gives_nan_itself_is_blamed_itself(session):
    with (
        session("infinite") as one,
        pytest.raises(VaeeditError, match="The VAE photo returned values that are not"),
    ):
        one.run(Step("keep"), FLOAT)


def test_evaluate_reconstruct_has_no_channel_counts_of_another_vae(session, plugins, tmp_path, monkeypatch):
    monkeypatch.setattr("vaeedit.run.session.registry", lambda: plugins)
    session()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)).save(
        tmp_path / "a.png"
    )
    words = ["evaluate", "reconstruct", str(tmp_path), "--vae", str(tmp_path / "net.safetensors"), "--json"]
    done = CliRunner().invoke(cli, [*words, "--device", "cpu"], catch_exceptions=False)
    assert [json.loads(line)["channels"] for line in done.stdout.splitlines()] == ["all"]


PLUGIN = """
from vaeedit.api import OperationSpec, hookimpl

@hookimpl
def vaeedit_operations():
    common = {"summary": "Of a test.", "uses_vae": False}
    return [OperationSpec(name=name, target=f"acme_odd_work:{name.title()}", **common) for name in ("black", "noted")]
"""
WORK = """
import numpy as np
from vaeedit.api import Operation, Result

class Black(Operation):
    def after(self, frames, originals):
        frame = frames[0]
        if frame.width == 5:
            frame = frame.with_floats(frame.floats() * np.float32("nan"))
        return Result(frame)

class Noted(Operation):
    def after(self, frames, originals):
        frame = frames[0]
        return Result(frame, notes={"m": np.float32(1) if frame.width == 5 else object()})
"""


@pytest.mark.parametrize(
    ("name", "bad", "says"), [("black", "a", "not finite"), ("noted", "b", "notes that JSON cannot hold")]
)
def test_in_a_batch_one_file_fails_and_the_others_are_made(tmp_path, name, bad, says):
    (tmp_path / "acme_odd.py").write_text(PLUGIN)
    (tmp_path / "acme_odd_work.py").write_text(WORK)
    (tmp_path / "acme_odd-3.1.dist-info").mkdir()
    (tmp_path / "acme_odd-3.1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-odd\nVersion: 3.1\n"
    )
    (tmp_path / "acme_odd-3.1.dist-info/entry_points.txt").write_text("[vaeedit]\nacme-odd = acme_odd\n")
    for stem, width in (("a", 5), ("b", 6)):
        pixels = np.random.default_rng(0).random((4, width, 3)).astype(np.float32)
        Image.fromarray((255 * pixels).astype(np.uint8)).save(tmp_path / f"{stem}.png")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", "vaeedit", name, "a.png", "b.png", "-o", "out/"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(rf"Error: {bad}\.png: The operation {name} of acme-odd 3\.1 .*{says}", done.stderr)
    assert "report it" not in done.stderr
    _, *lines = (tmp_path / "out/vaeedit-journal.jsonl").read_text().splitlines()
    records = {record["input"][0]: record for record in map(json.loads, lines)}
    good = "b" if bad == "a" else "a"
    assert (records[bad]["status"], records[good]["status"]) == ("failed", "done")
    assert [path.name for path in Path(tmp_path, "out").glob("*.png")] == [f"{good}.png"]
