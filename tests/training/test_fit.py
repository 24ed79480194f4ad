"""Training end to end on a folder of small photographs: the loss falls, runs resume, files load."""

import re
import subprocess
import sys
from copy import deepcopy

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.errors import OptionError, UnknownName, UsageError, VaeeditWarning
from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.resampling import bicubic_down, bicubic_up
from vaeedit.training.recipe import Recipe, describe_recipe, load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.train import train as train_run
from vaeedit.vae.build import build
from vaeedit.vae.files import load_vae, read_info

pytest.importorskip("pytorch_lightning")

from vaeedit.training.callbacks import Averages
from vaeedit.training.module import Fit


def train(recipe, data, folder, output, plugins, *, seconds=2700.0, steps=None, resume=False, **start):
    run = Run(data, folder, Budget(seconds, steps), resume=resume)
    return train_run(recipe, run, output, plugins, **start)


def picture(path):
    """(1, C, H, W) in [0, 1]."""
    pixels = torch.from_numpy(np.array(Image.open(path), ndmin=3))
    return pixels.permute(2, 0, 1)[None].float() / 255


def test_a_run_writes_a_model_that_denoises_and_a_card(recipe, photographs, tmp_path):
    output = tmp_path / "tiny.safetensors"
    info = train(recipe(), photographs, tmp_path / "run", output, registry(), steps=200)
    assert info.training["steps"] == 200
    assert info.training["images"] == 20
    assert "damaged.jpg" in info.training["skipped"][0]
    assert read_info(output) == info
    assert "## Training" in output.with_suffix(".md").read_text()
    network, _ = load_vae(output, registry())
    clean = torch.full((1, 3, 64, 64), 0.5)
    noisy = clean + 0.2 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        restored = network.decode(
            network.encode(noisy, {"sigma": torch.full((1, 1, 64, 64), 0.2)}).mean()
        ).mean
    assert (restored - clean).square().mean() < 0.5 * (noisy - clean).square().mean()


def test_crops_grow_as_the_budget_is_used_up(recipe, photographs, tmp_path, monkeypatch):
    sides, step = [], Fit.training_step

    def noted(self, batch, index):
        sides.append(batch.images.shape[-1])
        return step(self, batch, index)

    monkeypatch.setattr(Fit, "training_step", noted)
    growing = recipe(data={"patch": [32, 48], "batch": 2})
    train(growing, photographs, tmp_path / "run", tmp_path / "x.safetensors", registry(), steps=12)
    assert sides == sorted(sides)  # the loader fetches a batch or two ahead
    assert sides.count(32) in (6, 7, 8)


@pytest.fixture
def mosaics(tmp_path):
    """Pictures of sharp squares, which interpolation blurs."""
    random = np.random.default_rng(0)
    for index in range(4):
        small = Image.fromarray(random.integers(0, 255, (10, 12, 3), dtype=np.uint8))
        small.resize((144, 120), Image.Resampling.NEAREST).save(tmp_path / f"{index}.png")
    return tmp_path


def test_an_upscaler_learns_more_than_interpolation(mosaics, tmp_path_factory, capsys):
    photographs, tmp_path = mosaics, tmp_path_factory.mktemp("run")
    base = as_dict(load_recipe("super-resolve", registry()))
    config = {
        "widths": [16, 16],
        "blocks": [1, 1],
        "latents": [2, 2],
        "ladder_widths": [8, 8],
        "encoder_widths": [8, 8],
    }
    changes = {
        "config": config,
        "data": {"patch": [96], "batch": 4},
        "optimizer": {"rate": 5e-3, "adam_rate": 3e-3},
    }
    small = msgspec.convert({**base, **changes}, Recipe)
    output = tmp_path / "up.safetensors"
    train(small, photographs, tmp_path / "run", output, registry(), steps=150)
    network, _ = load_vae(output, registry())
    x = picture(photographs / "0.png")
    y = bicubic_down(x, 2)
    conditions = {"scale": torch.full_like(y[:, :1], 2.0), "sigma": torch.zeros_like(y[:, :1])}
    with torch.inference_mode():
        enlarged = network.decode(network.encode(y, conditions).mean()).mean
    assert (enlarged - x).square().mean() < 0.8 * (bicubic_up(y, 2) - x).square().mean()
    line = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"step 150, .*/s, \d+% waiting for data, \d+ GFLOP/s \(\d+% of \d+\)", line)


def test_two_processes_train_one_model(recipe, photographs, tmp_path):
    written = tmp_path / "recipe.yaml"
    written.write_text(describe_recipe(recipe()))
    output = tmp_path / "tiny.safetensors"
    command = [
        sys.executable,
        "-m",
        "vaeedit",
        "train",
        str(written),
        str(photographs),
        "--steps",
        "4",
    ]
    command += ["--run", str(tmp_path / "run"), "-o", str(output), "--devices", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert read_info(output).training["steps"] == 4


def test_a_run_resumes_where_it_stopped(recipe, photographs, tmp_path, monkeypatch):
    run, output = tmp_path / "run", tmp_path / "tiny.safetensors"
    first = train(recipe(), photographs, run, output, registry(), steps=30)
    before = torch.load(run / "last.ckpt", weights_only=False)
    begins = []

    def noted(self, *_):
        if not begins:
            weights = {name: value.clone() for name, value in self.state_dict().items()}
            begins.append((weights, deepcopy(self.optimizers().optimizer.state_dict()["state"])))

    monkeypatch.setattr(Fit, "on_train_batch_start", noted)
    second = train(recipe(), photographs, run, output, registry(), steps=50, resume=True)
    assert (first.training["steps"], second.training["steps"]) == (30, 50)
    # the very first step is not counted
    assert second.training["petaflop"] / first.training["petaflop"] == pytest.approx(49 / 29, rel=0.05)
    assert [path.name for path in run.glob("*.ckpt")] == ["last.ckpt"]
    weights, momenta = begins[0]
    torch.testing.assert_close(weights, before["current_model_state"], rtol=0, atol=0)
    torch.testing.assert_close(momenta, before["optimizer_states"][0]["state"], rtol=0, atol=0)
    after = torch.load(run / "last.ckpt", weights_only=False)
    assert after["global_step"] == 50
    assert after["averaging_state"]["n_averaged"] > before["averaging_state"]["n_averaged"]
    assert any(not torch.equal(after["current_model_state"][name], value) for name, value in weights.items())


def test_a_run_can_start_from_a_trained_vae(recipe, photographs, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train(recipe(), photographs, tmp_path / "a", first, registry(), steps=3)
    still = recipe(optimizer={"rate": 0.0, "adam_rate": 0.0})
    info = train(still, photographs, tmp_path / "b", second, registry(), steps=2, start=str(first))
    assert info.training["before"]["steps"] == 3
    old, new = (load_vae(path, registry())[0].state_dict() for path in (first, second))
    assert all(torch.equal(old[key], new[key]) for key in old)
    other = recipe(config={**recipe().config, "widths": [32, 32]})
    with pytest.raises(UsageError, match="another config"):
        train(other, photographs, tmp_path / "c", second, registry(), steps=2, start=str(first))


def test_weights_of_another_config_that_fit_are_reported(recipe, photographs, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train(recipe(), photographs, tmp_path / "a", first, registry(), steps=1)
    leaky = recipe(config={**recipe().config, "slope": 0.1})
    with pytest.warns(VaeeditWarning, match=r"slope was 0\.0 and is 0\.1"):
        train(leaky, photographs, tmp_path / "b", second, registry(), steps=1, start=str(first))


def test_parts_of_a_trained_vae_are_left_out(recipe, photographs, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train(recipe(), photographs, tmp_path / "a", first, registry(), steps=3)
    still = recipe(optimizer={"rate": 0.0, "adam_rate": 0.0}, seed=1)
    part = "trunk.up_stages.1"
    info = train(
        still, photographs, tmp_path / "b", second, registry(), steps=1, start=str(first), fresh=[part]
    )
    assert info.training["fresh"] == [part]
    old, new = (load_vae(path, registry())[0].state_dict() for path in (first, second))
    assert {key for key in old if not torch.equal(old[key], new[key])} == {
        key for key in old if key.startswith(f"{part}.")
    }
    with pytest.raises(UnknownName, match="no part of the network called"):
        train(
            still,
            photographs,
            tmp_path / "c",
            second,
            registry(),
            steps=1,
            start=str(first),
            fresh=["trunk.up"],
        )


def test_a_time_budget_ends_a_run(recipe, photographs, tmp_path, steady_clock):
    info = train(recipe(), photographs, tmp_path / "run", tmp_path / "x.safetensors", registry(), seconds=2)
    assert info.training["steps"] == 16


def test_the_unconditional_ladder_trains_and_uses_its_latents(recipe, photographs, tmp_path):
    config = {"widths": [32, 32], "latents": [4, 8]}
    plain = recipe(
        architecture="ladder",
        config=config,
        objective={"kind": "elbo", "kl": 0.01},
        optimizer={"rate": 5e-3, "adam_rate": 4e-3, "warmup": 10},
    )
    output = tmp_path / "plain.safetensors"
    train(plain, photographs, tmp_path / "run", output, registry(), steps=150)
    network, _ = load_vae(output, registry())
    x = picture(photographs / "00.png")
    with torch.inference_mode():
        latents = network.encode(x, {})
        reconstructed = network.decode(latents.mean()).mean
    assert (reconstructed - x).square().mean() < 0.5 * x.var()
    assert sum(level.mean.var() for level in latents.levels) > 0.01


def test_a_plain_vae_of_gray_images_trains(recipe, photographs, tmp_path):
    gray = recipe(
        architecture="ladder",
        config={"channels": 1, "widths": [8, 8], "latents": [2, 2]},
        objective={"kind": "elbo", "kl": 0.01},
        data={"patch": [32], "batch": 4, "gray": 1},
        optimizer={"rate": 5e-3, "adam_rate": 4e-3, "warmup": 10},
    )
    train(gray, photographs, tmp_path / "run", tmp_path / "gray.safetensors", registry(), steps=120)
    network, _ = load_vae(tmp_path / "gray.safetensors", registry())
    x = picture(photographs / "00.png").mean(1, keepdim=True)
    with torch.inference_mode():
        reconstructed = network.decode(network.encode(x, {}).mean()).mean
    assert (reconstructed - x).square().mean() < 0.5 * x.var()


def test_a_run_is_neither_overwritten_nor_resumed_from_nothing(recipe, photographs, tmp_path):
    run, output = tmp_path / "run", tmp_path / "x.safetensors"
    with pytest.raises(UsageError, match="no checkpoint to resume"):
        train(recipe(), photographs, run, output, registry(), steps=2, resume=True)
    train(recipe(), photographs, run, output, registry(), steps=2)
    with pytest.raises(UsageError, match="continue it with --resume, or name another folder"):
        train(recipe(), photographs, run, output, registry(), steps=2)


def test_faults_of_a_training_request_are_sentences(recipe, photographs, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'denoise'"):
        load_recipe("denoize", registry())
    with pytest.raises(UsageError, match="no folder"):
        train(recipe(), tmp_path / "none", tmp_path, tmp_path / "x.safetensors", registry(), seconds=1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="empty holds no data: name a folder of images"):
        train(recipe(), tmp_path / "empty", tmp_path, tmp_path / "x.safetensors", registry(), seconds=1)
    (tmp_path / "empty" / "x.png").write_bytes(b"no picture")
    with pytest.raises(OptionError, match="no readable image of at least 32 pixels"):
        train(recipe(), tmp_path / "empty", tmp_path, tmp_path / "x.safetensors", registry(), seconds=1)
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x\nsumary: typo\n")
    with pytest.raises(OptionError, match="sumary"):
        load_recipe(str(bad), registry())


def test_the_photo_vae_starts_at_principal_components_and_gets_better(photographs, tmp_path):
    config = {"widths": [16, 32, 32], "blocks": [1, 1, 1], "latents": [2, 4, 8]}
    photo = as_dict(load_recipe("photo", registry())) | {
        "config": config,
        "data": {"patch": [32], "batch": 8},
    }
    photo["optimizer"] = {"rate": 5e-3, "adam_rate": 3e-3, "warmup": 10}
    x = torch.cat([picture(photographs / f"{index:02}.png") for index in range(4)])

    def decibels(steps):
        name = f"{steps}.safetensors"
        train(
            msgspec.convert(photo, Recipe),
            photographs,
            tmp_path / str(steps),
            tmp_path / name,
            registry(),
            steps=steps,
        )
        network, _ = load_vae(tmp_path / name, registry())
        with torch.inference_mode():
            decoded = network.decode(network.encode(x, {}).mean()).mean
        return -10 * torch.log10((decoded - x).square().mean()).item()

    first, later = decibels(1), decibels(150)
    assert first > 25
    assert later > first + 1


@pytest.mark.parametrize(
    ("architecture", "key", "values", "reason"),
    [
        ("ladder", "latents", [4, 8], "latents must have as many values as widths, 3, not 2"),
        ("ladder", "widths", [], "widths must not be empty"),
        ("ladder-restorer", "blocks", [1], "blocks must have as many values as widths, 3, not 1"),
        ("ladder-upscaler", "encoder_widths", [8], "encoder-widths must have as many values as widths, 2, not 1"),
        ("ladder-upscaler", "scales", [], "scales must not be empty"),
        ("photo", "latents", [4], "latents must have as many values as widths, 3, not 1"),
        ("photo", "kept", [1.0], "kept must have as many values as nested, 3, not 1"),
        ("normal-restorer", "ladder_widths", [8], "ladder-widths must have as many values as widths, 4, not 1"),
    ],
)  # fmt: skip
def test_lists_of_a_config_that_differ_in_length_are_a_sentence(architecture, key, values, reason):
    with pytest.raises(OptionError, match=f"the architecture {architecture}: {reason}"):
        build(architecture, {key: values}, registry())


@pytest.mark.parametrize(
    ("objective", "architecture", "reason"),
    [
        ({"kind": "restoration"}, "ladder", "it does not satisfy Estimator"),
        ({"kind": "noise"}, "photo", "it does not satisfy Estimator"),
        ({"kind": "elbo"}, "ladder-restorer", "it needs the condition sigma"),
        ({"kind": "reconstruction"}, "ladder-upscaler", "it needs the condition scale"),
        ({"kind": "restoration"}, "ladder-upscaler", "it needs the condition scale"),
        ({"kind": "defects"}, "ladder-restorer", "it does not satisfy NormalRestorer"),
        ({"kind": "elbo"}, "tiny-autoencoder", "it does not satisfy TrainableVAE"),
    ],
)
def test_an_objective_of_another_architecture_is_a_sentence(
    objective, architecture, reason, recipe, photographs, tmp_path
):
    wrong = msgspec.structs.replace(recipe(), architecture=architecture, config={}, objective=objective)
    with pytest.raises(
        OptionError, match=f"{objective['kind']} cannot train the architecture {architecture}: {reason}"
    ):
        train(wrong, photographs, tmp_path / "run", tmp_path / "x.safetensors", registry(), steps=1)


def test_averages_are_over_the_steps_that_had_a_value():
    averages = Averages()
    for step in range(4):
        late = {"held_out_psnr": torch.tensor(30.0)} if step == 3 else {}
        averages.add({"loss": torch.tensor(float(step)), **late})
    assert averages.take() == {"loss": 1.5, "held_out_psnr": 30.0}
    averages.add({"loss": torch.tensor(7.0)})
    assert averages.take() == {"loss": 7.0}
