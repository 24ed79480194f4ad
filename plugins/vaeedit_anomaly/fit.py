"""Fitting: from a folder of normal images to one file with a model that scores other images."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from vaeedit.api import (
    Budget,
    Data,
    Frame,
    Optimizer,
    Recipe,
    Run,
    Session,
    load_vae,
    registry,
    save_vae,
    train,
    write,
)
from vaeedit_anomaly.calibrate import See, calibrated, inspector_of
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.sizes import prepared
from vaeedit_anomaly.survey import Survey, readable, survey
from vaeedit_anomaly.texture import Texture, jets

TRAINING = 0.85
"""Share of the budget for training; the remainder is for the memory and the calibration."""
SEEN = 300
"""Images from which the memory and the texture are learned."""
FEATURES = 60_000
"""Features from which the representatives are chosen."""
MEMORY = (1024, 48)
"""Number of representatives, and of principal components of each."""


def fit(
    normals: Path,
    output: Path,
    budget: Budget,
    *,
    false_alarms: float = 0.01,
    seed: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Train a restorer on the normal images, calibrate it on held-out ones, write it to `output`, and return a summary.

    `say` receives messages. Raises UsageError for a folder that is not enough for a model, and MissingExtra if the packages
    for training are not installed.
    """
    chosen = survey(normals, seed)
    how = chosen.preparation
    for doubt in chosen.doubts:
        say(doubt)
    say(
        f"{len(chosen.learned)} images to learn from, {len(chosen.held_out)} held out; "
        f"{'gray' if how.channels == 1 else 'color'}, crops of {chosen.crop} pixels at {how.scale:.3g} of their size, "
        f"values times {how.gain:.3g}."
    )
    time = Budget(budget.seconds * TRAINING, budget.steps)
    with tempfile.TemporaryDirectory(prefix="vaeedit-anomaly-") as work:
        folder, draft = Path(work, "normals"), Path(work, "draft.safetensors")
        _prepare(chosen, folder)
        recipe = recipe_for(chosen, output.name, seed)
        info = train(recipe, Run(folder, Path(work, "run"), time), draft, registry())
        remember(chosen, draft, seed)
        with Session(precision="float32") as session:
            calibration = calibrated(inspector_of(session, draft, how), chosen, false_alarms)
        network, info = load_vae(draft, registry())
    info = msgspec.structs.replace(info, calibration=msgspec.to_builtins(calibration))
    assert isinstance(network, torch.nn.Module)
    save_vae(output, network, info)
    return {
        "learned_from": len(chosen.learned),
        "held_out": calibration.held_out,
        "threshold": calibration.limit(false_alarms),
        "false_alarms": false_alarms,
        **{name: info.training[name] for name in ("steps", "minutes")},
    }


def recipe_for(survey: Survey, name: str, seed: int) -> Recipe:
    """The recipe of the restorer. Crops are not rotated, because a rotated normal image may be abnormal.

    It minimizes squared errors: then the mean repairs a place in proportion to the probability of a defect, while absolute
    errors would repair nothing below a probability of one half.
    """
    return Recipe(
        name=name.removesuffix(".safetensors").removesuffix(".vae"),
        summary="Restorer of normal images, made by `vaeedit anomaly fit`.",
        architecture="normal-restorer",
        license="",
        config={"channels": survey.preparation.channels},
        data=Data(patch=(survey.crop,), batch=survey.batch, gray=0.0, turn=False),
        objective={"kind": "defects", "mean": "log-mse-to-40", "label": 3.0, "share": 0.5, "kl": 0.1},
        optimizer=Optimizer(adam_rate=2e-3, warmup=100),
        seed=seed,
    )


def _prepare(survey: Survey, folder: Path) -> None:
    """Write the images to learn from at their working size; those smaller than a crop are padded by reflection."""
    folder.mkdir()
    for number, frame in enumerate(readable(survey.learned, {})):
        pixels = prepared(frame, survey.preparation).pixels
        missing = [(0, max(0, survey.crop - side)) for side in pixels.shape[:2]]
        write(Frame(np.pad(pixels, (*missing, (0, 0)), mode="symmetric")), folder / f"{number:05}.png")


@torch.inference_mode()
def remember(survey: Survey, draft: Path, seed: int) -> None:
    """Fill memory and texture of the network in the file `draft` from the images it has learned from."""
    paths = survey.learned[:SEEN]
    with Session(precision="float32") as session:
        see = inspector_of(session, draft, survey.preparation)
        features, textures = _features(see, paths, FEATURES // len(paths))
    network, info = load_vae(draft, registry())
    assert isinstance(network, torch.nn.Module)
    memory = network.get_submodule("memory")
    assert isinstance(memory, Memory)
    memory.fill(features, *MEMORY, seed)
    texture = network.get_submodule("texture")
    assert isinstance(texture, Texture)
    texture.fill(textures)
    size, components = memory.kept.shape
    config = {**info.config, "memory": size, "components": components, "texture": len(texture.basis)}
    save_vae(draft, network, msgspec.structs.replace(info, config=config))


def _features(see: See, paths: tuple[Path, ...], each: int) -> tuple[torch.Tensor, list[Map]]:
    """Features (N, channels) at up to `each` random places of every image, and the jets of every image."""
    generator = torch.Generator().manual_seed(0)
    parts, textures = [], []
    for path in paths:
        maps = see(path)
        if maps is not None:
            flat = maps["features"][0].flatten(1).T.cpu()
            parts.append(flat[torch.randperm(len(flat), generator=generator)[: max(each, 1)]])
            textures.append(jets(maps["observed"]))
    return torch.cat(parts), textures
