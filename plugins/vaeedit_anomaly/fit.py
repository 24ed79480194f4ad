"""Fitting: from a folder of normal images to one file that scores others."""

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
"""Share of the budget for training; the rest is for the memory and the calibration."""
SEEN = 300
"""Images whose features the memory is made of."""
FEATURES = 60_000
"""Features that its representatives are chosen from."""
MEMORY = (1024, 48)
"""Representatives, and principal components of each."""


def fit(
    normals: Path,
    output: Path,
    budget: Budget,
    *,
    false_alarms: float = 0.01,
    seed: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Train a restorer of the normal images, calibrate it on those held out, write it to `output`, and return a summary.

    `say` gets a sentence now and then. Raises UsageError for a folder of which nothing can be learned and MissingExtra where
    the packages for training are not installed.
    """
    found = survey(normals, seed)
    how = found.preparation
    for doubt in found.doubts:
        say(doubt)
    say(
        f"{len(found.learned)} images to learn from, {len(found.held_out)} held out; "
        f"{'gray' if how.channels == 1 else 'color'}, crops of {found.crop} pixels at {how.scale:.3g} of their size, "
        f"values times {how.gain:.3g}."
    )
    time = Budget(budget.seconds * TRAINING, budget.steps)
    with tempfile.TemporaryDirectory(prefix="vaeedit-anomaly-") as work:
        folder, draft = Path(work, "normals"), Path(work, "draft.safetensors")
        _prepare(found, folder)
        info = train(
            recipe_for(found, output.name, seed), Run(folder, Path(work, "run"), time), draft, registry()
        )
        remember(found, draft, seed)
        with Session(precision="float32") as session:
            calibration = calibrated(inspector_of(session, draft, found.preparation), found, false_alarms)
        network, info = load_vae(draft, registry())
    info = msgspec.structs.replace(info, calibration=msgspec.to_builtins(calibration))
    assert isinstance(network, torch.nn.Module)
    save_vae(output, network, info)
    return {
        "learned_from": len(found.learned),
        "held_out": calibration.held_out,
        "threshold": calibration.limit(false_alarms),
        "false_alarms": false_alarms,
        **{name: info.training[name] for name in ("steps", "minutes")},
    }


def recipe_for(found: Survey, name: str, seed: int) -> Recipe:
    """How the restorer is trained: crops as they are, since a turned normal image may be an abnormal one.

    Squared errors, not absolute ones: a place is mended by how likely it is spoiled,
    long before that is more likely than not.
    """
    return Recipe(
        name=name.removesuffix(".safetensors").removesuffix(".vae"),
        summary="Restorer of normal images, made by `vaeedit anomaly fit`.",
        architecture="normal-restorer",
        license="",
        config={"channels": found.preparation.channels},
        data=Data(patch=(found.crop,), batch=found.batch, gray=0.0, turn=False),
        objective={"kind": "defects", "mean": "log-mse-to-40", "label": 3.0, "share": 0.5, "kl": 0.1},
        optimizer=Optimizer(adam_rate=2e-3, warmup=100),
        seed=seed,
    )


def _prepare(found: Survey, folder: Path) -> None:
    """The images to learn from at their working size; those smaller than a crop are continued by reflection."""
    folder.mkdir()
    for number, frame in enumerate(readable(found.learned, {})):
        pixels = prepared(frame, found.preparation).pixels
        missing = [(0, max(0, found.crop - side)) for side in pixels.shape[:2]]
        write(Frame(np.pad(pixels, (*missing, (0, 0)), mode="symmetric")), folder / f"{number:05}.png")


@torch.inference_mode()
def remember(found: Survey, draft: Path, seed: int) -> None:
    """Fill memory and texture of the network in the file `draft` with what the images it has learned from are like."""
    paths = found.learned[:SEEN]
    with Session(precision="float32") as session:
        features, seen = _features(
            inspector_of(session, draft, found.preparation), paths, FEATURES // len(paths)
        )
    network, info = load_vae(draft, registry())
    assert isinstance(network, torch.nn.Module)
    memory = network.get_submodule("memory")
    assert isinstance(memory, Memory)
    memory.fill(features, *MEMORY, seed)
    texture = network.get_submodule("texture")
    assert isinstance(texture, Texture)
    texture.fill(seen)
    size, components = memory.kept.shape
    shape = {**info.config, "memory": size, "components": components, "texture": len(texture.basis)}
    save_vae(draft, network, msgspec.structs.replace(info, config=shape))


def _features(see: See, paths: tuple[Path, ...], each: int) -> tuple[torch.Tensor, list[Map]]:
    """At most `each` places of every image, (N, channels), drawn at random; and every image's jets."""
    generator = torch.Generator().manual_seed(0)
    parts, textures = [], []
    for path in paths:
        seen = see(path)
        if seen is not None:
            flat = seen["features"][0].flatten(1).T.cpu()
            parts.append(flat[torch.randperm(len(flat), generator=generator)[: max(each, 1)]])
            textures.append(jets(seen["observed"]))
    return torch.cat(parts), textures
