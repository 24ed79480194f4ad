"""What the stages of a fit do, and what they share."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from vaeedit.api import (
    Budget,
    Frame,
    Recipe,
    Run,
    Session,
    VaeInfo,
    load_vae,
    registry,
    save_vae,
    train,
    write,
    write_whole,
)
from vaeedit_anomaly.calibrate import calibrated, inspector_of
from vaeedit_anomaly.calibration import Calibration
from vaeedit_anomaly.judging import STEPS
from vaeedit_anomaly.layouts import AUTO, Layout
from vaeedit_anomaly.learning import LOOKED, found_layout, learned_texture, pictures
from vaeedit_anomaly.network import NormalRestorer
from vaeedit_anomaly.rehearsal import Costs, rehearsed
from vaeedit_anomaly.remember import SEEN, remember
from vaeedit_anomaly.schedule import Clock, Say, Turn, budget_of, minutes
from vaeedit_anomaly.sizes import prepared
from vaeedit_anomaly.survey import Survey, readable
from vaeedit_anomaly.suspicious import Suspect, ranked, without_worst, write_suspects
from vaeedit_anomaly.work import Work

FEWEST = 20
"""Images that memory and calibration see even if there is no time for them; with fewer, a model is of little use."""
ENDING = (0.01, 1.0)
"""Share of its turn, and seconds, by which training ends early: its last checkpoint and its file take some time."""
SAVE_EVERY = 60.0
"""Seconds between checkpoints of the training; a longer time would be lost by an interruption."""


@dataclass(frozen=True)
class Wishes:
    """The options of a fit."""

    budget: Budget
    false_alarms: float
    seed: int
    layout: Layout | None
    device: str
    say: Say
    warn: Say
    suspicious: Path | None = None
    """Table to write of all images, the most suspicious first."""
    leave_out: float = 0.0
    """Share of the images that is left out, those that are most suspicious."""

    @property
    def asked(self) -> dict[str, str]:
        """The options that must not change while a fit is continued, as text by name."""
        limit = f"{self.budget.seconds:g}s" if self.budget.steps is None else f"{self.budget.steps} steps"
        return {
            "--budget": limit,
            "--false-alarms": f"{self.false_alarms:g}",
            "--seed": str(self.seed),
            "--layout": self.layout or AUTO,
            "--leave-out": f"{self.leave_out:g}",
        }


@dataclass
class Fitting:
    """A fit in progress; its methods with a `Turn` are the work of its stages."""

    survey: Survey
    work: Work
    wishes: Wishes
    clock: Clock
    recipe: Recipe
    costs: Costs = field(default_factory=Costs)
    doubts: list[str] = field(default_factory=list)
    """All warnings."""
    left_out: list[str] = field(default_factory=list)
    """Files of the images that are left out."""

    def __str__(self) -> str:
        how = self.survey.preparation
        return (
            f"{len(self.survey.learned)} images to learn from, {len(self.survey.held_out)} held out; "
            f"{'gray' if how.channels == 1 else 'color'}, crops of {self.survey.crop} pixels "
            f"at {how.scale:.3g} of their size, values times {how.gain:.3g}."
        )

    def doubt(self, sentence: str) -> None:
        """Warn, and keep the warning for the summary."""
        self.doubts.append(sentence)
        self.wishes.warn(sentence)

    def suspect(self, turn: Turn) -> None:
        """Rank the images by how suspicious they are, write the table, and leave out the worst; or use an earlier ranking."""
        wishes, file = self.wishes, self.work.suspects
        if wishes.suspicious is None and not wishes.leave_out:
            return
        if file.exists():
            suspects = msgspec.json.decode(file.read_bytes(), type=list[Suspect])
        else:
            paths = (*self.survey.held_out, *self.survey.learned)
            how = self.survey.preparation
            layout = wishes.layout or self._found_layout(pictures(self.survey.learned[:SEEN], how))
            suspects = ranked(turn.through(paths, len(paths)), how, layout)
            write_whole(file, msgspec.json.encode(suspects))
        if wishes.suspicious is not None:
            write_suspects(suspects, wishes.leave_out, wishes.suspicious)
        self.survey = without_worst(self.survey, suspects, wishes.leave_out)
        self.left_out = [one.file for one in suspects[: round(wishes.leave_out * len(suspects))]]

    def prepare(self, turn: Turn) -> None:
        """Write the images to learn from at their working size; those smaller than a crop are padded by reflection."""
        self.work.normals.mkdir(exist_ok=True)
        paths = self.survey.learned
        for number, path in enumerate(turn.through(paths, len(paths))):
            for frame in readable([path], {}):
                pixels = prepared(frame, self.survey.preparation).pixels
                missing = [(0, max(0, self.survey.crop - side)) for side in pixels.shape[:2]]
                padded = Frame(np.pad(pixels, (*missing, (0, 0)), mode="symmetric"))
                write(padded, self.work.normals / f"{number:05}.png")

    def rehearse(self, turn: Turn) -> None:
        """Measure what the stages behind the training will cost, if there is a clock; warn if the budget is too small."""
        if self.wishes.budget.steps is not None:
            return
        file = self.work.folder / "rehearsal.safetensors"
        self.costs = rehearsed(self.survey, self.recipe, file, self.wishes.device, self.clock.now)
        costs = self.costs.after_training(self.survey)
        if costs > self.clock.left / 2 and "training" not in self.work.state.done:
            self.doubt(
                f"In {minutes(self.clock.seconds)} there is no time to remember and to calibrate with all images, which "
                f"would take {minutes(costs)}; fewer may be used. "
                f"Give --budget {budget_of(self.clock.spent + 2 * costs)} or more."
            )

    def train(self, turn: Turn) -> None:
        """Train the restorer, and write the draft."""
        since, before = time.monotonic(), self.trained
        share, seconds = ENDING
        limit = before + max((turn.seconds - seconds) * (1 - share), 1.0)
        run = Run(
            self.work.normals,
            self.work.run,
            Budget(limit) if turn.steps is None else Budget(steps=turn.steps),
            resume=(self.work.run / "last.ckpt").exists(),
            device=self.wishes.device,
            save_every=SAVE_EVERY,
            since=since,
        )
        train(self.recipe, run, self.work.draft, registry())

    @property
    def trained(self) -> float:
        """Seconds of training until the checkpoint of an interrupted fit; 0 if there is none."""
        checkpoint = self.work.run / "last.ckpt"
        if not checkpoint.exists():
            return 0.0
        return float(torch.load(checkpoint, map_location="cpu", weights_only=False)["spent"])

    def remember(self, turn: Turn) -> None:
        """Fill the memory of the draft."""
        paths = self.survey.learned[:SEEN]
        chosen = turn.through(paths, FEWEST)
        how, most = self.survey.preparation, len(paths)
        remember(chosen, how, self.work.draft, self.wishes.seed, most=most, device=self.wishes.device)
        self._tell_fewer(turn, paths, "the memory was made")

    def judge(self, turn: Turn) -> None:
        """Find the layout of the images, and fill texture and judge of the draft."""
        wishes, paths = self.wishes, self.survey.learned[:SEEN]
        each = self.costs.judge(self.survey) / len(paths)
        learned = pictures(turn.through(paths, FEWEST, each), self.survey.preparation)
        self._tell_fewer(turn, paths, "the texture was made")
        layout = wishes.layout or self._found_layout(learned)
        steps = STEPS if turn.steps is None else min(STEPS, turn.steps)
        texture = learned_texture(learned, layout, wishes.seed, seconds=turn.left, steps=steps)
        if not texture.judge.filled:
            self.doubt(
                f"There was no time for the judge. Give --budget {budget_of(2 * self.clock.seconds)} or more."
            )
        network, info = load_vae(self.work.draft, registry())
        assert isinstance(network, NormalRestorer)
        network.texture = texture
        found_out = {"texture": len(texture.basis), "layout": layout, "judge": texture.judge.width}
        info = msgspec.structs.replace(info, config={**info.config, **found_out})
        save_vae(self.work.draft, network, info)

    def _found_layout(self, learned: Sequence[torch.Tensor]) -> Layout:
        """The layout that these pictures (1, C, H, W) and the held-out ones show; says why."""
        found = found_layout(learned, pictures(self.survey.held_out[:LOOKED], self.survey.preparation))
        self.wishes.say(found.sentence())
        return found.layout

    def calibrate(self, turn: Turn) -> None:
        """Calibrate by the held-out images, and write the calibration into the draft."""
        paths = self.survey.held_out
        with Session(precision="float32", device=self.wishes.device) as session:
            see = inspector_of(session, self.work.draft, self.survey.preparation)
            chosen = turn.through(paths, FEWEST, self.costs.digest)
            layout = load_vae(self.work.draft, registry())[1].config["layout"]
            calibration = calibrated(see, self.survey, self.wishes.false_alarms, chosen, layout)
        self._tell_fewer(turn, paths, "the model was calibrated")
        self._save(self.work.draft, calibration)

    def written(self) -> dict[str, Any]:
        """Write the model, and return a summary."""
        info = self._save(self.work.output)
        calibration = msgspec.convert(info.calibration, Calibration)
        return {
            "learned_from": len(self.survey.learned),
            "held_out": calibration.held_out,
            "left_out": self.left_out,
            "threshold": calibration.limit(self.wishes.false_alarms),
            "false_alarms": self.wishes.false_alarms,
            **{name: info.training[name] for name in ("steps", "minutes")},
        }

    def _save(self, file: Path, calibration: Calibration | None = None) -> VaeInfo:
        """Write the draft, with a new calibration, to a file; returns its header."""
        network, info = load_vae(self.work.draft, registry())
        if calibration is not None:
            info = msgspec.structs.replace(info, calibration=msgspec.to_builtins(calibration))
        assert isinstance(network, torch.nn.Module)
        save_vae(file, network, info)
        return info

    def _tell_fewer(self, turn: Turn, paths: Sequence[Path], what: str) -> None:
        """Warn if the time was too short for all images."""
        if turn.taken < len(paths):
            needed = 1.1 * (self.clock.spent + self.costs.after_training(self.survey))
            self.doubt(
                f"There was no time for more: {what} with {turn.taken} of {len(paths)} images. "
                f"Give --budget {budget_of(needed)} or more."
            )
