"""`--fast`: texture and judge alone score, no network runs, and the p-values are those of such scores."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import replace

from small_model import SHAPE, images, small_model
from vaeedit.cli.main import call
from vaeedit.extension.registry import registry
from vaeedit.image import Frame
from vaeedit.vae.files import load_vae, save_vae
from vaeedit.vae.loaded import LoadedVae
from vaeedit_anomaly.calibrate import calibration_by
from vaeedit_anomaly.calibration import Calibration
from vaeedit_anomaly.jets import jets
from vaeedit_anomaly.network import TEXTURE_ONLY, NormalRestorer
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.survey import Survey
from vaeedit_anomaly.texture import JUDGE, TEXTURE, Texture

KEPT = ("structure", TEXTURE, JUDGE)


def rows(count=12, names=KEPT):
    """Blurred anomaly maps of so many images, each with its own level."""
    random = np.random.default_rng(0)
    maps = [{name: random.gamma(2 + random.random(), 1, (40, 48)) for name in KEPT} for _ in range(count)]
    return [{name: row[name].astype(np.float16) for name in names} for row in maps]


def calibrated(maps, layout="aligned"):
    survey = Survey((), (), Preparation(1, 1.0), (1000, 4000), crop=0, doubts=())
    return calibration_by(maps, survey, 0.01, layout)


@pytest.mark.parametrize(("layout", "used"), [("aligned", (TEXTURE, JUDGE)), ("free", (JUDGE,))])
def test_fast_scores_are_calibrated_as_if_there_were_no_other_maps(layout, used):
    fast = calibrated(rows(), layout).for_fast("part")
    alone = calibrated(rows(names=used), layout)
    assert set(fast.maps) == set(used)
    assert fast == replace(alone, fast=None)
    assert fast.scores != calibrated(rows(), layout).scores


def test_without_texture_and_judge_there_are_no_fast_scores():
    assert calibrated(rows(names=("structure",))).fast is None


def test_a_calibration_of_fast_scores_travels_through_the_header_and_is_checked():
    stored = json.loads(msgspec.json.encode(calibrated(rows())))
    assert msgspec.convert(stored, Calibration) == calibrated(rows())
    stored["fast"]["held_out_scores"] = [1.0]
    with pytest.raises(msgspec.ValidationError, match="a finite score for each held-out image"):
        msgspec.convert(stored, Calibration)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """in/ with pictures, old.safetensors without texture, and fast.safetensors with one; networks cannot run."""
    monkeypatch.chdir(tmp_path)
    folder, old = images(tmp_path / "in", 4), small_model(tmp_path / "old.safetensors")
    network, info = load_vae(old, registry())
    texture = Texture(1)
    texture.fill(np.stack([jets(torch.rand(1, 1, 40, 48)) for _ in range(6)]))
    network.texture = texture
    made = calibrated(rows(names=("structure", TEXTURE)))
    config = {**SHAPE, "texture": len(texture.basis)}
    save_vae(
        tmp_path / "fast.safetensors",
        network,
        replace(info, config=config, calibration=msgspec.to_builtins(made)),
    )
    monkeypatch.setattr(NormalRestorer, "_prior_of", lambda *_: pytest.fail("a network ran"))
    return SimpleNamespace(folder=folder, old=old, made=made)


def run(capsys, *arguments):
    capsys.readouterr()
    code = call(["anomaly", *map(str, arguments)])
    return SimpleNamespace(code=code, **capsys.readouterr()._asdict())


def test_score_runs_no_network_and_states_p_values_of_fast_scores(place, capsys):
    done = run(
        capsys, "score", place.folder, "--vae", "fast.safetensors", "--fast", "--json", "--map", "maps"
    )
    assert done.code == 0, done.err
    fast = place.made.for_fast("part")
    for line in done.out.splitlines():
        row = json.loads(line)
        assert row["p_value"] == pytest.approx(fast.p_value(row["score"]), rel=0.01)
        assert row["anomalous"] == (row["score"] > fast.limit(0.01))
    assert len(list(Path("maps").glob("*.mask.png"))) == 4


def test_watch_compares_with_fast_scores_and_keeps_them_apart_in_the_table(place, capsys):
    done = run(
        capsys,
        "watch",
        "in",
        "--vae",
        "fast.safetensors",
        "--fast",
        "--csv",
        "t.csv",
        "--once",
        "--every",
        "0.01s",
    )
    assert done.code == 0, done.err
    assert "4 scored" in done.err + done.out
    assert Path("t.csv").read_text().count(" fast") == 4


def test_a_model_without_a_calibration_of_fast_scores_says_what_to_do(place, capsys):
    for command in (["score", "in"], ["watch", "in", "--once"]):
        done = run(capsys, *command, "--vae", place.old, "--fast")
        assert done.code == 2
        assert "no calibration of fast scores; fit it again, or recalibrate it" in done.err


@pytest.mark.parametrize("tile", [16, 1000])
def test_the_condition_is_optional_and_goes_to_the_network_only_if_it_is_set(place, tile):
    network, info = load_vae(Path("fast.safetensors"), registry())
    network.receptive_field = 8  # known, so that nothing runs to measure it
    loaded = LoadedVae(network, info, torch.device("cpu"))
    frame = Frame(np.random.default_rng(0).random((40, 48, 1), np.float32))
    parts = []
    see = partial(loaded.visit, see=parts.append, precision=torch.float32, tile=tile)
    see(frame.with_conditions(**{TEXTURE_ONLY: 1.0}))
    assert sum(part.context["anomaly_maps"]["observed"].numel() for part in parts) == 40 * 48
    assert loaded.conditions({}, torch.zeros(1, 1, 8, 8)) == {}


def test_an_evaluation_of_fast_scores_runs_no_network_and_says_so(place, capsys):
    for folder in ("train/good", "test/good", "test/spot"):
        images(Path("tree", folder), 2, first=len(folder))
    capsys.readouterr()
    assert call(["evaluate", "anomaly", "tree", "--vae", "fast.safetensors", "--fast", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found
    assert all(row["fast"] is True for row in found)
