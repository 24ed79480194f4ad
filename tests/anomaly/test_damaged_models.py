"""A damaged model gives an error and never a verdict: what is not finite, or not as it was fitted, is not normal."""

import json
import random

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.torch import load_file, save_file

from small_model import calibration, image, small_model
from vaeedit.api import WeightsError
from vaeedit.cli.main import call
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.image import write
from vaeedit.run.session import Session, Step
from vaeedit.vae.files import VaeInfo, load_vae, read_info
from vaeedit_anomaly.operation import Anomaly, calibration_of
from vaeedit_anomaly.places import CELLS
from vaeedit_anomaly.sizes import Preparation

PICTURE = image()


@pytest.fixture
def model(tmp_path):
    write(PICTURE, tmp_path / "in.png")
    return small_model(tmp_path / "part.safetensors")


def unsealed(path, tensors=None, calibration=None):
    """The file as older versions wrote it, which no checksum protects."""
    info = replace(read_info(path), format=1)
    info = replace(info, calibration=calibration or info.calibration)
    document = json.dumps(msgspec.to_builtins(info))
    save_file(tensors or load_file(path), path, metadata={"vaeedit": document})


def score(path):
    return call(["anomaly", "score", str(path.parent / "in.png"), "--vae", str(path), "--fail-on-anomaly"])


def test_a_weight_that_is_no_number_is_an_error_and_no_verdict(model, capsys):
    assert score(model) in (0, 3)
    for value in (float("nan"), float("inf")):
        tensors = load_file(model)
        tensors["find.final.weight"].view(-1)[0] = value
        unsealed(model, tensors)
        capsys.readouterr()
        assert score(model) in (1, 2)
        said = capsys.readouterr()
        assert "part.safetensors hold a number that is not finite" in said.err
        assert "normal" not in said.out


def test_no_bit_of_a_model_can_change_unseen(model):
    data, rng = model.read_bytes(), random.Random(0)
    for _ in range(100):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        model.write_bytes(changed)
        with pytest.raises(WeightsError):
            load_vae(model, registry())


@pytest.mark.parametrize("part", ["mend", "find", "trunk"])
def test_latents_that_are_not_finite_are_an_error_in_every_precision(model, part):
    for precision in ("float32", "bfloat16"):
        with Session(device="cpu", precision=precision) as session:
            network = session.vae(str(model)).network
            next(network.get_submodule(part).parameters()).fill_(float("nan"))
            with pytest.raises(
                VaeeditError, match="The VAE part returned latents that are not finite numbers; restore"
            ):
                session.run(Step("anomaly", vae=str(model)), PICTURE)


def test_a_score_that_is_not_finite_is_an_error_that_names_the_model():
    looking = Anomaly.__new__(Anomaly)
    looking.vae = VaeInfo(name="part", architecture="normal-restorer", config={})
    looking.calibration = calibration()
    looking.options = type("Options", (), {"false_alarms": None})
    for value in (np.nan, np.inf, -np.inf):
        neg_log_p = np.zeros((40, 48), np.float32)
        neg_log_p[3, 4:9] = value
        if value == -np.inf:
            neg_log_p[:] = value
        with pytest.raises(WeightsError, match="The model part gave a score that is not a finite number"):
            looking._verdict(neg_log_p)


def changes():
    """Calibrations with one member that no fit gives."""
    tail, usual = {"values": [1.0, 2.0], "neg_log_p": [0.1, 0.2], "decay": 0.5}, calibration().maps["defect"]
    places = msgspec.to_builtins(usual.places)
    short, bad = msgspec.to_builtins(b"abcd"), np.full(CELLS**2, np.nan, np.float32)
    negative = msgspec.to_builtins(np.full(CELLS**2, -1, np.float32).tobytes())
    for name, value in {
        "values": [2.0, 1.0],
        "neg_log_p": [0.2, 0.1],
        "decay": 0.0,
    }.items():
        yield {"scores": {**tail, name: value}}
    yield {"scores": {**tail, "decay": -1.0}}
    yield {"scores": {**tail, "values": [1.0]}}
    yield {"scores": {**tail, "values": [], "neg_log_p": []}}
    yield {"scores": {**tail, "neg_log_p": [-5.0, 0.2]}}
    for name, value in (("mean", short), ("spread", negative), ("mean", msgspec.to_builtins(bad.tobytes()))):
        yield {"maps": {"defect": {"places": {**places, name: value}, "tail": tail}}}
    yield {"scales": {"mean": [0.0], "spread": [1.0]}}
    yield {"scales": {"mean": [0.0] * 4, "spread": [1.0, 1.0, 1.0, 0.0]}}
    yield {"areas": [-1.0, 4000.0]}
    yield {"areas": [4000.0, 1.0]}
    yield {"held_out": 0}
    yield {"false_alarms": 1e9}
    yield {"false_alarms": -0.5}
    for name, value in {"channels": 2, "scale": -1.0, "gain": 1e30, "low": 1e30}.items():
        yield {"preparation": {**msgspec.to_builtins(Preparation(1, 1.0)), name: value}}


@pytest.mark.parametrize("change", list(changes()))
def test_a_calibration_that_no_fit_gives_is_refused_with_what_to_do(change):
    stored = msgspec.to_builtins(calibration())
    assert calibration_of("part", stored) == calibration()
    with pytest.raises(UsageError, match=r"The calibration of part is damaged .*; fit it again"):
        calibration_of("part", {**stored, **change})


def test_a_calibration_of_another_model_is_a_sentence(model, capsys):
    stored = read_info(model).calibration
    unsealed(model, calibration={**stored, "maps": {**stored["maps"], "residual": stored["maps"]["defect"]}})
    assert score(model) in (1, 2)
    assert "is of another model, with the map residual; fit it again" in capsys.readouterr().err
