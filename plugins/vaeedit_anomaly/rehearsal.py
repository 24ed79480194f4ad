"""A rehearsal with an untrained network: how long memory, texture and calibration will take on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from vaeedit.api import Recipe, Session, VaeInfo, save_vae
from vaeedit_anomaly import NormalConfig
from vaeedit_anomaly.calibrate import calibration_by, inspector_of, planes_of
from vaeedit_anomaly.judging import FOLDS, WIDTH
from vaeedit_anomaly.learning import LOOKED, descriptions_of, pictures
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.network import NormalRestorer
from vaeedit_anomaly.remember import FEATURES, MEMORY, SEEN
from vaeedit_anomaly.survey import Survey
from vaeedit_anomaly.texture import COMPONENTS, Texture

LOOKS = 5
"""Images that are inspected; before them one more, because the first takes longer."""
DESCRIBED = 20
"""Pictures that are described and whitened."""
PART = 8
"""One of so many features is used to rehearse the choice of representatives."""
MARGIN = 1.15
"""Factor on all costs: machines are not equally fast all the time."""


@dataclass(frozen=True)
class Costs:
    """Expected seconds, with a margin."""

    start: float = 0.0
    """To load the model, and to inspect a first image."""
    look: float = 0.0
    """To inspect an image."""
    digest: float = 0.0
    """To calibrate by an image that has been inspected."""
    fill: float = 0.0
    """To fill the memory, and to write files."""
    describe: float = 0.0
    """To describe a picture, and to whiten it."""
    whiten: float = 0.0
    """To fill a texture, for each of its pictures."""

    def memory(self, survey: Survey) -> float:
        """Seconds of the stage "memory"."""
        return self.start + self.look * min(len(survey.learned), SEEN) + self.fill

    def judge(self, survey: Survey) -> float:
        """Seconds of what the stage "judge" does before the judge learns, with a damaged copy of every picture."""
        learned, looked = min(len(survey.learned), SEEN), min(len(survey.held_out), LOOKED)
        return self.describe * 2 * (learned + looked) + self.whiten * learned * (FOLDS + 3)

    def after_training(self, survey: Survey) -> float:
        """Seconds of all stages behind the training, without the judge's learning."""
        return self.memory(survey) + self.judge(survey) + self.calibration(survey)

    def calibration(self, survey: Survey) -> float:
        """Seconds of the stage "calibration"."""
        return self.start + (self.look + self.digest) * len(survey.held_out)


@torch.inference_mode()
def rehearsed(
    survey: Survey, recipe: Recipe, file: Path, device: str, now: Callable[[], float] = time.monotonic
) -> Costs:
    """Costs, measured with an untrained network, which is written to `file` and removed; `now` is a clock in seconds."""
    config = {**recipe.config, "texture": COMPONENTS, "judge": WIDTH}
    network = NormalRestorer(msgspec.convert(config, NormalConfig))
    save_vae(file, network, VaeInfo(name=recipe.name, architecture=recipe.architecture, config=config))
    begun = now()
    try:
        with Session(precision="float32", device=device) as session:
            see = inspector_of(session, file, survey.preparation)
            see(survey.learned[0])
            paths = [survey.learned[(1 + k) % len(survey.learned)] for k in range(LOOKS)]
            started = now()
            seen = [maps for path in paths if (maps := see(path)) is not None]
            looked = now()
            if len(seen) > 1:
                calibration_by([planes_of(maps) for maps in seen], survey, 0.01)
            calibrated = now()
    finally:
        file.unlink()
    describe, whiten = _texture(survey, now)
    calibrated = now()
    Memory(width := network.memory.center.numel()).fill(torch.randn(FEATURES // PART, width), *MEMORY)
    filled = now() - calibrated
    count = max(len(seen), 1)
    return Costs(
        start=MARGIN * (started - begun),
        look=MARGIN * (looked - started) / LOOKS,
        digest=MARGIN * (calibrated - looked) / count,
        fill=MARGIN * 2 * PART * filled,  # as much again for the files
        describe=MARGIN * describe,
        whiten=MARGIN * whiten,
    )


def _texture(survey: Survey, now: Callable[[], float]) -> tuple[float, float]:
    """Seconds to describe and whiten a picture, and to fill a texture with it, as measured with `DESCRIBED` of them."""
    paths = [survey.learned[k % len(survey.learned)] for k in range(DESCRIBED)]
    normals = pictures(paths, survey.preparation)
    texture = Texture(survey.preparation.channels)
    started = now()
    descriptions = descriptions_of(normals)
    described = now()
    texture.fill(descriptions)
    filled = now()
    texture.distances(descriptions)
    count = max(len(normals), 1)
    return (described - started + now() - filled) / count, (filled - described) / count
