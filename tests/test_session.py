"""Sessions: settings, seeds and devices; VAEs loaded once; what a plugin does wrong is its own error."""

from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import torch
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
    Result,
    hookimpl,
    option,
)
from vaeedit.cli.main import call
from vaeedit.devices import resolve_device, resolve_precision
from vaeedit.errors import (
    ImageError,
    OptionError,
    PipelineError,
    PluginError,
    UnknownName,
    UsageError,
    VaeeditError,
    WeightsError,
)
from vaeedit.extension.registry import discover, registry
from vaeedit.run.operation import Operation
from vaeedit.run.session import STEP_SEEDS, Session
from vaeedit.vae.files import VaeInfo, save_vae


class NetOptions(Options, frozen=True):
    """What the small VAE of these tests does wrong."""

    nan: Annotated[str, option("never, reduced (below float32) or always.")] = "never"


class Net(nn.Module):
    """Latents are the pixels, with a standard deviation of 0.1; a 1x1 convolution makes precision visible."""

    channels, multiple, receptive_field, conditions = 3, 2, 0, ("sigma",)

    def __init__(self, options: NetOptions) -> None:
        super().__init__()
        self.nan = options.nan
        self.one = nn.Conv2d(3, 3, 1, bias=False)
        with torch.no_grad():
            self.one.weight.copy_(torch.eye(3)[:, :, None, None])

    def encode(self, x, conditions):
        assert set(conditions) == {"sigma"}
        return Latents((Gaussian(x, torch.full_like(x, -2.3)),))

    def estimate(self, name, x):
        return torch.full_like(x[:, :1], 0.25)

    def decode(self, latents, *, std=False):
        mean = self.one(latents.levels[0].mean)
        if self.nan == "always" or (self.nan == "reduced" and mean.dtype != torch.float32):
            mean = mean * float("nan")
        return Decoded(mean, torch.full_like(mean, 0.1) if std else None)


class Nothing(Edit):
    """Decode as it is."""

    def edit(self, latents):
        return latents.mean()


class Draw(Edit):
    """A posterior sample."""

    def edit(self, latents):
        return latents.sample(self.request.seed)


class Told(Edit):
    """Tells the VAE something that it does not know."""

    def before(self, frames):
        return [frame.with_conditions(sigma=0.1, humidity=0.4) for frame in frames]

    def edit(self, latents):
        raise AssertionError("not reached")


class Mapped(Edit):
    """Gives notes and whatever maps its class says."""

    def edit(self, latents):
        return latents.mean()

    def after(self, frames, originals):
        return Result(frames[0], {"copy": originals[0]}, {"size": frames[0].width})


class FailsToStart(Nothing):
    def __init__(self, request):
        raise LookupError("no start")


class FailsBefore(Nothing):
    def before(self, frames):
        raise LookupError("no before")


class LosesFrames(Nothing):
    def before(self, frames):
        return []


class FailsToEdit(Edit):
    def edit(self, latents):
        raise LookupError("no edit")


class ForgetsEdit(Edit):
    pass


class DerivesFromNone(Operation):
    pass


class EditsToGarbage(Edit):
    def edit(self, latents):
        return "garbage"


class FailsAfter(Nothing):
    def after(self, frames, originals):
        raise LookupError("no after")


class AfterGarbage(Nothing):
    def after(self, frames, originals):
        return frames[0]


class Exits(Edit):
    def edit(self, latents):
        raise SystemExit("bye")


class ForgetsItsMap(Nothing):
    pass


class ErrsOnPurpose(Edit):
    def edit(self, latents):
        raise ImageError("This picture is too dull.")


class Hungry(Edit):
    def edit(self, latents):
        raise MemoryError


class HungryTensor(Edit):
    def edit(self, latents):
        torch.empty(2**55)


MISBEHAVING = {
    FailsToStart: "LookupError: no start",
    FailsBefore: "LookupError: no before",
    LosesFrames: "returned no frame",
    FailsToEdit: "LookupError: no edit",
    ForgetsEdit: "TypeError: Can't instantiate abstract class ForgetsEdit",
    DerivesFromNone: "DerivesFromNone, that does not derive from Edit, Join or Inspect",
    EditsToGarbage: "returned 'garbage' from its edit",
    FailsAfter: "LookupError: no after",
    AfterGarbage: "not a Result",
    Exits: "SystemExit: bye",
    ForgetsItsMap: "returned no map copy",
}
BEHAVING = (Nothing, Draw, Told, Mapped, ErrsOnPurpose, Hungry, HungryTensor)


@hookimpl
def vaeedit_operations():
    return [
        OperationSpec(
            name=cls.__name__.lower(),
            summary="Of these tests.",
            target=f"{__name__}:{cls.__name__}",
            vae="tiny.safetensors",
            maps={"copy": "The picture as it was."},
        )
        for cls in (*BEHAVING, *MISBEHAVING)
    ]


@hookimpl
def vaeedit_architectures():
    return [ArchitectureSpec(name="tiny", summary="Tiny.", target=f"{__name__}:Net", options=NetOptions)]


PLUGINS = discover([EntryPoint("tiny", __name__, "vaeedit")])


def weights(folder: Path, nan: str = "never") -> str:
    info = VaeInfo(name="tiny", architecture="tiny", config={"nan": nan})
    save_vae(folder / f"{nan}.safetensors", Net(NetOptions()), info)
    return str(folder / f"{nan}.safetensors")


@pytest.fixture
def session(tmp_path):
    """Make a session with the small VAE."""

    def make(nan: str = "never", **settings):
        return Session(plugins=PLUGINS, vae=weights(tmp_path, nan), **settings)

    return make


def frame(dtype=np.uint8, size=(9, 14, 3)) -> Frame:
    values = np.random.default_rng(0).uniform(0.1, 0.9, size)
    peak = 1 if dtype == np.float32 else np.iinfo(dtype).max
    return Frame((values * peak).astype(dtype))


def step(name: str, **options) -> vaeedit.Step:
    return vaeedit.Step(name, **options)


def test_the_plugin_of_these_tests_is_sound():
    assert [(report.state, report.reason) for report in PLUGINS.reports] == [("loaded", "")]


def test_a_frame_comes_back_in_its_size_and_depth(session):
    for dtype in (np.uint8, np.uint16, np.float32):
        source = frame(dtype)
        result = session(precision="float32").run(step("nothing"), source)
        assert result.frame.pixels.dtype == dtype
        assert np.allclose(result.frame.pixels, source.pixels, atol=0 if dtype != np.float32 else 1e-6)
        assert result.frame.conditions == {}
        assert result.frame.std is None
        assert result.notes["nothing"]["seconds"] >= 0


def test_a_file_is_read_and_the_result_saved(session, tmp_path):
    assert vaeedit.write(frame(), tmp_path / "in.png") == []
    result = session().run(step("nothing"), tmp_path / "in.png")
    result.save(tmp_path / "out.png")
    assert (vaeedit.read(tmp_path / "out.png").pixels == frame().pixels).all()


def test_seeds_add_up_and_each_step_has_its_own(session):
    def drawn(seed, pipeline_seed, steps=1):
        pipeline = vaeedit.Pipeline(*[step("draw")] * steps, seed=pipeline_seed)
        return session(seed=seed).run(pipeline, frame(np.float32)).frame.pixels

    assert (drawn(3, 4) == drawn(7, 0)).all()
    assert (drawn(3, 4) != drawn(3, 5)).any()
    once = drawn(0, 0)
    twice = drawn(0, 0, steps=2)
    by_hand = session(seed=STEP_SEEDS).run(step("draw"), Frame(once)).frame.pixels
    assert (twice == by_hand).all()
    assert (drawn(10**40, 0) == drawn(0, 10**40)).all()


def test_maps_and_notes_of_all_steps_are_collected(session):
    pipeline = vaeedit.Pipeline(step("mapped", maps=["copy"]), step("nothing"))
    result = session().run(pipeline, frame())
    assert (result.maps["copy"].pixels == frame().pixels).all()
    assert set(result.notes) == {"mapped", "nothing"}
    assert result.notes["mapped"]["size"] == 14


def test_a_pipeline_is_planned_once_for_all_its_pictures(session, monkeypatch):
    checks = []
    check = vaeedit.Pipeline.check
    monkeypatch.setattr(vaeedit.Pipeline, "check", lambda *a: checks.append(a[0]) or check(*a))
    first, second = vaeedit.Pipeline(step("nothing")), vaeedit.Pipeline(step("draw"))
    with session() as one:
        plan = check(first, PLUGINS, one.settings.vae)
        for pipeline in (first, first, second, second, first, plan, plan):
            one.run(pipeline, frame())
    assert checks == [first, second, first]


def test_a_vae_is_loaded_once_and_freed_at_the_end(session, monkeypatch):
    from vaeedit.vae import files as module

    loads = []
    monkeypatch.setattr(module, "load_vae", lambda *a, real=module.load_vae: loads.append(a[0]) or real(*a))
    with session() as one:
        for _ in range(3):
            one.run(vaeedit.Pipeline(step("nothing"), step("draw")), frame())
        first = one.vae(one.settings.vae)
        assert first is one.vae(one.settings.vae)
        assert len(loads) == 1
    assert one.vae(one.settings.vae) is not first
    assert len(loads) == 2


def test_a_strength_of_zero_loads_no_vae_and_gives_the_very_frame():
    source = frame()
    with Session(vae="no/such.safetensors") as one:
        result = one.run(step("denoise", strength=0), source)
    assert result.frame is source
    assert result.notes == {"denoise": {"unchanged": True}}


def test_a_strength_of_zero_with_a_map_gives_the_very_frame_too():
    source = frame()
    with Session() as one:
        result = one.run(step("denoise", strength=0, maps=["uncertainty"]), source)
    assert result.frame is source
    assert result.maps["uncertainty"].pixels.shape == (9, 14, 1)


@pytest.mark.parametrize("cls", MISBEHAVING, ids=lambda cls: cls.__name__)
def test_what_an_operation_does_wrong_is_an_error_that_names_it(session, cls):
    name = cls.__name__.lower()
    with pytest.raises(PluginError) as caught:
        session().run(step(name, maps=["copy"]), frame())
    assert str(caught.value).startswith(f"The operation {name} of unknown ")
    assert MISBEHAVING[cls] in str(caught.value)
    assert caught.value.__cause__ is not None
    assert caught.value.exit_code == 1


def test_an_error_that_an_operation_means_is_passed_on(session):
    with pytest.raises(ImageError, match="too dull"):
        session().run(step("errsonpurpose"), frame())


@pytest.mark.parametrize("name", ["hungry", "hungrytensor"])
def test_memory_that_runs_out_is_not_blamed_on_the_operation(session, name):
    with pytest.raises(MemoryError):
        session().run(step(name), frame())


def test_a_condition_that_the_vae_does_not_know_is_an_error(session):
    with pytest.raises(WeightsError, match="tiny does not support the condition humidity"):
        session().run(step("told"), frame())


def test_values_that_are_not_finite_fall_back_to_float32(session):
    expected = session(precision="float32").run(step("nothing"), frame()).frame.pixels
    result = session("reduced", precision="bfloat16").run(step("nothing"), frame())
    assert (result.frame.pixels == expected).all()
    reduced = session(precision="bfloat16").run(step("nothing"), frame(np.float32)).frame.pixels
    assert 1e-4 < np.abs(reduced - frame(np.float32).pixels).max() < 0.01  # bfloat16 is really used


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_values_that_stay_not_finite_are_an_error_and_never_written(
    session, tmp_path, monkeypatch, capsys, precision
):
    with pytest.raises(VaeeditError, match="tiny returned values that are not finite numbers"):
        session("always", precision=precision).run(step("nothing"), frame())
    for name in (
        "run.session",
        "cli.commands",
        "pipeline.recorded",
        "extension.registry",
    ):  # what imports it comes first
        monkeypatch.setattr(f"vaeedit.{name}.registry", lambda: PLUGINS)
    vaeedit.write(frame(), tmp_path / "in.png")
    before = sorted(tmp_path.iterdir())
    arguments = [str(tmp_path / "in.png"), "--vae", str(tmp_path / "always.safetensors")]
    assert call(["nothing", *arguments, "--precision", precision]) == 1
    assert "not finite numbers" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_settings_are_checked():
    for settings in ({"tile": 3}, {"seed": -1}, {"precision": "float8"}, {"device": 3}, {"sede": 1}):
        (name,) = settings
        with pytest.raises(OptionError, match=name):
            Session(**settings)
    with pytest.raises(UsageError, match="nonsense"):
        Session(device="nonsense")


def test_devices_are_found_or_refused_in_a_sentence():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    for name in ("nonsense", "cuda:x", "", "cpu,cuda"):
        with pytest.raises(UsageError, match="There is no device"):
            resolve_device(name)
    for name in ("cuda:99", "meta", "xpu"):
        with pytest.raises(UsageError, match="not available on this machine"):
            resolve_device(name)
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="--device cpu"):
            Session(device="cuda")


def test_precisions_are_chosen_by_device_and_depth():
    cpu = torch.device("cpu")
    assert resolve_precision("float32", cpu, 8) == torch.float32
    assert resolve_precision("bfloat16", cpu, 16) == torch.bfloat16
    assert resolve_precision("auto", cpu, 16) == torch.float32
    assert resolve_precision("auto", cpu, 32) == torch.float32
    assert resolve_precision("auto", cpu, 8) in (torch.float32, torch.bfloat16)
    assert resolve_precision("float16", torch.device("cuda"), 16) == torch.float16
    with pytest.raises(UsageError, match="float16"):
        resolve_precision("float16", cpu, 8)


def test_auto_takes_bfloat16_only_where_it_is_fast(monkeypatch):
    cpu = torch.device("cpu")
    for found, expected in (({"amx_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found, raising=False)
        assert resolve_precision("auto", cpu, 8) == expected
        assert resolve_precision("auto", cpu, 16) == torch.float32


def test_faults_of_the_request_come_before_anything_is_read():
    with Session() as one:
        with pytest.raises(PipelineError, match="did you mean 'denoise'"):
            one.run(step("densoise"), "no-such-file.png")
        with pytest.raises(ImageError, match=r"no-such-file\.png cannot be read"):
            one.run(step("denoise"), "no-such-file.png")
        with pytest.raises(UnknownName, match="did you mean 'denoise'"):
            one.vae("denose")
        with pytest.raises(UsageError, match="no VAE file no/such"):
            one.vae("no/such.safetensors")


def test_edit_is_a_session_of_one_step(tmp_path):
    vaeedit.write(frame(), tmp_path / "in.png")
    settings = {"seed": 3, "precision": "float32", "device": "cpu"}
    short = vaeedit.edit(tmp_path / "in.png", "denoise", realism=1.0, maps=("uncertainty",), **settings)
    with Session(**settings) as one:
        long = one.run(step("denoise", realism=1.0, maps=["uncertainty"]), frame())
    assert (short.frame.pixels == long.frame.pixels).all()
    assert set(short.maps) == {"uncertainty"}
    with pytest.raises(UsageError, match="strenght"):
        vaeedit.edit(tmp_path / "in.png", "denoise", strenght=1)


def test_sources_are_left_as_they_were(session):
    source = frame()
    copy = replace(source, pixels=source.pixels.copy())
    session().run(vaeedit.Pipeline(step("draw"), step("nothing")), source)
    assert (source.pixels == copy.pixels).all()
    assert registry().reports[0].state == "loaded"
