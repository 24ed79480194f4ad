"""What a run keeps in its folder: values and samples at milestones, also of a resumed run."""

import shutil

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit import read
from vaeedit.errors import UsageError
from vaeedit.extension.registry import registry
from vaeedit.training.history import (
    Logged,
    milestone,
    read_curve,
    read_metrics,
    read_snapshots,
    write_metrics,
)
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.train import train
from vaeedit.vae.files import load_vae

pytest.importorskip("pytorch_lightning")

CONFIG = {"height": 6, "width": 9, "widths": [8], "latents": 3}


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    """Twenty gray pictures of 9 x 6 pixels."""
    folder = tmp_path_factory.mktemp("stripes")
    random = np.random.default_rng(0)
    for index in range(20):
        Image.fromarray(random.integers(0, 255, (6, 9), dtype=np.uint8)).save(folder / f"{index:02}.png")
    return folder


def plain(**changes):
    values = {
        "name": "stripes",
        "summary": "Stripes.",
        "architecture": "plain",
        "config": CONFIG,
        "data": {"whole": True, "batch": 4},
        "objective": {"kind": "likelihood", "warmup": 0.5},
        "optimizer": {"rate": 0.0, "adam_rate": 1e-3, "warmup": 1},
        **changes,
    }
    return msgspec.convert(values, Recipe)


def trained(data, folder, steps, *, resume=False, recipe=None, **how):
    run = Run(data, folder, Budget(steps=steps), resume=resume, **how)
    return train(recipe or plain(), run, folder / "vae.safetensors", registry())


@pytest.fixture(scope="module")
def home(stripes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    trained(stripes, folder, 45)
    return folder


def test_milestones_are_dense_at_first_and_four_for_each_doubling_later():
    kept = [step for step in range(1025) if milestone(step, 4)]
    assert kept[:10] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert [step for step in kept if step >= 256][:5] == [256, 305, 363, 431, 512]


def test_the_metrics_file_holds_every_logged_value_and_says_its_unit(home):
    rows = read_metrics(home)
    assert [row.step for row in rows] == [step for step in range(1, 46) if milestone(step, 32)]
    assert {row.unit for row in rows} == {"nats per image"}
    assert rows[-1].done == 1
    assert [row.minutes for row in rows] == sorted(row.minutes for row in rows)
    for row in rows:
        assert set(row.values) == {"loss", "distortion", "rate", "kl"}
        assert row.values["loss"] == pytest.approx(row.values["distortion"] + row.values["rate"], rel=1e-4)
        weight = min(1, (row.step - 1) / 45 / 0.5)
        assert row.values["rate"] == pytest.approx(weight * row.values["kl"], abs=0.02)


def test_snapshots_are_the_samples_of_the_averaged_weights(home):
    kept = read_snapshots(home)
    assert [step for step, _ in kept] == [*[step for step in range(45) if milestone(step, 4)], 45]
    network, _ = load_vae(home / "vae.safetensors", registry())
    with torch.inference_mode():
        sample = network.decode(network.prior(1, (6, 9)).sample(9)).mean[0, 0].numpy()
    last = read(kept[-1][1]).pixels[..., 0]
    assert last.shape == (8 * 8 - 2, 8 * 11 - 2)
    assert np.abs(last[8:14, 11:20] - 255 * sample).max() < 1
    first = read(kept[0][1]).pixels[..., 0]
    assert np.abs(first[8:14, 11:20].astype(float) - last[8:14, 11:20]).max() > 1


def test_a_resumed_run_goes_on_where_its_checkpoint_was(home, stripes, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(home, folder)
    before = read_metrics(folder)
    write_metrics(folder, [*before, msgspec.structs.replace(before[-1], step=50)])  # after the checkpoint
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 51, "minu')  # cut off by a kill
    (folder / "snapshots" / "000000064.png").write_bytes(b"")
    trained(stripes, folder, 60, resume=True)
    steps = [row.step for row in read_metrics(folder)]
    assert steps == sorted(set(steps))
    assert steps[: len(before)] == [row.step for row in before]
    assert steps[-1] == 60
    assert [step for step, _ in read_snapshots(folder)][-4:] == [39, 46, 54, 60], "without 45"


def test_samples_of_a_ladder_have_the_size_of_its_images(stripes, tmp_path):
    ladder = plain(
        architecture="ladder",
        config={"channels": 1, "widths": [8, 8], "latents": [1, 2], "likelihood": "gaussian"},
    )
    trained(stripes, tmp_path, 2, recipe=ladder)
    assert read(read_snapshots(tmp_path)[0][1]).pixels.shape == (62, 86, 1)
    assert {"kl", "kl_1", "kl_2"} <= set(read_metrics(tmp_path)[0].values)


def test_samples_of_a_vae_that_knows_classes_have_a_column_for_each(stripes, tmp_path):
    for number in range(12):
        (tmp_path / f"data/{number % 3}").mkdir(parents=True, exist_ok=True)
        shutil.copy(stripes / f"{number:02}.png", tmp_path / f"data/{number % 3}")
    known = plain(architecture="conditional", config={**CONFIG, "classes": 3})
    trained(tmp_path / "data", tmp_path / "run", 2, recipe=known)
    assert read(read_snapshots(tmp_path / "run")[0][1]).pixels.shape == (22 * 8 - 2, 3 * 11 - 2, 1)


def test_a_network_without_a_prior_keeps_no_samples(recipe, photographs, tmp_path):
    run = Run(photographs, tmp_path, Budget(steps=2), held_out=2, interactive=True)
    train(recipe(), run, tmp_path / "vae.safetensors", registry())
    assert read_snapshots(tmp_path) == []
    assert set(read_metrics(tmp_path)[0].values) == {"loss", "psnr", "restoration", "elbo", "noise"}


def test_values_that_are_no_numbers_and_damaged_files(tmp_path):
    assert (read_metrics(tmp_path), read_curve(tmp_path)) == ([], [])
    write_metrics(tmp_path, [Logged(1, 0.1, 0.2, "", {"loss": None})])
    assert read_metrics(tmp_path)[0].values == {"loss": None}
    (tmp_path / "metrics.jsonl").write_text("nonsense\n")
    with pytest.raises(UsageError, match=r"metrics\.jsonl is damaged .*; remove it, or name another run"):
        read_metrics(tmp_path)
    (tmp_path / "curve.csv").write_text("hours,steps,psnr\n0.5,100,30.25\n")
    assert read_curve(tmp_path) == [(100, 30.0, 30.25)]
    (tmp_path / "curve.csv").write_text("hours,steps\n0.5,100\n")
    with pytest.raises(UsageError, match=r"curve\.csv is damaged"):
        read_curve(tmp_path)
