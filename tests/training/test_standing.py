"""A standing job: turns, held-out images, a kill, branches."""

import csv
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from vaeedit.errors import OptionError, UnknownName, UsageError
from vaeedit.extension.registry import registry
from vaeedit.training.plan import Plan, PlannedRun, load_plan
from vaeedit.training.recipe import Data, describe_recipe, load_recipe
from vaeedit.vae.files import read_info

pytest.importorskip("pytorch_lightning")

from vaeedit.training import fit as fitting
from vaeedit.training.held_out import hold_out
from vaeedit.training.sources.find import open_source
from vaeedit.training.standing import branch, seconds_of, stand

SHIPPED = Path(__file__).parents[2] / "samples/training/shipped.yaml"
NOT_NICE = """
import os, sys
os.nice = lambda by: 0
from vaeedit.cli.main import call
sys.exit(call(sys.argv[1:]))
"""
"""The command line at the usual priority: at the lowest, a busy machine may not let it do anything."""


@pytest.fixture
def plan(recipe, tmp_path):
    """Two small models in turn, each for less than a second."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(describe_recipe(recipe(name=name)))
    written = tmp_path / "plan.yaml"
    runs = "".join(f"  - {{recipe: {tmp_path}/{name}.yaml}}\n" for name in ("first", "second"))
    written.write_text(f"runs:\n{runs}turn: 0.015\nheld_out: 2\n")
    return written


def test_the_run_that_has_had_least_of_its_share_is_next():
    plan = Plan((PlannedRun("a", share=2), PlannedRun("b", share=1)))
    assert plan.next([0, 0]).name == "a"
    assert plan.next([10, 0]).name == "b"
    assert plan.next([10, 6]).name == "a"


def test_held_out_images_are_always_the_same_and_never_trained_on(photographs):
    split = open_source(photographs).split("train")
    learned, aside = hold_out(split, 2)
    assert aside.numbers.tolist() == [5, 16]
    assert len(hold_out(split, 16)[1]) == 2, "at most a tenth"
    crops = fitting.CropBatches(learned, Data(patch=(32,), batch=2), 0)
    assert crops.count == 18
    held_out = [example.load() for example in aside.examples()]
    assert not any(np.array_equal(image, other) for image, _ in crops.images for other in held_out)


def test_runs_take_turns_at_a_constant_rate_and_a_branch_lets_it_fall(
    photographs, plan, tmp_path, monkeypatch, steady_clock
):
    rates, nices = [], []
    monkeypatch.setattr(os, "nice", nices.append)  # for this process lasts longer than the job
    monkeypatch.setattr(fitting, "EVERY", timedelta(microseconds=1))  # after every step

    def rate(self, *_):
        rates.append((self.done, self.optimizers().param_groups[0]["lr"]))

    monkeypatch.setattr(fitting.Fit, "on_train_batch_end", rate)
    job, lines = tmp_path / "job", []
    loaded = load_plan(str(plan))
    stand(loaded, photographs, job, registry(), seconds=3.5, say=lines.append)
    assert nices == [19]
    assert len(lines) == 4
    assert [text.partition(":")[0] for text in lines[:2]] == ["first", "second"]
    for name in ("first", "second"):
        assert 1.7 <= seconds_of(job / name) <= 2, (
            "two turns, of which the second goes on where the first ended"
        )
        info = read_info(job / name / f"{name}.safetensors")
        assert info.training["images"] == 18
    peak = max(rate for _, rate in rates)
    assert rates[-1][1] == pytest.approx(peak), "constant to the end of a turn"
    rows = list(csv.DictReader((job / "first" / "curve.csv").open()))
    assert [float(row["hours"]) for row in rows] == sorted(float(row["hours"]) for row in rows)
    assert all(5 < float(row["psnr"]) < 60 for row in rows)

    rates.clear()
    before = (job / "first" / "last.ckpt").read_bytes()
    output = tmp_path / "branch.safetensors"
    info = branch(loaded, "first", photographs, job, output, registry(), seconds=2)
    assert (job / "first" / "last.ckpt").read_bytes() == before
    assert info.training["before"]["steps"] < info.training["steps"]
    assert [rate for _, rate in rates] == sorted((rate for _, rate in rates), reverse=True)
    assert rates[-1][1] < 0.5 * rates[0][1]
    assert read_info(output) == info


def test_a_killed_job_goes_on_from_its_checkpoint(photographs, plan, tmp_path):
    job = tmp_path / "job"
    command = [sys.executable, "-c", NOT_NICE, "train", str(plan), "--standing", str(job)]
    command += [str(photographs)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (job / "second" / "last.ckpt").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    process.kill()
    process.communicate()
    before = seconds_of(job / "first") + seconds_of(job / "second")
    done = subprocess.run([*command, "--budget", "1s"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert seconds_of(job / "first") + seconds_of(job / "second") > before
    torch.load(job / "first" / "last.ckpt", weights_only=False)


def test_the_shipped_plan_names_recipes_of_shipped_models():
    names = {load_recipe(run.recipe, registry()).name for run in load_plan(str(SHIPPED)).runs}
    assert names <= set(registry().weights.bare)


def test_mistakes_are_sentences(photographs, plan, tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        load_plan("nowhere.yaml")
    (tmp_path / "twice.yaml").write_text("runs: [{recipe: denoise}, {recipe: denoise}]")
    with pytest.raises(OptionError, match="each recipe only once"):
        load_plan(str(tmp_path / "twice.yaml"))
    (tmp_path / "wrong.yaml").write_text("runs: [{recipes: denoise}]")
    with pytest.raises(OptionError, match="is not valid"):
        load_plan(str(tmp_path / "wrong.yaml"))
    loaded = load_plan(str(plan))
    with pytest.raises(UnknownName, match="run of the plan"):
        branch(loaded, "third", photographs, tmp_path, tmp_path / "x.safetensors", registry(), seconds=1)
    with pytest.raises(UsageError, match="holds no checkpoint yet"):
        branch(loaded, "first", photographs, tmp_path, tmp_path / "x.safetensors", registry(), seconds=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--standing", "job", "--steps", "3"],
        ["--branch", "first"],
        ["--standing", "job", "--branch", "first"],
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, plan, photographs):
    from vaeedit.cli.main import call

    assert call(["train", str(plan), str(photographs), *arguments]) == 2
